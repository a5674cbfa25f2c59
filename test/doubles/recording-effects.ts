// Effects that keep what the core wanted done, for the test to look at. Lines and CPS are granted unless
// the test says otherwise; limits are counted only where it asks for that.
import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import type { Effects, MoneyHold } from '../../core/effects.ts';
import { type CounterName, counterRows } from '../../core/metrics/counter-layout.ts';
import { gatewayEffects, stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import type { Hop } from '../../core/sip/hop.ts';

export interface Sent {
  readonly hop: Hop;
  readonly text: string;
}

export interface RecordingEffects extends Effects {
  readonly sent: Sent[];
  readonly answers: AnswerRecord[];
  readonly ends: Cdr[];
  /** Slots of lines held; one entry a line. */
  readonly lines: number[];
  /** Answers of the ports that answer at once. */
  grantsLines: boolean;
  /** Whether limits are counted. */
  countsLines: boolean;
  /** Records of gateway-state.ts, and their clock. */
  readonly gatewayWords: Int32Array;
  nowSeconds: number;
  grantsCps: boolean;
  grantsMinutes: boolean;
  acceptsCdrs: boolean;
  /** What days of fraud limits have used, and calls have set aside of them, by cell. */
  readonly usage: Map<number, bigint>;
  /** Slot, alarm and day. */
  readonly alarms: Set<string>;
  /** Units that an account (by slot) has available; one that is not named has plenty. */
  readonly money: Map<number, bigint>;
  /** What calls have set aside, by slot of the account. */
  readonly held: Map<number, bigint>;
  /** How often this counter was moved. */
  counted(name: CounterName): number;
  /** All that was sent since the last call, oldest first. */
  takeSent(): Sent[];
}

/** Gateways and groups that a test has. */
const slotsOfStage = 64;

export function createRecordingEffects(): RecordingEffects {
  const counts = new Map<number, number>();
  const cursors = new Map<number, number>();
  const gatewayWords = new Int32Array(new SharedArrayBuffer(slotsOfStage * stateWordsPerSlot * 4));
  const move = (hold: MoneyHold, units: bigint): void => {
    hold.reserved += units;
    const held = (effects.held.get(hold.slot) ?? 0n) + units;
    if (held === 0n) effects.held.delete(hold.slot);
    else effects.held.set(hold.slot, held);
  };
  const giveBack = (slot: number, units: bigint): void => {
    const available = effects.money.get(slot);
    if (available !== undefined) effects.money.set(slot, available + units);
  };
  const effects: RecordingEffects = {
    sent: [],
    answers: [],
    ends: [],
    lines: [],
    grantsLines: true,
    countsLines: false,
    gatewayWords,
    nowSeconds: 0,
    grantsCps: true,
    grantsMinutes: true,
    acceptsCdrs: true,
    usage: new Map(),
    alarms: new Set(),
    money: new Map(),
    held: new Map(),
    counted: (name) => counts.get(counterRows.findIndex((row) => row.name === name)) ?? 0,
    takeSent: () => effects.sent.splice(0),
    send: (hop, text) => void effects.sent.push({ hop, text }),
    count: (counter) => void counts.set(counter, (counts.get(counter) ?? 0) + 1),
    acquireLine(slot, limit) {
      const full = effects.countsLines && limit !== 0 && effects.linesUsed(slot) >= limit;
      if (!effects.grantsLines || full) return false;
      effects.lines.push(slot);
      return true;
    },
    releaseLine(slot) {
      const at = effects.lines.indexOf(slot);
      if (at < 0) throw new Error(`line slot ${slot} released, but not held`);
      effects.lines.splice(at, 1);
    },
    reserve(hold, units) {
      const available = effects.money.get(hold.slot);
      if (available !== undefined) {
        if (available < units || available <= 0n) return false;
        effects.money.set(hold.slot, available - units);
      }
      move(hold, units);
      return true;
    },
    release(hold, units) {
      if (units > hold.reserved) throw new Error(`${units} released of ${hold.reserved}`);
      giveBack(hold.slot, units);
      move(hold, -units);
    },
    settle(hold, charged) {
      if (charged > hold.reserved) throw new Error(`${charged} charged of ${hold.reserved}`);
      giveBack(hold.slot, hold.reserved - charged);
      move(hold, -hold.reserved);
    },
    nextPlace: (cursor) => {
      const place = cursors.get(cursor) ?? 0;
      cursors.set(cursor, place + 1);
      return place;
    },
    acquireCps: () => effects.grantsCps,
    acquireMinute: () => effects.grantsMinutes,
    reachedMinute: () => false,
    takeUsage(hold, units, most) {
      const after = (effects.usage.get(hold.cell) ?? 0n) + units;
      if (most >= 0n && after > most) return -1n;
      effects.usage.set(hold.cell, after);
      hold.reserved += units;
      return after;
    },
    takeUsageUpTo(hold, wanted, { most, step }) {
      const used = effects.usage.get(hold.cell) ?? 0n;
      const left = used >= most ? 0n : ((most - used) / step) * step;
      const taken = left < wanted ? left : wanted;
      effects.usage.set(hold.cell, used + taken);
      hold.reserved += taken;
      return taken;
    },
    readUsage: (cell) => effects.usage.get(cell) ?? 0n,
    addUsage: (cell, units) =>
      void effects.usage.set(cell, (effects.usage.get(cell) ?? 0n) + units),
    giveUsageBack(hold, units) {
      if (units > hold.reserved) throw new Error(`${units} given back of ${hold.reserved}`);
      effects.usage.set(hold.cell, effects.usage.get(hold.cell)! - units);
      hold.reserved -= units;
    },
    settleUsage(hold, used) {
      if (used > hold.reserved) throw new Error(`${used} used of ${hold.reserved}`);
      effects.usage.set(hold.cell, effects.usage.get(hold.cell)! - hold.reserved + used);
      hold.reserved = 0n;
    },
    raiseAlarm: (slot, alarm, day) => void effects.alarms.add(`${slot} ${alarm} ${day}`),
    linesUsed: (slot) => effects.lines.filter((each) => each === slot).length,
    ...gatewayEffects(gatewayWords, () => effects.nowSeconds),
    cdrLogAccepts: () => effects.acceptsCdrs,
    recordAnswer: (answer) => void effects.answers.push(answer),
    recordEnd: (cdr) => void effects.ends.push(cdr),
  };
  return effects;
}
