// Gives memory back after a peak. V8 collects when somebody allocates: a worker whose calls have all ended
// allocates nothing, so the garbage of a hundred thousand calls, and the buffers it holds, would stay until
// the next busy hour. Once the worker has been quiet for a while it asks for a collection itself, when there is
// enough to be had and so few calls are up that the pause is short. Never while calls come.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const secondMs = 1000;
/** Messages in a second that still count as quiet: OPTIONS of peers, a call or two. */
const quietMessagesMax = 20;
const quietSeconds = 10;
/** A collection marks what lives, about 3 KB a call: some milliseconds for so many. */
const callsUpMax = 2000;
/** Growth since the last collection that is worth one. */
const grownBytesMin: number = 8 * 1024 * 1024;
/** Between two collections. */
const restMs = 60_000;

export interface IdleCollectionOptions {
  /** SIP messages handled since the worker started. */
  messages: () => number;
  callsUp: () => number;
  /** What a collection may give back, living or not. */
  memoryBytes: () => number;
  /** Lets tables go that a peak has left, in less than a millisecond; once a second, busy or not. */
  trim: () => void;
  collect: () => void;
  onCollected: () => void;
}

/** What comes back wants to be called at every tick. */
export function createIdleCollection(options: IdleCollectionOptions): (nowMs: number) => void {
  const { messages, callsUp, memoryBytes, trim, collect, onCollected } = options;
  let secondEndsMs = Number.NEGATIVE_INFINITY;
  let messagesBefore = messages();
  let quiet = 0;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  /** After the last collection; of a worker that has just started nothing is known. */
  let bytesAfter = 0;
  return (nowMs) => {
    if (nowMs < secondEndsMs) return;
    secondEndsMs = nowMs + secondMs;
    trim();
    const handled = messages();
    quiet = handled - messagesBefore <= quietMessagesMax ? quiet + 1 : 0;
    messagesBefore = handled;
    if (quiet < quietSeconds || nowMs < restUntilMs || callsUp() > callsUpMax) return;
    if (memoryBytes() - bytesAfter < grownBytesMin) return;
    collect();
    bytesAfter = memoryBytes();
    restUntilMs = nowMs + restMs;
    onCollected();
  };
}

/** Heap and buffers of this thread. */
export function threadMemoryBytes(): number {
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  return heap + buffers;
}

/** V8's own full collection of this thread, which Node offers under a flag only. The flag belongs to the whole
 *  process and stays: put back, it could be missing where another worker starts at this moment. */
export function openCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
  return () => collect?.();
}
