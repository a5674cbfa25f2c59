// The dependency rule of docs/architecture.md, executed: which folder may import which. A file that is in
// no layer is reported too, and the test fails when it saw too few imports to have been awake.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Layer {
  /** Folders (ending in "/") or files that make up the layer. */
  readonly paths: readonly string[];
  /** Layers and, after them, single files and folders that it may import besides itself. */
  readonly imports: readonly string[];
  /** `node:` modules and npm packages. */
  readonly outside: 'none' | 'any';
  /** Each folder of the layer imports only itself, not its sisters. */
  readonly sistersApart?: true;
}

const belowEffects = ['ground', 'words'];
const belowPolicy = [...belowEffects, 'effects', 'machines'];
const belowSwitch = [...belowPolicy, 'policy', 'call'];
const core = [...belowSwitch, 'switch'];
const policyFolders = [
  'access',
  'admission',
  'routing',
  'billing',
  'registrar',
  'identity',
  'shard',
  'h323',
  'media',
].map((folder) => `core/${folder}/`);

const layers: Readonly<Record<string, Layer>> = {
  ground: {
    paths: ['core/bytes/', 'core/time/', 'core/end-reason.ts', 'core/money.ts', 'core/metrics/'],
    imports: [],
    outside: 'none',
  },
  words: {
    paths: ['core/sip/', 'core/sdp/', 'core/cdr/', 'core/configuration/', 'core/deck/'],
    imports: ['ground'],
    outside: 'none',
  },
  effects: { paths: ['core/effects.ts'], imports: belowEffects, outside: 'none' },
  machines: {
    paths: ['core/transaction/', 'core/dialog/', 'core/number/'],
    imports: [...belowEffects, 'effects'],
    outside: 'none',
  },
  policy: { paths: policyFolders, imports: belowPolicy, outside: 'none', sistersApart: true },
  call: { paths: ['core/call/'], imports: [...belowPolicy, 'policy'], outside: 'none' },
  switch: { paths: ['core/switch.ts'], imports: belowSwitch, outside: 'none' },
  workers: { paths: ['workers/'], imports: [...core, 'nativeFree'], outside: 'any' },
  // Stand-ins know the interfaces they implement, and nothing that runs.
  nativeFree: { paths: ['native-free/'], imports: [...core, 'workers', 'admin'], outside: 'any' },
  admin: {
    paths: ['admin/'],
    imports: [
      ...belowEffects,
      'nativeFree',
      'workers/admin-messages.ts',
      'workers/configuration/',
      'workers/cdr/',
      'workers/ledger/',
      'workers/settings.ts',
      'workers/start-refused.ts',
      'workers/node-file-record.ts',
      'workers/data-directory.ts',
      'workers/log.ts',
      'workers/background-priority.ts',
    ],
    outside: 'any',
  },
  bench: {
    paths: ['bench/'],
    imports: [...core, 'workers', 'nativeFree', 'admin', 'test'],
    outside: 'any',
  },
  test: {
    paths: ['test/'],
    imports: [...core, 'workers', 'nativeFree', 'admin', 'bench'],
    outside: 'any',
  },
};

/** `tandem start` is the engine, the one import that runs it in place; the engine forks the admin process
 *  by its path; the command line prints the version that the engine reports. */
const exceptions = new Set([
  'admin/cli/start.ts -> workers/main.ts',
  'workers/admin-process.ts -> admin/main.ts',
  'admin/cli/main.ts -> workers/package-version.ts',
]);

/** Interfaces whose own error classes a stand-in throws. */
const interfaceFiles = ['admin/listener.ts'];

/** Fewer than this many imports read means that the reading is broken. */
const importsAwake = 40;
const linesMax = 400;
const bannedNames = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc'];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const root = projectRoot();
const folders = ['core', 'workers', 'native-free', 'admin', 'bench', 'test'];

function sourceFiles(): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter((path) => /\.[cm]?[tj]sx?$/.test(path));
}

