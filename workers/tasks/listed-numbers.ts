// Tasks of the Piscina pool: what stands on the dynamic black lists, and taking all of it off. They walk through a
// table of 20 MB, which the main thread must not wait for.
import {
  listedNumbers,
  type ShownListing,
  unlistAll,
} from '../../core/admission/listed-numbers.ts';
import { ListedWhy } from '../../core/admission/number-watch.ts';
import { peerText } from '../../core/cdr/cdr-json.ts';
import type { ListedNumber, ListedNumbers } from '../admin-messages.ts';
import { monotonicMs } from '../clock.ts';
import { numberWatch, type SharedMemory } from '../memory/shared-memory.ts';

export interface ListedTask {
  readonly memory: Pick<SharedMemory, 'numberWatch' | 'lines'>;
  /** Most that are shown. */
  readonly limit: number;
}

const whyNames = {
  [ListedWhy.malicious]: 'malicious',
  [ListedWhy.concurrent]: 'concurrent',
  [ListedWhy.noAnswer]: 'noAnswer',
} as const;

export function readListedNumbers({ memory, limit }: ListedTask): ListedNumbers {
  const now = watchSeconds();
  const { listed, total } = listedNumbers(numberWatch(memory, noKey), now, limit);
  const wallSeconds = Math.round(Date.now() / 1000);
  const instant = (seconds: number): string =>
    new Date((wallSeconds + seconds - now) * 1000).toISOString();
  return { total, listed: listed.map((listing) => shown(listing, instant)) };
}

export function clearListedNumbers({ memory }: Pick<ListedTask, 'memory'>): number {
  return unlistAll(numberWatch(memory, noKey), watchSeconds());
}

/** No number is looked for by its hash. */
const noKey = new Uint32Array(2);

/** As call workers reckon it. */
export function watchSeconds(): number {
  return Math.floor(monotonicMs() / 1000) + 1;
}

function shown(
  { side, number, isCut, why, since, until }: ShownListing,
  instant: (seconds: number) => string,
): ListedNumber {
  const text = peerText(number);
  return {
    number: isCut ? `${text}...` : text,
    side,
    kind: whyNames[why],
    since: instant(since),
    until: instant(until),
  };
}
