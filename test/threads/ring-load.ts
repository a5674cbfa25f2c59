// What the ring tests send: message `sequence` has a length, a peer and a text that follow from its
// number alone, so the consumer can tell every byte. The text is UTF-8 of 1 to 4 bytes a character, and
// lengths are such that records end at every place of a small ring.
import type { Hop } from '../../core/sip/hop.ts';
import type { SharedMemory } from '../../workers/memory/shared-memory.ts';

export interface RingLoad {
  readonly memory: SharedMemory;
  readonly ring: SharedArrayBuffer;
  readonly messages: number;
  /** Int32: messages handled by consumers; the consumer stores it after each. */
  readonly handled: SharedArrayBuffer;
  /** The consumer throws at this message (counted from 0); -1 never. */
  readonly poison: number;
}

const letters = ['a', '\u00e9', '\u20ac', '\u{1f4de}'];

export function loadText(sequence: number): string {
  const length = (sequence * 7919) % 701;
  return `${sequence} ${letters[sequence & 3]!.repeat(length)}`;
}

export function loadHop(sequence: number): Hop {
  return {
    transport: sequence % 2 === 0 ? 0 : 1,
    listener: sequence % 5,
    connection: sequence,
    address: `10.0.${sequence % 3}.${sequence % 199}`,
    port: 1024 + (sequence % 64_000),
  };
}
