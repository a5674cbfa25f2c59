// The day, in UTC, whose table a CDR belongs to: that of the INVITE, as 20260131.

const dayMs = 86_400_000;
let cachedDay = Number.NaN;
let cachedTableDay = 0;

/** `startedAt`: milliseconds since 1970 UTC. */
export function tableDay(startedAt: number): number {
  const day = Math.floor(startedAt / dayMs);
  if (day !== cachedDay) {
    const date = new Date(day * dayMs);
    cachedDay = day;
    cachedTableDay =
      date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  }
  return cachedTableDay;
}
