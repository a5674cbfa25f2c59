// What a snapshot says about numbers: how gateways rewrite and screen them. Decoded on first use
// (open-numbers.ts) and kept with its gateway; nothing here is a view of shared tables, so a call may use
// it after these have gone to another version.

/** Laid out by number-layout.ts. */
export interface DialPlan {
  readonly rules: Uint32Array;
  readonly code: Uint16Array;
}
