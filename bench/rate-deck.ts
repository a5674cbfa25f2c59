// A rate deck of the size that wholesale operators have, the same in every run.
import { writeFileSync } from 'node:fs';
import type { RateDocument } from '../core/configuration/model.ts';

export interface DeckRandom {
  below(limit: number): number;
  digits(length: number): string;
}

/** xorshift32. */
export function deckRandom(seed = 0x2545f491): DeckRandom {
  let state = seed;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const digits = (length: number): string => {
    let text = String(1 + below(9));
    while (text.length < length) text += String(below(10));
    return text;
  };
  return { below, digits };
}

export function largeDeck(count: number, { below, digits }: DeckRandom): RateDocument[] {
  const known = new Set<string>();
  while (known.size < count) known.add(digits(3 + Math.max(below(7), below(7), below(7))));
  return [...known].map((prefix) => ({
    prefix,
    ratePerMinute: `0.${String(below(100_000)).padStart(5, '0')}`,
    connectionFee: '0',
    firstIncrementSeconds: [1, 6, 30, 60][below(4)]!,
    nextIncrementSeconds: [1, 6, 60][below(3)]!,
    callType: 'international',
    taxPercent: '0',
    locked: false,
  }));
}

/** As CSV, in the order of the deck; every third rate is dearer by `dearer` of 10^-5. */
export function writeDeckFile(path: string, deck: readonly RateDocument[], dearer: number): void {
  const lines = [
    'prefix,area,ratePerMinute,connectionFee,firstIncrementSeconds,nextIncrementSeconds',
  ];
  for (const [at, rate] of deck.entries()) {
    const price = Math.round(Number(rate.ratePerMinute) * 100_000) + (at % 3 === 0 ? dearer : 0);
    const text = `${Math.floor(price / 100_000)}.${String(price % 100_000).padStart(5, '0')}`;
    lines.push(
      `${rate.prefix},Area ${at % 2000},${text},0,${rate.firstIncrementSeconds},${rate.nextIncrementSeconds}`,
    );
  }
  writeFileSync(path, `${lines.join('\r\n')}\r\n`);
}
