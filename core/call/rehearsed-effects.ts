// Effects of a call that is only asked about: what a call would take is compared with what is left now, kept in mind for
// the rest of the same question, and taken from nobody. Nothing is sent, counted or recorded.
import type { Effects, GatewayReadings, MoneyHold, UsageHold } from '../effects.ts';

/** What there is now, over all workers. */
export interface CallReadings extends GatewayReadings {
  /** Lines in use of any line slot. */
  linesUsed(lineSlot: number): number;
  /** Units of money of an account that new calls may set aside; undefined: not known, and taken for enough. */
  available(slot: number): bigint | undefined;
  /** What ended calls have used, and those that are up have set aside, of a cell of core/admission/day-usage.ts. */
  readUsage(cell: number): bigint;
}

export interface RehearsedEffects extends Effects {
  /** Whatever is asked for is there: for what a CDR proves. */
  granting: boolean;
  /** What was counted last: why something was skipped. */
  lastCounted: number;
}

export function rehearsedEffects(readings: CallReadings): RehearsedEffects {
  const lines = new Map<number, number>();
  const money = new Map<number, bigint>();
  const usage = new Map<number, bigint>();
  const linesUsed = (slot: number): number => readings.linesUsed(slot) + (lines.get(slot) ?? 0);
  const used = (cell: number): bigint => readings.readUsage(cell) + (usage.get(cell) ?? 0n);
  const moveLine = (slot: number, by: number): void =>
    void lines.set(slot, (lines.get(slot) ?? 0) + by);
  const moveMoney = (hold: MoneyHold, units: bigint): void => {
    hold.reserved += units;
    money.set(hold.slot, (money.get(hold.slot) ?? 0n) + units);
  };
  const moveUsage = (hold: UsageHold, units: bigint): void => {
    hold.reserved += units;
    usage.set(hold.cell, (usage.get(hold.cell) ?? 0n) + units);
  };
  const effects: RehearsedEffects = {
    ...unheard,
    ...gatewayReadings(readings),
    granting: false,
    lastCounted: -1,
    acquireLine(slot, limit) {
      if (!effects.granting && limit !== 0 && linesUsed(slot) >= limit) return false;
      moveLine(slot, 1);
      return true;
    },
    releaseLine: (slot) => moveLine(slot, -1),
    reserve(hold, units) {
      const available = effects.granting ? undefined : readings.available(hold.slot);
      if (available !== undefined) {
        const left = available - (money.get(hold.slot) ?? 0n);
        if (left < units || left <= 0n) return false;
      }
      moveMoney(hold, units);
      return true;
    },
    release: (hold, units) => moveMoney(hold, -units),
    settle: (hold) => moveMoney(hold, -hold.reserved),
    takeUsage(hold, units, most) {
      const after = used(hold.cell) + units;
      if (!effects.granting && most >= 0n && after > most) return -1n;
      moveUsage(hold, units);
      return after;
    },
    takeUsageUpTo(hold, wanted, { most, step }) {
      const seen = used(hold.cell);
      const left = seen >= most ? 0n : ((most - seen) / step) * step;
      const taken = left < wanted ? left : wanted;
      moveUsage(hold, taken);
      return taken;
    },
    readUsage: used,
    giveUsageBack: (hold, units) => moveUsage(hold, -units),
    settleUsage: (hold) => moveUsage(hold, -hold.reserved),
    linesUsed,
    count(counter) {
      effects.lastCounted = counter;
    },
  };
  return effects;
}

function gatewayReadings(readings: CallReadings): Omit<GatewayReadings, 'linesUsed'> {
  return {
    callsToday: (slot) => readings.callsToday(slot),
    asr: (slot) => readings.asr(slot),
    acd: (slot) => readings.acd(slot),
    isOffline: (slot) => readings.isOffline(slot),
    closedSeconds: (slot) => readings.closedSeconds(slot),
  };
}

function ignored(): void {}

/** What leaves nothing behind. */
const unheard = {
  // Places in a second or a minute are free again before anybody has read the answer.
  acquireCps: () => true,
  acquireMinute: () => true,
  reachedMinute: () => false,
  nextPlace: () => 0,
  cdrLogAccepts: () => true,
  send: ignored,
  addUsage: ignored,
  raiseAlarm: ignored,
  noteAttempt: ignored,
  noteOutcome: ignored,
  noteTalk: ignored,
  closeGateway: ignored,
  noteCheck: ignored,
  recordAnswer: ignored,
  recordEnd: ignored,
};
