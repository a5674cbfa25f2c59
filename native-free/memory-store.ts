// The stores of configuration and ledger without lmdb: one append-only file, an index of it in memory. A frame is one
// transaction, so what a crash tore off at the end never happened. Other threads and processes append to
// the same file: it is read on before each use. Writers take turns by a lock file.
//
//   frame   8 bytes: length of the body, CRC-32 of the body; then the body
//   body    changes: key length (1), value length + 1 or 0 for removed (4), key, value
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type {
  ConfigurationStore,
  StoreTransaction,
} from '../workers/configuration/configuration-store.ts';
import { withFileLock } from './file-lock.ts';

/** A file with more dead than live bytes is rewritten once it is this long. */
const compactBytesMin = 4 << 20;
/** A larger frame is damage, not data. */
const frameBytesMax = 1 << 30;
const frameHeadBytes = 8;
const changeHeadBytes = 5;

interface Place {
  readonly start: number;
  readonly length: number;
}

interface StoreFile {
  readonly path: string;
  handle: number;
  index: Map<string, Place>;
  /** Keys of the index in order, while it has not changed; ranges are read page by page. */
  ordered: string[] | undefined;
  /** What follows is not read yet, or torn. */
  readTo: number;
  liveBytes: number;
}

type Changes = Map<string, Uint8Array | undefined>;

export function openMemoryStore(path: string): ConfigurationStore {
  const file: StoreFile = {
    path,
    handle: -1,
    index: new Map(),
    ordered: undefined,
    readTo: 0,
    liveBytes: 0,
  };
  reopen(file);
  let changing = false;
  return {
    kind: 'file',
    get: (key) => {
      readOn(file);
      return readValue(file, key);
    },
    keys: (prefix) => {
      readOn(file);
      return sortedKeys(file.index.keys(), prefix);
    },
    range: (from, to, limit) => {
      readOn(file);
      file.ordered ??= [...file.index.keys()].sort();
      return rangeOf(file.ordered, { from, to, limit }, (key) => readValue(file, key));
    },
    transaction: (change) => {
      if (changing) throw new Error('a transaction of this store is running already');
      changing = true;
      try {
        return withFileLock(`${path}.lock`, () => {
          readOn(file);
          const changes: Changes = new Map();
          const result = change(transactionOver(file, changes));
          if (changes.size > 0) append(file, changes);
          return result;
        });
      } finally {
        changing = false;
      }
    },
    view: async (read) => {
      // The places stay as they are: what is written comes behind them, and a compaction, which takes the lock,
      // makes another file.
      const view = withFileLock(`${path}.lock`, () => {
        readOn(file);
        return { handle: openSync(path, constants.O_RDONLY), index: new Map(file.index) };
      });
      const ordered = [...view.index.keys()].sort();
      try {
        return await read({
          get: (key) => readValue(view, key),
          keys: (prefix) => ordered.filter((key) => key.startsWith(prefix)),
          range: (from, to, limit) =>
            rangeOf(ordered, { from, to, limit }, (key) => readValue(view, key)),
        });
      } finally {
        closeSync(view.handle);
      }
    },
    close: async () => {
      if (file.handle >= 0) closeSync(file.handle);
      file.handle = -1;
    },
  };
}

function transactionOver(file: StoreFile, changes: Changes): StoreTransaction {
  const get = (key: string): Uint8Array | undefined =>
    changes.has(key) ? changes.get(key) : readValue(file, key);
  const keys = (prefix: string): string[] => {
    const all = new Set(file.index.keys());
    for (const [key, value] of changes) {
      if (value === undefined) all.delete(key);
      else all.add(key);
    }
    return sortedKeys(all, prefix);
  };
  return {
    get,
    keys,
    range: (from, to, limit) => rangeOf(keys(''), { from, to, limit }, get),
    put: (key, value) => void changes.set(key, value),
    remove: (key) => void changes.set(key, undefined),
  };
}

function sortedKeys(keys: Iterable<string>, prefix: string): string[] {
  return [...keys].filter((key) => key.startsWith(prefix)).sort();
}

