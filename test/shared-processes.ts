// Which test files share one process. A node of its own for each costs more than most pure tests: it loads
// `core` anew, and runs it before the compiler has seen it. Files that reach nothing but the language share
// one with others of their folder; files with sockets, files, threads or children keep one to themselves.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** One process of a run. */
export interface TestProcess {
  /** What node starts: the test file itself, or the entry that loads several. */
  readonly entry: string;
  /** Of a shared process: the names of its files, under which their results are reported; else empty. */
  readonly files: readonly string[];
}

/** All that a file which shares a process may reach, in itself or in what it imports. */
const harmless: ReadonlySet<string> = new Set([
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:test',
  'node:zlib',
  'fast-check',
  'yaml',
  'zod',
]);

/** More would make one core wait for the last of them; fewer would load `core` more often. */
const filesPerProcess = 16;
/** Of one file in a shared process, its tests together; a hung one then fails alone. */
const sharedFileMs = 120_000;

/**
 * @param testFolder where the compiled tests lie
 * @param files paths of test files under it
 * @param entryFolder where the entries of shared processes are written
 */
export function shareProcesses(
  testFolder: string,
  files: readonly string[],
  entryFolder: string,
): TestProcess[] {
  const imports = new Map<string, readonly string[]>();
  const shared = files.filter((file) =>
    [...reached(file, imports)].every((target) => harmless.has(target)),
  );
  const alone = files.filter((file) => !shared.includes(file));
  return [
    ...alone.map((entry) => ({ entry, files: [] })),
    ...evenly(shared).map((part, index) => {
      const entry = join(entryFolder, `shared-${index + 1}.test.mjs`);
      writeFileSync(entry, entryText(testFolder, part));
      return { entry, files: part.map((file) => relative(testFolder, file)) };
    }),
  ];
}

/** In parts of nearly the same number, in order: files of a folder load much the same. */
function evenly(files: readonly string[]): string[][] {
  const parts = Math.ceil(files.length / filesPerProcess);
  return Array.from({ length: parts }, (_, index) =>
    files.slice(
      Math.floor((index * files.length) / parts),
      Math.floor(((index + 1) * files.length) / parts),
    ),
  );
}

/** A suite a file: it names the file, keeps its hooks to it, and fails alone when it cannot load. */
function entryText(testFolder: string, files: readonly string[]): string {
  const suites = files.map((file) => {
    const name = JSON.stringify(relative(testFolder, file));
    return `describe(${name}, { timeout: ${sharedFileMs} }, async () => { await import(${JSON.stringify(file)}); });`;
  });
  return [`import { describe } from 'node:test';`, ...suites, ''].join('\n');
}

const importPattern =
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^\s*import\s*'([^']+)'|\bimport\(\s*([^)]*)\)|\bnew (?:URL|Worker)\(\s*'(\.[^']+)'/gm;

/** What loading this compiled file reaches, over all its imports, that is not compiled code of the project. */
function reached(file: string, imports: Map<string, readonly string[]>): Set<string> {
  const outside = new Set<string>();
  const seen = new Set([file]);
  for (const each of seen) {
    const targets = imports.get(each) ?? importsOf(each);
    imports.set(each, targets);
    for (const target of targets) (existsAsCode(target) ? seen : outside).add(target);
  }
  return outside;
}

function existsAsCode(target: string): boolean {
  return target.startsWith('/') && target.endsWith('.js') && existsSync(target);
}

function importsOf(file: string): string[] {
  const matches = readFileSync(file, 'utf8').matchAll(importPattern);
  return Array.from(matches, (match) => {
    const written = match[1] ?? match[2] ?? match[4] ?? match[3]!.replaceAll("'", '');
    return written.startsWith('.') ? join(dirname(file), written) : written;
  });
}

/** One part of a run. */
export interface RunPart {
  readonly processes: readonly TestProcess[];
  /** How many run at the same time. */
  readonly atOnce: number;
}

/** Whole nodes and other programs, at the pace of their calls, and commands, which give way to all that runs
 *  beside them: they get the two cores of CI in pairs. */
const wholeSystem: readonly string[] = [
  'scenario',
  'soak',
  'faults',
  'peers',
  'browser',
  'bench',
  'admin',
];
/** Of the others those whose tests take long, first: no core shall wait for the last of them. */
const long: readonly string[] = ['engine', 'ledger', 'threads', 'hand-off'];

/** The others wait for timers and disks a good part of their time, so that a third fills the cores. */
export function partsOfRun(testFolder: string, processes: readonly TestProcess[]): RunPart[] {
  const folderOf = ({ entry, files }: TestProcess): string =>
    files.length > 0 ? 'shared' : relative(testFolder, entry).split(sep)[0]!;
  const isWhole = (each: TestProcess): boolean => wholeSystem.includes(folderOf(each));
  const order = [...long, 'shared'];
  const rank = (each: TestProcess): number => {
    const index = order.indexOf(folderOf(each));
    return index < 0 ? order.length : index;
  };
  const others = processes.filter((each) => !isWhole(each));
  return [
    { processes: processes.filter(isWhole), atOnce: 2 },
    { processes: others.toSorted((one, other) => rank(one) - rank(other)), atOnce: 3 },
  ];
}
