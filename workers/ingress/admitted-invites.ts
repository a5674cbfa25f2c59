// The new INVITEs that went into a ring lately, so that a full ring does not refuse the repeat of one that
// a worker already serves (RFC 3261 17.1.1.2: over UDP a caller repeats its INVITE for 64*T1).
//
// A direct-mapped table of Int32, no allocation, index: the lower half of the INVITE's fingerprint:
//
//   | upper half of the fingerprint, 16 bits | second of admission, 16 bits |
//
// A later INVITE of the same index replaces an entry; the repeat of the former is then refused as a new
// one is. The price: one new INVITE in 65,536 is taken for a repeat, and then comes again by itself.
import type { CallIdSpan } from '../../core/sip/peek-call-id.ts';

/** As many as the lower half of a fingerprint tells apart. */
const entriesMax = 2 ** 16;
const lowerHalf = 0xffff;

/** RFC 3261 17.1.1.2, timer B: for so long a caller repeats its INVITE. */
const repeatSecondsMax = 32;

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

export class AdmittedInvites {
  readonly #entries: Int32Array = new Int32Array(entriesMax);

  remember(fingerprint: number, nowMs: number): void {
    this.#entries[fingerprint & lowerHalf] = (fingerprint & ~lowerHalf) | secondOf(nowMs);
  }

  /** Whether it was admitted while its caller may still repeat it. */
  has(fingerprint: number, nowMs: number): boolean {
    const entry = this.#entries[fingerprint & lowerHalf]!;
    if (((entry ^ fingerprint) & ~lowerHalf) !== 0) return false;
    return ((secondOf(nowMs) - entry) & lowerHalf) <= repeatSecondsMax;
  }
}

function secondOf(nowMs: number): number {
  return (nowMs / 1000) & lowerHalf;
}
