// What the hourly files do to a directory, so that tests can put a full or a failing one in its place. Nothing
// here waits on the thread: a directory may be a network's.
import fs from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from './cursor-file.ts';

export interface HourFileSystem {
  readonly directory: string;
  /** Cuts the file at `position`, appends there, and resolves once it is on the disk; at 0 the file is made.
   *  False where there is none. */
  put(name: string, position: number, bytes: Buffer): Promise<boolean>;
  exists(name: string): Promise<boolean>;
  /** Cuts the part at its length and gives it its name; nothing where there is no part. */
  finish(part: string, bytes: number, name: string): Promise<void>;
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
}

// For a group that collects the files; who may pass the directories above is the operator's.
const fileMode = 0o640;
const directoryMode = 0o750;

export function openHourFileSystem(directory: string): HourFileSystem {
  const at = (name: string): string => path.join(directory, name);
  /** A file may have been taken away; without the directory nothing is known of it. */
  const missing = async (): Promise<false> => {
    await fs.access(directory);
    return false;
  };
  return {
    directory,
    put: async (name, position, bytes) => {
      if (position === 0) await makeDirectory(directory);
      const isNew = position === 0 && !(await isThere(at(name)));
      const handle = await openOrNull(at(name), isNew ? 'wx' : 'r+');
      if (handle === null) return await missing();
      try {
        await handle.truncate(position);
        for (let done = 0; done < bytes.length; ) {
          const rest = bytes.length - done;
          const { bytesWritten } = await handle.write(bytes, done, rest, position + done);
          done += bytesWritten;
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (isNew) await syncDirectory(directory);
      return true;
    },
    exists: (name) => isThere(at(name)),
    finish: async (part, bytes, name) => {
      const handle = await openOrNull(at(part), 'r+');
      if (handle === null) {
        await missing();
        return;
      }
      try {
        await handle.truncate(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(at(part), at(name));
      await syncDirectory(directory);
    },
    list: () => fs.readdir(directory),
    remove: (name) => fs.rm(at(name), { force: true }),
  };
}

/** Not those above it: where a file system is not mounted, the files do not go somewhere else. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await fs.mkdir(directory, directoryMode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function openOrNull(file: string, flags: 'wx' | 'r+'): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(file, flags, fileMode);
  } catch (error) {
    if (flags === 'r+' && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await fs.access(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
