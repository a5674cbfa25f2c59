// The main thread's view of fraud limits: which slot of their counters each has, what it stands at, and who is told
// of its alarms.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { minuteMs } from '../core/admission/cps-window.ts';
import { UsageKind } from '../core/admission/day-usage.ts';
import { fraudLineSlot, fraudSlotsMax, linesUsed } from '../core/admission/line-limits.ts';
import type { UsageRules } from '../core/billing/fraud-usage.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import type { ThresholdDocument } from '../core/configuration/model.ts';
import type { ZoneOffsets } from '../core/configuration/snapshot.ts';
import {
  type FraudKind,
  fraudAlarms,
  fraudKinds,
  isBlockAlarm,
} from '../core/metrics/fraud-alarm.ts';
import { moneyText } from '../core/money.ts';
import { dayOf, localSeconds } from '../core/time/local-time.ts';
import type { FraudAlarmFigures, FraudFigures, FraudState, FraudValue } from './admin-messages.ts';
import type { AccountFraudLimit } from './configuration/compile-fraud-limits.ts';
import { createSlotRegistry, type SlotRegistry } from './configuration/slot-registry.ts';
import { createLineLimit, type Log } from './log.ts';
import { CpsWindows } from './memory/cps-windows.ts';
import { alarmWords, alarmWordsPerLimit } from './memory/fraud-block.ts';
import { lineLedger, type SharedMemory } from './memory/shared-memory.ts';
import type { CountedItem, UsageBook } from './usage-book.ts';

const alarmLinesPerSecond = 10;
const alarmsShownMax = 100;
const limitsAtOnce = 2000;

export interface FraudBookOptions {
  readonly memory: SharedMemory;
  readonly book: UsageBook;
  readonly log: Pick<Log, 'warn'>;
  readonly wallClock: () => number;
  readonly clock: () => number;
}

export class FraudBook {
  readonly #options: FraudBookOptions;
  readonly #lines: Pick<ReturnType<typeof lineLedger>, 'used'>;
  readonly #alarms: Int32Array;
  readonly #windows: CpsWindows;
  readonly #slots: SlotRegistry;
  readonly #logLines = createLineLimit(alarmLinesPerSecond);
  /** By slot, of the configuration in force. */
  #limits: ReadonlyMap<number, AccountFraudLimit> = new Map();
  #byAccount: ReadonlyMap<string, readonly AccountFraudLimit[]> = new Map();
  /** Days that were looked at last. */
  readonly #zoneDays = new Map<ZoneOffsets, number>();
  #rules: UsageRules = { carryMs: 1000, freeSeconds: 0, limits: new Map() };
  #alarmsSeen = 0;
  /** By alarm word: the value that was told. */
  readonly #told = new Map<number, number>();

  constructor(options: FraudBookOptions) {
    const { memory } = options;
    this.#options = options;
    this.#lines = lineLedger(memory);
    this.#alarms = alarmWords(memory);
    this.#windows = new CpsWindows({ cpsWindows: memory.minuteWindows }, minuteMs);
    this.#slots = createSlotRegistry((slot) => this.#callsUp(slot) === 0, fraudSlotsMax);
  }

  /** By what CDRs are counted now. */
  get rules(): UsageRules {
    return this.#rules;
  }

  /** Slots for limits' slot names; undefined: too many are in use by calls of removed limits. */
  assign(names: readonly string[]): ReadonlyMap<string, number> | undefined {
    return this.#slots.assign(names);
  }

  /** By what CDRs count for these limits. */
  rulesOf(
    limits: readonly AccountFraudLimit[],
    { carryMs, freeSeconds }: Pick<UsageRules, 'carryMs' | 'freeSeconds'>,
  ): UsageRules {
    return { carryMs, freeSeconds, limits: limitedPrefixes(limits) };
  }

