// Days of the node: a CDR belongs to the table of the day on which its call began, by the node's own clock
// and zone. The day is found once, when the record is written, and stands in its frame: a node that moves
// to another zone does not look for old records elsewhere.

/** Zones are offset by multiples of this. */
const slotMs = 900_000;
const dayMs = 86_400_000;
let cachedSlot = Number.NaN;
let cachedDay = 0;

/** 20260131, in the zone of the process (TZ). `at`: milliseconds since 1970 UTC. */
export function dayOfNode(at: number): number {
  const slot = Math.floor(at / slotMs);
  if (slot !== cachedSlot) {
    const date = new Date(slot * slotMs);
    cachedSlot = slot;
    cachedDay = date.getFullYear() * 10_000 + (date.getMonth() + 1) * 100 + date.getDate();
  }
  return cachedDay;
}

export function addDays(day: number, days: number): number {
  const date = new Date(utcOfDay(day) + days * dayMs);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** Midnight of the node's zone at which the day begins. */
export function startOfDay(day: number): number {
  const date = new Date(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100);
  return date.getTime();
}

function utcOfDay(day: number): number {
  return Date.UTC(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100);
}
