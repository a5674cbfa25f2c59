// SOAK_SHARE=0.02 of the environment makes the long forms as much shorter, to try them out; what it then shows is that
// they run.
const share = Number(process.env.SOAK_SHARE ?? '1');
if (!(share > 0 && share <= 1)) {
  throw new Error(`SOAK_SHARE ${process.env.SOAK_SHARE}: expected a number above 0 and up to 1`);
}

/** At least one. */
export function soakShare(count: number): number {
  return Math.max(1, Math.round(count * share));
}