interface Range {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

function rangeOf(
  ordered: readonly string[],
  { from, to, limit }: Range,
  read: (key: string) => Uint8Array | undefined,
): [string, Uint8Array][] {
  const entries: [string, Uint8Array][] = [];
  for (let at = firstNotBelow(ordered, from); at < ordered.length && entries.length < limit; at++) {
    const key = ordered[at]!;
    if (key >= to) break;
    entries.push([key, read(key)!]);
  }
  return entries;
}

function firstNotBelow(ordered: readonly string[], from: string): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ordered[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function reopen(file: StoreFile): void {
  if (file.handle >= 0) closeSync(file.handle);
  file.handle = openSync(file.path, constants.O_RDWR | constants.O_CREAT, 0o600);
  file.index = new Map();
  file.ordered = undefined;
  file.readTo = 0;
  file.liveBytes = 0;
  readFrames(file, fstatSync(file.handle).size);
}

/** Takes in what others have appended, or the new file that a compaction has put in the old one's place. */
function readOn(file: StoreFile): void {
  const known = fstatSync(file.handle);
  const now = statSync(file.path, { throwIfNoEntry: false });
  if (now === undefined || now.ino !== known.ino || now.size < file.readTo) reopen(file);
  else if (now.size > file.readTo) readFrames(file, now.size);
}

function readFrames(file: StoreFile, size: number): void {
  const head = Buffer.alloc(frameHeadBytes);
  while (file.readTo + frameHeadBytes <= size) {
    readFully(file.handle, head, file.readTo);
    const bodyBytes = head.readUInt32LE(0);
    const start = file.readTo + frameHeadBytes;
    if (bodyBytes > frameBytesMax || start + bodyBytes > size) return;
    const body = Buffer.allocUnsafe(bodyBytes);
    readFully(file.handle, body, start);
    if (crc32(body) !== head.readUInt32LE(4)) return;
    indexBody(file, body, start);
    file.readTo = start + bodyBytes;
  }
}

function indexBody(file: StoreFile, body: Buffer, bodyStart: number): void {
  file.ordered = undefined;
  for (let at = 0; at < body.length; ) {
    const keyBytes = body.readUInt8(at);
    const stored = body.readUInt32LE(at + 1);
    const keyStart = at + changeHeadBytes;
    const valueStart = keyStart + keyBytes;
    const key = body.toString('latin1', keyStart, valueStart);
    const old = file.index.get(key);
    if (old !== undefined) file.liveBytes -= old.length;
    if (stored === 0) {
      file.index.delete(key);
    } else {
      file.index.set(key, { start: bodyStart + valueStart, length: stored - 1 });
      file.liveBytes += stored - 1;
    }
    at = valueStart + Math.max(0, stored - 1);
  }
}

function readValue(file: Pick<StoreFile, 'handle' | 'index'>, key: string): Uint8Array | undefined {
  const place = file.index.get(key);
  if (place === undefined) return undefined;
  const value = Buffer.allocUnsafe(place.length);
  readFully(file.handle, value, place.start);
  return value;
}

/** Under the lock: nobody else writes, so what follows `readTo` is the torn end of a dead writer. */
function append(file: StoreFile, changes: Changes): void {
  ftruncateSync(file.handle, file.readTo);
  const frame = frameOf(changes);
  try {
    writeFully(file.handle, frame, file.readTo);
    fsyncSync(file.handle);
  } catch (error) {
    ftruncateSync(file.handle, file.readTo);
    throw error;
  }
  readFrames(file, file.readTo + frame.length);
  if (file.readTo > compactBytesMin && file.readTo > file.liveBytes * 2) compact(file);
}

function compact(file: StoreFile): void {
  const path = `${file.path}.new`;
  const handle = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    let end = 0;
    for (const key of file.index.keys()) {
      const frame = frameOf(new Map([[key, readValue(file, key)]]));
      writeFully(handle, frame, end);
      end += frame.length;
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(path, file.path);
  syncDirectory(dirname(file.path));
  reopen(file);
}

function frameOf(changes: Changes): Buffer {
  const parts: Uint8Array[] = [];
  for (const [key, value] of changes) {
    const keyBytes = Buffer.from(key, 'latin1');
    if (keyBytes.length > 255)
      throw new Error(`store key of ${keyBytes.length} bytes: at most 255`);
    const head = Buffer.alloc(changeHeadBytes);
    head.writeUInt8(keyBytes.length, 0);
    head.writeUInt32LE(value === undefined ? 0 : value.length + 1, 1);
    parts.push(head, keyBytes, value ?? Buffer.alloc(0));
  }
  const body = Buffer.concat(parts);
  if (body.length > frameBytesMax) {
    throw new Error(`a transaction of ${body.length} bytes: at most ${frameBytesMax}`);
  }
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

function readFully(handle: number, into: Buffer, position: number): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(handle, into, done, into.length - done, position + done);
    if (count === 0) throw new Error(`the configuration file ends before byte ${position + done}`);
    done += count;
  }
}

function writeFully(handle: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(handle, bytes, done, bytes.length - done, position + done);
  }
}

function syncDirectory(path: string): void {
  const handle = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
