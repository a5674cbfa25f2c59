// The pool for what must not run on the threads that carry calls: compiling tables, routing analysis,
// closing a dead worker's calls. Its threads start on demand and end when idle, so that they cost an
// edge box nothing between configuration changes.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

const threadsMax = 2;
const idleMs = 5_000;
/** Tasks waiting; more are refused. */
const queueMax = 64;

export function openTaskPool(): Piscina {
  return new Piscina({
    minThreads: 0,
    maxThreads: threadsMax,
    idleTimeout: idleMs,
    maxQueue: queueMax,
  });
}

/** The file of a task below workers/tasks, for Piscina's `filename`. */
export function taskFile(task: string): string {
  return fileURLToPath(new URL(`./tasks/${task}.js`, import.meta.url));
}