const importPattern =
  /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'|new URL\(\s*'(\.[^']+\.[tj]s)'/gm;

function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = [];
  for (const match of text.matchAll(importPattern)) {
    const written = match[2] ?? match[3] ?? match[4] ?? match[5]!;
    const target = written.startsWith('.')
      ? normalize(join(dirname(file), written)).replace(/\.js$/, '.ts')
      : written;
    imports.push({ file, target, typeOnly: match[1] !== undefined });
  }
  return imports;
}

function layerOf(path: string): string | undefined {
  return Object.keys(layers).find((name) => layers[name]!.paths.some((own) => covers(own, path)));
}

function covers(own: string, path: string): boolean {
  return own.endsWith('/') ? path.startsWith(own) : path === own;
}

function violation({ file, target, typeOnly }: Import): string | undefined {
  const from = layerOf(file)!;
  const layer = layers[from]!;
  const outside = !folders.some((folder) => target.startsWith(`${folder}/`));
  if (outside) {
    return layer.outside === 'any' || target === 'package.json'
      ? undefined
      : 'from outside the project';
  }
  const to = layerOf(target);
  if (to === undefined) return 'a file in no layer';
  if (exceptions.has(`${file} -> ${target}`)) return undefined;
  if (from === to) {
    const sisters = layer.sistersApart === true && dirname(file) !== dirname(target);
    return sisters ? 'another policy folder' : undefined;
  }
  const runs = !typeOnly && !interfaceFiles.includes(target);
  if (from === 'nativeFree' && runs && (to === 'workers' || to === 'admin')) {
    return 'more than types of what it stands in for';
  }
  const allowed = layer.imports.some(
    (name) => name === to || (name.includes('/') && covers(name, target)),
  );
  return allowed ? undefined : `${to} from ${from}`;
}

describe('layers', () => {
  const files = sourceFiles();
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const imports = files.flatMap((file) => importsOf(file, texts.get(file)!));

  it('puts every file in a layer', () => {
    assert.deepEqual(
      files.filter((file) => layerOf(file) === undefined),
      [],
    );
  });

  it('imports only what its layer allows', () => {
    const found = imports
      .filter(({ file }) => layerOf(file) !== undefined)
      .flatMap((one) => {
        const why = violation(one);
        return why === undefined ? [] : [`${one.file} imports ${one.target}: ${why}`];
      });
    assert.deepEqual(found, []);
  });

  it('reads enough imports to mean something', () => {
    assert.ok(
      imports.length >= importsAwake,
      `${imports.length} imports read in ${files.length} files`,
    );
    for (const folder of folders) {
      assert.ok(
        imports.some(({ file }) => file.startsWith(`${folder}/`)),
        `no import read under ${folder}/`,
      );
    }
  });

  it('refuses what it should', () => {
    const cases: readonly [string, string][] = [
      ['core/sip/via.ts', 'node:fs'],
      ['core/sip/via.ts', 'lmdb'],
      ['core/sip/via.ts', 'core/transaction/transaction.ts'],
      ['core/time/timer-wheel.ts', 'core/sip/message.ts'],
      ['core/routing/order.ts', 'core/admission/cps-window.ts'],
      ['core/call/call.ts', 'core/switch.ts'],
      ['core/switch.ts', 'workers/main.ts'],
      ['workers/main.ts', 'admin/main.ts'],
      ['admin/main.ts', 'workers/call/call-worker.ts'],
      ['admin/cli/apply.ts', 'workers/main.ts'],
      ['native-free/memory-store.ts', 'workers/main.ts'],
      ['workers/main.ts', 'test/run.ts'],
      ['core/sip/via.ts', 'core/nowhere.ts'],
    ];
    for (const [file, target] of cases) {
      assert.notEqual(violation({ file, target, typeOnly: false }), undefined, `${file} ${target}`);
    }
    const staticAndDynamic = `import type { A } from './a.ts';\nexport {\n  b,\n} from '../b.ts';\nawait import('./c.ts');\nnew URL('./d.js', import.meta.url)`;
    assert.deepEqual(
      importsOf('core/sip/x.ts', staticAndDynamic).map(({ target }) => target),
      ['core/sip/a.ts', 'core/b.ts', 'core/sip/c.ts', 'core/sip/d.ts'],
    );
  });
});

describe('the tree', () => {
  const files = sourceFiles();

  it(`holds files of at most ${linesMax} lines`, () => {
    const long = files
      .map((file) => ({
        file,
        lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1,
      }))
      .filter(({ lines }) => lines > linesMax);
    assert.deepEqual(long, []);
  });

  it('names things by what they are', () => {
    const vague = files.filter((file) =>
      file
        .replace(/\.[a-z.]+$/, '')
        .split(/[/-]/)
        .some((word) => bannedNames.includes(word)),
    );
    assert.deepEqual(vague, []);
  });

  it('leaves nothing marked as unfinished', () => {
    // spelt in halves, so that this file passes its own test
    const words = [`TO${'DO'}`, `FIX${'ME'}`, `XX${'X'}`];
    const marks = new RegExp(`\\b(?:${words.join('|')})\\b`);
    const marked = files.filter((file) => marks.test(readFileSync(join(root, file), 'utf8')));
    assert.deepEqual(marked, []);
  });
});
