// RFC 7332 3: a B2BUA passes Max-Forwards on, one less. Ours also lowers it to a cap, so that two switches
// that route a call to each other stop after a few hops, not after seventy.

/** Nine INVITEs then go between the two: ten on the wire with the caller's own. */
const maxForwardsOutMax = 8;
/** RFC 3261 16.3 step 3: a request without the header counts as fresh. */
const maxForwardsAbsent = 70;

/** `received`: -1 when the header is absent; 0 has been refused before. */
export function maxForwardsOut(received: number): number {
  return Math.min((received < 0 ? maxForwardsAbsent : received) - 1, maxForwardsOutMax);
}
