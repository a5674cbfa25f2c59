// Runs every compiled test under this folder in node's own runner; `--soak` adds the long forms. Refuses
// to start without the programs the tests talk to, so that a green run never means a skipped one.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRunWatch } from './run-watch.ts';

/** Program to Debian package; .ci/peers installs the same. */
const peers: Readonly<Record<string, string>> = {
  sipp: 'sip-tester',
  kamailio: 'kamailio',
  baresip: 'baresip',
  chromium: 'chromium',
  mariadbd: 'mariadb-server',
};

function missingPeers(): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return Object.keys(peers).filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
}

function testFiles(folder: string, soak: boolean): string[] {
  const endings = soak ? ['.test.js', '.soak.js'] : ['.test.js'];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort()
    .map((path) => join(folder, path));
}

/** The runner's own last lines ("# tests 12" ...), which the spec reporter puts before the failures. */
function summary(tapFile: string): string {
  const lines = readFileSync(tapFile, 'utf8').trimEnd().split('\n');
  const start = lines.findLastIndex((line) => line.startsWith('# tests '));
  return start < 0 ? '' : lines.slice(start).join('\n');
}

/** A file fails when it takes longer, all its tests together; soak forms take long. */
const fileMs = 180_000;
const soakFileMs = 3_600_000;
/** How long the runner may take to end a file by itself. */
const graceMs = 20_000;
const longFileMs = 60_000;

function run(files: readonly string[], soak: boolean): void {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-'));
  const tapFile = join(folder, 'run.tap');
  const limitMs = soak ? soakFileMs : fileMs;
  const runner = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      '--test-concurrency=2',
      `--test-timeout=${limitMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${tapFile}`,
      ...files,
    ],
    // Temporary folders of the tests lie in that of the run, and go with it.
    { stdio: 'inherit', env: { ...process.env, TMPDIR: folder } },
  );
  const watch = createRunWatch({
    runnerPid: runner.pid!,
    longMs: longFileMs,
    killMs: limitMs + graceMs,
    say: (line) => console.error(`run: ${line}`),
  });
  const looking = setInterval(() => watch.look(performance.now()), 1000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => runner.kill(signal));
  }
  runner.on('exit', (code) => {
    clearInterval(looking);
    watch.look(performance.now());
    if (existsSync(tapFile)) console.log(summary(tapFile));
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = code ?? 1;
  });
}

const missing = missingPeers();
const files = testFiles(
  fileURLToPath(new URL('.', import.meta.url)),
  process.argv.includes('--soak'),
);
if (missing.length > 0) {
  const packages = missing.map((program) => `${program} (Debian package ${peers[program]})`);
  console.error(`The tests talk to programs that are not here: ${packages.join(', ')}.`);
  console.error('.ci/peers installs them where apt-get is allowed to.');
  process.exitCode = 1;
} else if (files.length === 0) {
  console.error('No compiled test found: run "npm run build" first.');
  process.exitCode = 1;
} else {
  run(files, process.argv.includes('--soak'));
}
