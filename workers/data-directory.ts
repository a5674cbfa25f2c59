// The data directory: one running node owns it (a bound unix socket is the lock: the kernel gives it
// back when the process dies, however it dies), and it says in which format its files are.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StartRefused } from './start-refused.ts';

/** Format of the files below the data directory. A later version that reads an older one upgrades it at
 *  start, step by step, before anything else is opened; a newer one than ours is refused. */
const dataFormat = 1;

export interface DataDirectory {
  readonly path: string;
  /** Gives the lock back. */
  close(): Promise<void>;
}

export const adminUrlPath = (directory: string): string => join(directory, 'admin-url');
export const adminTokenPath = (directory: string): string => join(directory, 'admin-token');
const lockPath = (directory: string): string => join(directory, 'lock');
const formatPath = (directory: string): string => join(directory, 'format');

/** sun_path holds 107 characters; a longer directory is reached through /proc. */
const socketPathMax = 100;
/** Stale locks cleared in a row before giving up. */
const lockTriesMax = 5;

/** @throws StartRefused when another node runs here, or the format is not ours. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartRefused(
      'TANDEM_DATA_DIRECTORY',
      `data directory ${path}: cannot be made: ${(error as Error).message}`,
    );
  }
  const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  const held: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
    closeSync(handle);
  };
  try {
    await takeLock(path, handle, held);
    checkFormat(path);
  } catch (error) {
    await close();
    throw error;
  }
  return { path, close };
}

/** Whether a node runs on this data directory: what offline commands ask before they touch it. */
export async function nodeRuns(path: string): Promise<boolean> {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return false;
  }
  try {
    return await answers(socketPath(path, handle));
  } finally {
    closeSync(handle);
  }
}

function socketPath(directory: string, handle: number): string {
  const path = lockPath(directory);
  if (Buffer.byteLength(path) <= socketPathMax || process.platform !== 'linux') return path;
  return `/proc/${process.pid}/fd/${handle}/lock`;
}

async function takeLock(directory: string, handle: number, held: Server[]): Promise<void> {
  const guard = await tryBind(guardName(handle));
  if (guard !== undefined) {
    held.push(guard);
    const lock = socketPath(directory, handle);
    for (let tries = 0; tries < lockTriesMax; tries++) {
      const server = await tryBind(lock);
      if (server !== undefined) {
        held.push(server);
        return;
      }
      if (await answers(lock)) break;
      // Left by a node that died.
      rmSync(lock, { force: true });
    }
  }
  throw new StartRefused(
    'TANDEM_DATA_DIRECTORY_IN_USE',
    `data directory ${directory}: another node is running on it (its lock is ${lockPath(directory)})`,
  );
}

/** Two starters may find the same stale lock, and the slower one would remove the fresh lock of the
 *  faster. An abstract socket, which is never stale, lets one of them at it (Linux; named by the
 *  directory's inode, so that two paths to one directory meet). */
function guardName(handle: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const { dev, ino } = fstatSync(handle);
  return `\0tandem-${dev}-${ino}`;
}

/** Undefined: somebody holds it. */
function tryBind(lock: string | undefined): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${process.pid}\n`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new StartRefused('TANDEM_DATA_DIRECTORY', `lock ${lock}: ${error.message}`));
    });
    if (lock === undefined) {
      resolve(server);
      return;
    }
    server.listen(lock, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(lock: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(lock);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function checkFormat(directory: string): void {
  const path = formatPath(directory);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    writeFileSync(path, `${dataFormat}\n`, { mode: 0o600 });
    return;
  }
  const found = Number(text);
  if (found === dataFormat) return;
  throw new StartRefused(
    'TANDEM_DATA_FORMAT',
    `data directory ${directory}: format ${text.trim()}: expected ${dataFormat} (written by another version)`,
  );
}
