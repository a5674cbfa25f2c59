// The entries of a ZIP archive that is in memory (PKWARE APPNOTE 4.3), which is what a workbook is. Entries are
// inflated piece by piece and never beyond a limit, so that a small file cannot fill the memory. Names are
// looked up, never written to a disk.
import { createInflateRaw } from 'node:zlib';
import { DeckUnreadable } from './deck-unreadable.ts';

export interface ZipEntry {
  readonly name: string;
  readonly compressed: Buffer;
  readonly isDeflated: boolean;
}

export type ZipEntries = ReadonlyMap<string, ZipEntry>;

const entriesMax = 10_000;
/** What one entry may inflate to: a sheet of a million rows has some hundred megabytes. */
export const inflatedBytesMax: number = 2 ** 31;
const inflateChunkBytes = 1 << 18;

const endMagic = 0x06054b50;
const centralMagic = 0x02014b50;
const localMagic = 0x04034b50;
const endBytes = 22;
const commentBytesMax = 0xffff;
const stored = 0;
const deflated = 8;
const encryptedFlag = 1;
/** Sizes beyond 32 bits are in another record. */
const zip64Mark = 0xffffffff;

/** @throws DeckUnreadable */
export function zipEntries(file: Buffer): ZipEntries {
  const end = endRecord(file);
  const count = file.readUInt16LE(end + 10);
  if (count > entriesMax) throw damaged(`has ${count} entries, more than ${entriesMax}`);
  const entries = new Map<string, ZipEntry>();
  let at = file.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    if (at + 46 > file.length || file.readUInt32LE(at) !== centralMagic) {
      throw damaged('has a broken list of entries');
    }
    const nameBytes = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + 46, at + 46 + nameBytes);
    entries.set(name, entryAt(file, at, name));
    at += 46 + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

/** What an entry holds, in pieces. @throws DeckUnreadable */
export async function* inflateEntry(
  entry: ZipEntry,
  bytesMax: number = inflatedBytesMax,
): AsyncGenerator<Buffer, void, void> {
  if (!entry.isDeflated) {
    yield entry.compressed;
    return;
  }
  const inflate = createInflateRaw({ chunkSize: inflateChunkBytes });
  inflate.end(entry.compressed);
  let bytes = 0;
  try {
    for await (const piece of inflate) {
      bytes += (piece as Buffer).length;
      if (bytes > bytesMax) {
        throw damaged(`has ${entry.name}, which unpacks to more than ${bytesMax} bytes`);
      }
      yield piece as Buffer;
    }
  } catch (error) {
    if (error instanceof DeckUnreadable) throw error;
    throw damaged(`has ${entry.name}, which cannot be unpacked: ${(error as Error).message}`);
  }
}

function endRecord(file: Buffer): number {
  const first = Math.max(0, file.length - endBytes - commentBytesMax);
  for (let at = file.length - endBytes; at >= first; at--) {
    if (file.readUInt32LE(at) === endMagic) return at;
  }
  throw damaged('has no end: it is cut off, or no workbook');
}

function entryAt(file: Buffer, at: number, name: string): ZipEntry {
  const method = file.readUInt16LE(at + 10);
  const size = file.readUInt32LE(at + 20);
  const local = file.readUInt32LE(at + 42);
  if ((file.readUInt16LE(at + 8) & encryptedFlag) !== 0) throw damaged('is encrypted');
  if (method !== stored && method !== deflated) throw damaged(`packs ${name} by method ${method}`);
  if (size === zip64Mark || local === zip64Mark) throw damaged('is a ZIP64 archive');
  if (local + 30 > file.length || file.readUInt32LE(local) !== localMagic) {
    throw damaged(`lacks the entry ${name}`);
  }
  const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
  if (start + size > file.length) throw damaged(`is cut off within ${name}`);
  return {
    name,
    compressed: file.subarray(start, start + size),
    isDeflated: method === deflated,
  };
}

function damaged(what: string): DeckUnreadable {
  return new DeckUnreadable(
    `the workbook ${what}; expected an XLSX file as a spreadsheet saves it`,
  );
}
