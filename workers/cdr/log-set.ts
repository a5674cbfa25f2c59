// The names of a node's CDR log:
//
//   DIR/cdr/log-set                                  UUID of the set in use
//   DIR/cdr/UUID/w0-1769853600000-0.log              segment: worker, incarnation, sequence
//   DIR/cdr/UUID/r0-1769853700000-0.log              the same, of ends written by recovery
//   DIR/cdr/UUID/settled-0                           worker 0: incarnations up to this one need no recovery
//
// A set's UUID is minted once a data directory. Whoever restores a data directory from a backup removes
// DIR/cdr/log-set: the next start mints a new one, so that no frame ever shares its identity with one
// written after the backup. Older sets stay readable.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { cdrDirectoryMode, cdrFileMode } from './file-system-port.ts';

export interface LogSet {
  readonly id: string;
  readonly directory: string;
}

/** `w`: written by a call worker; `r`: by the recovery of that worker's calls. */
export type SegmentRole = 'w' | 'r';

export interface SegmentName {
  readonly role: SegmentRole;
  readonly worker: number;
  /** Rises with every start of the worker: the wall clock at that moment, ms, or more. */
  readonly incarnation: number;
  readonly sequence: number;
  readonly file: string;
}

const setPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const segmentPattern = /^([wr])(\d{1,6})-(\d{1,15})-(\d{1,9})\.log$/;

/** The set in use; mints it where there is none. Threads may call it at once: one of them mints. */
export function openLogSet(dataDirectory: string): LogSet {
  const root = logRoot(dataDirectory);
  fs.mkdirSync(root, { recursive: true, mode: cdrDirectoryMode });
  const set = currentLogSet(dataDirectory) ?? mintLogSet(dataDirectory);
  fs.mkdirSync(set.directory, { recursive: true, mode: cdrDirectoryMode });
  return set;
}

function mintLogSet(dataDirectory: string): LogSet {
  const root = logRoot(dataDirectory);
  const id = randomUUID();
  const draft = path.join(root, `log-set.${id}`);
  writeFileDurably(draft, `${id}\n`);
  try {
    // A link fails where the name exists: the first one wins, and its text is whole.
    fs.linkSync(draft, path.join(root, 'log-set'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  fs.unlinkSync(draft);
  syncDirectoryNow(root);
  return currentLogSet(dataDirectory) ?? { id, directory: path.join(root, id) };
}

/** The set in use, or null where none was opened yet; changes nothing. */
export function currentLogSet(dataDirectory: string): LogSet | null {
  const file = path.join(logRoot(dataDirectory), 'log-set');
  const id = readTextFile(file)?.trim();
  if (id === undefined) return null;
  if (!setPattern.test(id)) throw new Error(`${file}: "${id}" is not the UUID of a CDR log set`);
  return { id, directory: path.join(logRoot(dataDirectory), id) };
}

/** Every set of the data directory, the one in use last. */
export function listLogSets(dataDirectory: string): LogSet[] {
  const root = logRoot(dataDirectory);
  const current = currentLogSet(dataDirectory);
  const sets = readDirectory(root)
    .filter((name) => setPattern.test(name) && name !== current?.id)
    .sort()
    .map((id) => ({ id, directory: path.join(root, id) }));
  if (current !== null) sets.push({ id: current.id, directory: current.directory });
  return sets;
}

/** The segments of a set, by worker, role, incarnation and sequence. */
export function listSegments(directory: string): SegmentName[] {
  const segments: SegmentName[] = [];
  for (const file of readDirectory(directory)) {
    const segment = parseSegmentName(file);
    if (segment !== null) segments.push(segment);
  }
  return segments.sort(
    (one, other) =>
      one.worker - other.worker ||
      one.role.localeCompare(other.role) ||
      one.incarnation - other.incarnation ||
      one.sequence - other.sequence,
  );
}

export function segmentName(
  role: SegmentRole,
  worker: number,
  incarnation: number,
  sequence: number,
): SegmentName {
  const file = `${role}${worker}-${incarnation}-${sequence}.log`;
  return { role, worker, incarnation, sequence, file };
}

export function parseSegmentName(file: string): SegmentName | null {
  const match = segmentPattern.exec(file);
  if (match === null) return null;
  return segmentName(match[1] as SegmentRole, Number(match[2]), Number(match[3]), Number(match[4]));
}

/** The last incarnation of a worker that left anything; 0 for none. Ask it of a dead worker before its
 *  successor starts: recovery goes up to there. */
export function latestIncarnation(directory: string, worker: number): number {
  let latest = settledIncarnation(directory, worker);
  for (const segment of listSegments(directory)) {
    if (segment.worker === worker && segment.incarnation > latest) latest = segment.incarnation;
  }
  return latest;
}

/** All calls of this worker's incarnations up to this one have their end records; 0: nothing known. */
export function settledIncarnation(directory: string, worker: number): number {
  const text = readTextFile(settledFile(directory, worker));
  const incarnation = Number(text ?? 0);
  // A marker that cannot be read costs a longer recovery, nothing else.
  return Number.isSafeInteger(incarnation) && incarnation > 0 ? incarnation : 0;
}

export function markSettled(directory: string, worker: number, incarnation: number): void {
  if (incarnation <= settledIncarnation(directory, worker)) return;
  writeFileDurably(settledFile(directory, worker), `${incarnation}\n`);
}

/** For an incarnation that ended in order with no call up: spares the next start the reading of it,
 *  unless an earlier one still needs recovery. */
export function markSettledInOrder(directory: string, worker: number, incarnation: number): void {
  const settled = settledIncarnation(directory, worker);
  const earlier = listSegments(directory).some(
    (segment) =>
      segment.worker === worker &&
      segment.incarnation > settled &&
      segment.incarnation < incarnation,
  );
  if (!earlier) markSettled(directory, worker, incarnation);
}

function settledFile(directory: string, worker: number): string {
  return path.join(directory, `settled-${worker}`);
}

function logRoot(dataDirectory: string): string {
  return path.join(dataDirectory, 'cdr');
}

/** All or nothing, and on the disk when it returns. */
function writeFileDurably(file: string, text: string): void {
  const draft = `${file}.new`;
  const descriptor = fs.openSync(draft, 'w', cdrFileMode);
  try {
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(draft, file);
  syncDirectoryNow(path.dirname(file));
}

export function syncDirectoryNow(directory: string): void {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readTextFile(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readDirectory(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
