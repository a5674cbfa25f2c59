// Mutual exclusion over threads and processes by a file that exists while the lock is held. Its holder is
// written into it, so that the lock of a process that died is taken over.
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Longer than any transaction; a lock this old was left by a thread that died. */
const staleMs = 30_000;
const waitMs = 5;
const triesMax = 12_000;

export function withFileLock<Result>(path: string, work: () => Result): Result {
  const mark = `${process.pid} ${randomUUID()}`;
  take(path, mark);
  try {
    return work();
  } finally {
    // Taken from us as stale, it is another's by now.
    if (markOf(path) === mark) rmSync(path, { force: true });
  }
}

function take(path: string, mark: string): void {
  for (let tries = 0; tries < triesMax; tries++) {
    try {
      writeFileSync(path, mark, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!removeStale(path)) pause(waitMs);
  }
  throw new Error(`lock ${path}: still held by process ${markOf(path)?.split(' ')[0]}`);
}

/** Renaming is atomic: of two that find the same stale lock one moves it away. One that was late may
 *  move away a fresh lock instead; it is put back. */
function removeStale(path: string): boolean {
  const mark = markOf(path);
  if (mark === undefined || !isStale(path, mark)) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (markOf(aside) !== mark) linkSync(aside, path);
  } catch {
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
  return true;
}

function isStale(path: string, mark: string): boolean {
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > staleMs) return true;
  const holder = Number(mark.split(' ')[0]);
  // Created and not written yet, or damaged: its age decides.
  return Number.isInteger(holder) && holder > 0 && !isAlive(holder);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function markOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Transactions are synchronous; so is waiting for one. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
