// Runs every compiled test under this folder in node's own runner; `--soak` adds the long forms. Refuses
// to start without the programs the tests talk to, so that a green run never means a skipped one.
import { once, setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRunFollower } from './run-outcome.ts';
import { createRunWatch } from './run-watch.ts';
import { partsOfRun, shareProcesses } from './shared-processes.ts';

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

/** A file fails when it takes longer, all its tests together; soak forms take long. */
const fileMs = 240_000;
const soakFileMs = 3_600_000;
/** How long the runner may take to end a file by itself. */
const graceMs = 20_000;
const longFileMs = 60_000;

async function runAll(testFolder: string, files: readonly string[], soak: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-test-'));
  // Temporary folders of the tests lie in that of the run, and go with it.
  process.env.TMPDIR = folder;
  const processes = shareProcesses(testFolder, files, folder);
  const limitMs = soak ? soakFileMs : fileMs;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // one a process
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const watch = createRunWatch({
    runnerPid: process.pid,
    longMs: longFileMs,
    killMs: limitMs + graceMs,
    say: (line) => console.error(`run: ${line}`),
  });
  const looking = setInterval(() => watch.look(performance.now()), 1000);
  const follower = createRunFollower(processes);
  for (const part of partsOfRun(testFolder, processes)) {
    if (stop.signal.aborted || part.processes.length === 0) continue;
    const results = run({
      files: part.processes.map(({ entry }) => entry),
      concurrency: part.atOnce,
      timeout: limitMs,
      signal: stop.signal,
    });
    follower.follow(results);
    const report = results.compose(new spec());
    report.pipe(process.stdout, { end: false });
    await once(report, 'end');
  }
  clearInterval(looking);
  // After a stop files may still be ending: what they leave behind is known once they have.
  while (watch.look(performance.now()) > 0) await delay(100);
  const { failed, lines } = follower.outcome();
  console.log(lines.join('\n'));
  process.exitCode = failed || stop.signal.aborted ? 1 : 0;
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

const missing = missingPeers();
const soak = process.argv.includes('--soak');
const testFolder = fileURLToPath(new URL('.', import.meta.url));
const files = testFiles(testFolder, soak);
if (missing.length > 0) {
  const packages = missing.map((program) => `${program} (Debian package ${peers[program]})`);
  console.error(`The tests talk to programs that are not here: ${packages.join(', ')}.`);
  console.error('.ci/peers installs them where apt-get is allowed to.');
  process.exitCode = 1;
} else if (files.length === 0) {
  console.error('No compiled test found: run "npm run build" first.');
  process.exitCode = 1;
} else {
  await runAll(testFolder, files, soak);
}