  /** Before the first call may see these limits: what their days have used, and their windows. */
  async open(
    limits: readonly AccountFraudLimit[],
    rules: UsageRules,
    used: ReadonlyMap<string, Usage>,
  ): Promise<void> {
    this.#rules = rules;
    const { book, wallClock } = this.#options;
    let looked = 0;
    for (const each of limits) {
      if (book.open(counted(each), used, wallClock())) this.#forgetAlarms(each.limit.slot);
      if (++looked % limitsAtOnce === 0) await nextTurn();
    }
    const { clock } = this.#options;
    this.#windows.reclaimRetired();
    this.#windows.place(
      limits.map(({ limit: { slot, callsPerMinute } }) => ({
        slot,
        limit: Math.max(0, callsPerMinute.warn, callsPerMinute.block),
      })),
      clock(),
    );
  }

  /** Every worker runs on the configuration of this assignment. */
  settle(assignment: ReadonlyMap<string, number>, limits: readonly AccountFraudLimit[]): void {
    this.#slots.settle(assignment);
    this.#limits = new Map(limits.map((each) => [each.limit.slot, each]));
    const byAccount = new Map<string, AccountFraudLimit[]>();
    for (const each of limits) {
      const of = byAccount.get(each.account);
      if (of === undefined) byAccount.set(each.account, [each]);
      else of.push(each);
    }
    this.#byAccount = byAccount;
    this.#zoneDays.clear();
    for (const { zone } of limits) this.#zoneDays.set(zone, -1);
  }

  find({ account, item }: Usage): CountedItem | undefined {
    const each = this.#byAccount.get(account)?.find((limit) => itemOf(limit) === item);
    return each && counted(each);
  }

  /** Once a second: cells for days to come, and alarms into the log. */
  look(): void {
    this.#turnDays(this.#options.wallClock());
    const raised = Atomics.load(this.#alarms, 0);
    if (raised === this.#alarmsSeen) return;
    this.#alarmsSeen = raised;
    for (const each of this.#limits.values()) this.#tellAlarms(each);
  }

  /** The limits of an account, each with its thresholds and what they bound now. */
  stateOf(account: string): FraudState[] {
    return (this.#byAccount.get(account) ?? []).map((each) => this.#stateOf(each));
  }

  figures(): FraudFigures {
    const alarms: FraudAlarmFigures[] = [];
    let warning = 0;
    let blocking = 0;
    const nowMs = this.#options.wallClock();
    for (const each of this.#limits.values()) {
      const { blocked, warned } = this.#raisedOf(each, dayAt(each, nowMs));
      if (blocked.length > 0) blocking++;
      else if (warned.length > 0) warning++;
      else continue;
      if (alarms.length >= alarmsShownMax) continue;
      alarms.push({ account: each.account, prefix: each.document.prefix, warned, blocked });
    }
    return { limits: this.#limits.size, warning, blocking, alarms };
  }

  #forgetAlarms(slot: number): void {
    for (let alarm = 0; alarm < fraudAlarms; alarm++) {
      Atomics.store(this.#alarms, slot * alarmWordsPerLimit + alarm, 0);
      this.#told.delete(slot * alarmWordsPerLimit + alarm);
    }
  }

  /** Looks through the limits only when a day has begun in one of their zones. */
  #turnDays(nowMs: number): void {
    let turned = false;
    for (const [zone, known] of this.#zoneDays) {
      const today = dayOf(localSeconds(zone, nowMs));
      turned ||= today !== known;
      this.#zoneDays.set(zone, today);
    }
    if (!turned) return;
    for (const each of this.#limits.values()) this.#options.book.turn(counted(each), nowMs);
  }

  #stateOf(each: AccountFraudLimit): FraudState {
    const { slot } = each.limit;
    const { document } = each;
    const nowMs = this.#options.wallClock();
    const today = dayAt(each, nowMs);
    const used = (kind: UsageKind): bigint => this.#options.book.used(counted(each), kind, nowMs);
    const shown = <Value>(
      threshold: ThresholdDocument<Value> | undefined,
      value: Value | null,
    ): FraudValue<Value> => {
      return { value, warn: threshold?.warn ?? null, block: threshold?.block ?? null };
    };
    return {
      prefix: document.prefix,
      day: new Date(today * 86_400_000).toISOString().slice(0, 10),
      callsAtOnce: shown(document.callsAtOnce, this.#callsUp(slot)),
      callsPerMinute: shown(
        document.callsPerMinute,
        this.#windows.admittedOf(slot, this.#options.clock()),
      ),
      minutesPerDay: shown(
        document.minutesPerDay,
        Math.round(Number(used(UsageKind.seconds)) / 0.6) / 100,
      ),
      moneyPerDay: shown(document.moneyPerDay, moneyText(used(UsageKind.money))),
      callSeconds: shown(document.callSeconds, null),
      ...this.#raisedOf(each, today),
    };
  }

  #raisedOf(
    { limit: { slot } }: AccountFraudLimit,
    today: number,
  ): Pick<FraudState, 'warned' | 'blocked'> {
    const warned: FraudKind[] = [];
    const blocked: FraudKind[] = [];
    for (let alarm = 0; alarm < fraudAlarms; alarm++) {
      const raisedFor = Atomics.load(this.#alarms, slot * alarmWordsPerLimit + alarm);
      if (raisedFor !== today + 1) continue;
      (isBlockAlarm(alarm) ? blocked : warned).push(kindOf(alarm));
    }
    return { warned, blocked };
  }

  #tellAlarms(each: AccountFraudLimit): void {
    const { log, clock } = this.#options;
    for (let alarm = 0; alarm < fraudAlarms; alarm++) {
      const word = each.limit.slot * alarmWordsPerLimit + alarm;
      const raisedFor = Atomics.load(this.#alarms, word);
      if (raisedFor === (this.#told.get(word) ?? 0)) continue;
      this.#told.set(word, raisedFor);
      if (!this.#logLines.allow(clock())) continue;
      const state = this.#stateOf(each);
      const kind = kindOf(alarm);
      const heldBack = this.#logLines.takeHeldBack();
      log.warn(
        { account: each.account, prefix: each.document.prefix, kind, ...state[kind], heldBack },
        isBlockAlarm(alarm) ? 'a fraud limit blocks calls' : 'a fraud limit warns',
      );
    }
  }

  #callsUp(slot: number): number {
    return linesUsed(this.#lines, fraudLineSlot(slot));
  }
}

function kindOf(alarm: number): FraudKind {
  return fraudKinds[alarm >> 1]!;
}

function dayAt({ zone }: AccountFraudLimit, nowMs: number): number {
  return dayOf(localSeconds(zone, nowMs));
}

function itemOf({ document }: AccountFraudLimit): string {
  return `fraud/${document.prefix}`;
}

function counted(each: AccountFraudLimit): CountedItem {
  return {
    slot: each.limit.slot,
    account: each.account,
    item: itemOf(each),
    periodAt: (ms) => {
      const day = dayAt(each, ms);
      return { number: day, day };
    },
    periodOfDay: (day) => day,
  };
}

function limitedPrefixes(limits: readonly AccountFraudLimit[]): UsageRules['limits'] {
  const byAccount = new Map<
    string,
    { prefix: string; item: string; zone: AccountFraudLimit['zone'] }[]
  >();
  for (const each of limits) {
    const { account, limit, zone } = each;
    const of = byAccount.get(account);
    const prefix = { prefix: limit.prefix, item: itemOf(each), zone };
    if (of === undefined) byAccount.set(account, [prefix]);
    else of.push(prefix);
  }
  return byAccount;
}
