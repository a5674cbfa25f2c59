// What candidates were compared by, in the units that people use.
import { SortKey, sortKeyNames } from './gateway-order.ts';

/** As people read them: higher ASR is better, and prices are money. */
export function keysOf(keys: ReadonlyMap<SortKey, number>): Record<string, number | null> {
  return Object.fromEntries(
    [...keys].map(([key, value]) => [
      sortKeyNames[key],
      Number.isFinite(value) ? readable(key, value) : null,
    ]),
  );
}

function readable(key: SortKey, value: number): number {
  switch (key) {
    case SortKey.asr:
    case SortKey.policyAsr:
      return -value / 100;
    case SortKey.acd:
    case SortKey.policyAcd:
      return -value / 10;
    case SortKey.rate:
    case SortKey.policyRate:
      return value / 1e8;
    case SortKey.prefixLength:
      return -value;
    default:
      return value;
  }
}
