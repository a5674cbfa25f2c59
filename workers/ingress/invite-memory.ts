// What became of the new INVITEs that came lately, so that all copies of one get the same answer (RFC 3261
// 8.2.7 asks that of a UAS without state; over UDP a caller repeats its INVITE for 64*T1, 17.1.1.2): the
// repeat of one that a worker serves is not refused, nor is the repeat of a refused one taken.
//
// A direct-mapped table of Int32, no allocation, index: the low bits of the INVITE's fingerprint:
//
//   | the other 14 bits of the fingerprint | second, 18 bits |
//
// A later INVITE of the same index replaces an entry; the repeat of the former is then met as a new one. 2^18
// entries, 1 MiB, keep each for 29 s on average at 9,000 new INVITEs a second, so nearly all of 64*T1; 2^16
// kept it for 7 s. The price: one new INVITE in 16,384 at most is taken for a repeat, and then comes again by
// itself.
import type { CallIdSpan } from '../../core/sip/peek-call-id.ts';

const entriesMax: number = 2 ** 18;
/** Of the fingerprint the index, of an entry the second. */
const lowBits: number = entriesMax - 1;

/** A CSeq line that follows the Call-ID shows its number within so many octets. */
const octetsAfterCallId = 20;

/** What all copies of an INVITE agree in: the hash of its Call-ID, and the octets behind it. There most
 *  senders have the CSeq, so that the next INVITE of the same Call-ID is not taken for a repeat. */
export function inviteFingerprint(
  bytes: Uint8Array,
  length: number,
  callId: CallIdSpan,
  callIdHash: number,
): number {
  const end = Math.min(length, callId.end + octetsAfterCallId) - 3;
  let print = callIdHash | 0;
  for (let at = callId.end; at < end; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    // Odd, so that different hashes stay different.
    print = Math.imul(print ^ word, 0x9e3779b1);
    print ^= print >>> 15;
  }
  return print;
}

export class InviteMemory {
  readonly #entries: Int32Array = new Int32Array(entriesMax);
  readonly #seconds: number;

  /** @param seconds how long an INVITE is remembered, at most a day; up to a second more */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  remember(fingerprint: number, nowMs: number): void {
    this.#entries[fingerprint & lowBits] = (fingerprint & ~lowBits) | secondOf(nowMs);
  }

  /** Whether it was remembered and is not yet forgotten. */
  has(fingerprint: number, nowMs: number): boolean {
    const entry = this.#entries[fingerprint & lowBits]!;
    if (((entry ^ fingerprint) & ~lowBits) !== 0) return false;
    return ((secondOf(nowMs) - entry) & lowBits) <= this.#seconds;
  }
}

function secondOf(nowMs: number): number {
  return (nowMs / 1000) & lowBits;
}
