// Work that may take a second (a compile, the admin process and its imports) runs behind the threads that
// carry calls. At equal priority every one of its threads, V8's collectors among them, keeps a processor
// for a whole time slice of 3 to 4 ms in its turn, and a call worker that wakes up waits for all of them.
//
// On Linux the nice value belongs to a thread, not to the process (sched(7), "The nice value"), and threads
// inherit it from the one that starts them. Elsewhere it would slow the calls too, so nothing is done.
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** A tenth of the weight of a call worker: a compile still moves on where calls use every processor. */
const backgroundNice = 10;

/** The calling thread, unless it is a main thread; for the rest of its life, as an ordinary user may not
 *  raise it again. */
export function lowerThreadPriority(): void {
  if (process.platform === 'linux' && !isMainThread) lower(0);
}

/** Every thread of another process. */
export function lowerProcessPriority(pid: number): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) lower(Number(thread));
  } catch {
    // It has ended, or /proc is not mounted: then it runs as it is.
  }
}

/** Never a reason to fail: a sandbox may forbid it, and a thread may have ended. */
function lower(thread: number): void {
  try {
    if (getPriority(thread) < backgroundNice) setPriority(thread, backgroundNice);
  } catch {
    // It stays as it is.
  }
}
