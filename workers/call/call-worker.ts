// The loop of a call worker: takes what lies in the ring, one clock reading a batch; fires the timers
// that are due; carries out the effects; then either goes on or sleeps. A bug in a handler is caught
// here and nowhere else: it ends that one call.
import { Counter } from '../../core/metrics/counter-layout.ts';
import type { Switch } from '../../core/switch.ts';
import { createLineLimit, type LineLimit, type Log } from '../log.ts';
import { RecordKind } from '../thread-messages.ts';
import type { EffectRunner } from './effect-runner.ts';
import type { Intake, IntakeMessage } from './intake.ts';
import type { LoopGauges } from './loop-gauges.ts';

/** Resolution of every SIP timer. */
const tickMs = 10;
/** The loop's pulse while no timer is armed. */
const slowTickMs = 100;
/** Its pulse, where no timer is due before, once nothing has come for `quietMs` and no call is up: a tick costs an idle
 *  node more than all that is done in it. */
const idleTickMs = 500;
/** A lost wake-up costs at most this. */
const sleepPollMs = 1000;
/** While there is traffic the thread itself waits for the next record, no longer than this: then sockets,
 *  messages of the supervisor and the log's sync have their turn. */
const holdMs = 10;
/** Batches in one turn of the event loop. */
const batchesMax = 64;
/** Without a record for so long the wait goes back to the event loop. */
const quietMs = 1000;
const bugLinesPerSecond = 10;

export interface CallWorkerOptions {
  shard: Switch;
  intake: Intake;
  effects: EffectRunner;
  counters: Float64Array;
  gauges: LoopGauges;
  log: Log;
  /** Monotonic milliseconds (workers/clock.ts). */
  clock: () => number;
  wallClock: () => number;
  /** Once a tick, after the timers: the CDR log's own pulse. */
  onTick: (nowMs: number) => void;
}

export class CallWorker {
  readonly #shard: Switch;
  readonly #intake: Intake;
  readonly #effects: EffectRunner;
  readonly #counters: Float64Array;
  readonly #gauges: LoopGauges;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #wallClock: () => number;
  readonly #onTick: (nowMs: number) => void;
  readonly #time: { nowMs: number; wallMs: number } = { nowMs: 0, wallMs: 0 };
  readonly #bugLines: LineLimit = createLineLimit(bugLinesPerSecond);
  readonly #turnOnWake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #tickDueMs = 0;
  #timersRanMs = 0;
  #lastRecordMs = Number.NEGATIVE_INFINITY;
  #running = false;

  constructor(options: CallWorkerOptions) {
    this.#shard = options.shard;
    this.#intake = options.intake;
    this.#effects = options.effects;
    this.#counters = options.counters;
    this.#gauges = options.gauges;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#wallClock = options.wallClock;
    this.#onTick = options.onTick;
    this.#turnOnWake = () => this.#turn();
  }

  start(): void {
    this.#running = true;
    this.#armTick(slowTickMs);
    setImmediate(this.#turnOnWake);
  }

  /** The loop ends after the turn in progress. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Publishes the gauges now, not at the next tick. */
  publish(): void {
    this.#gauges.publish(this.#clock(), this.#counters);
  }

  /** Runs `work` on the switch as if it were a record: same clock, same catch, same flush. It belongs
   *  to no one call, so a bug in it ends none. */
  act(work: () => void): void {
    const nowMs = this.#readClocks();
    this.#guard(work, nowMs);
    this.#effects.flush();
    // More sends than one flush may carry: the loop goes on with them.
    if (this.#effects.busy) this.#intake.wake();
    if (this.#running) this.#keepTickFast();
  }

  #turn(): void {
    if (!this.#running) return;
    const startMs = this.#runBatch();
    if (startMs - this.#lastRecordMs < quietMs) {
      this.#stay(startMs);
      // Not a microtask: sockets and timers get their turn between batches.
      setImmediate(this.#turnOnWake);
    } else if (this.#intake.isEmpty() && !this.#effects.busy) {
      this.#sleep();
    } else {
      setImmediate(this.#turnOnWake);
    }
    this.#keepTickFast();
  }

  /** Goes on with batches, waiting between them, until the event loop is due. */
  #stay(startMs: number): void {
    const untilMs = Math.min(startMs + holdMs, this.#tickDueMs);
    let nowMs = startMs;
    for (let batches = 0; batches < batchesMax && nowMs < untilMs; batches++) {
      if (this.#intake.isEmpty() && !this.#effects.busy) this.#intake.block(untilMs - nowMs);
      nowMs = this.#runBatch();
    }
  }

  /** The first timer of an idle shard must not wait for the slow pulse. */
  #keepTickFast(): void {
    const { nowMs } = this.#time;
    if (this.#tickDueMs - nowMs <= 2 * tickMs) return;
    const pulseMs = this.#pulseMs(nowMs);
    if (this.#tickDueMs - nowMs > pulseMs + tickMs) this.#armTick(pulseMs);
  }

  /** How long the next tick may be away. */
  #pulseMs(nowMs: number): number {
    const { timerCount, callsUp } = this.#shard;
    const isIdle =
      nowMs - this.#lastRecordMs >= quietMs && callsUp === 0 && this.#effects.withheld === 0;
    if (isIdle) return Math.max(1, this.#shard.untilTimerMs(nowMs, idleTickMs));
    return timerCount > 0 ? tickMs : slowTickMs;
  }

  #sleep(): void {
    this.#intake.sleep(sleepPollMs).then(this.#turnOnWake, (error: unknown) => {
      throw error;
    });
  }

  /** Returns the time it began. */
  #runBatch(): number {
    const startMs = this.#readClocks();
    const handled = this.#intake.take(this.#onMessage, this.#time);
    if (handled > 0) this.#lastRecordMs = startMs;
    if (startMs - this.#timersRanMs >= tickMs) this.#fireTimers(startMs);
    this.#effects.flush();
    this.#gauges.addBusy(this.#clock() - startMs);
    return startMs;
  }

  /** One reading for the whole batch. */
  #readClocks(): number {
    const nowMs = this.#clock();
    const wallMs = this.#wallClock();
    this.#time.nowMs = nowMs;
    this.#time.wallMs = wallMs;
    this.#shard.setNow(nowMs, wallMs);
    this.#effects.setNow(nowMs);
    return nowMs;
  }

  #fireTimers(nowMs: number): void {
    this.#timersRanMs = nowMs;
    this.#guard(this.#onTimers, nowMs);
  }

  readonly #onTimers = (): void => this.#shard.onTimers();
  readonly #endFaultyCall = (): void => this.#shard.endFaultyCall();

  readonly #onMessage = (message: IntakeMessage): void => {
    this.#effects.begin();
    try {
      this.#handleMessage(message);
    } catch (error) {
      this.#onBug(error, this.#endFaultyCall, this.#time.nowMs);
    }
  };

  #guard(work: () => void, nowMs: number): void {
    this.#effects.begin();
    try {
      work();
    } catch (error) {
      this.#onBug(error, work === this.#onTimers ? this.#endFaultyCall : endNoCall, nowMs);
    }
  }

  #onBug(error: unknown, endCall: () => void, nowMs: number): void {
    this.#reportBug(error, nowMs, 'a handler failed; its call is ended');
    this.#discard(endCall, nowMs);
  }

  /** A call that cannot even be ended stays as it is: its timers may yet end it. */
  #discard(endCall: () => void, nowMs: number): void {
    try {
      this.#effects.discard(endCall);
    } catch (error) {
      this.#reportBug(error, nowMs, 'a call could not be ended after a failed handler');
    }
  }

  #reportBug(error: unknown, nowMs: number, text: string): void {
    this.#effects.count(Counter.bugs);
    if (!this.#bugLines.allow(nowMs)) return;
    this.#log.error({ err: error, heldBack: this.#bugLines.takeHeldBack() }, text);
  }

  #handleMessage(message: IntakeMessage): void {
    if (message.kind === RecordKind.message) {
      const { payload, payloadLength, hop } = message;
      this.#shard.onMessage(payload as never, payloadLength, hop, message.waitedMs);
    } else if (message.kind === RecordKind.transportFailure) {
      this.#shard.onTransportFailure(message.hop);
    } else {
      throw new RangeError(`record of kind ${message.kind}; expected message or failure`);
    }
  }

  #armTick(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#tickDueMs = this.#clock() + delayMs;
    this.#timer = setTimeout(() => this.#tick(), delayMs);
  }

  /** Runs also when nothing arrives: timers, gauges, the log's sync. */
  #tick(): void {
    const nowMs = this.#clock();
    this.#gauges.onTick(nowMs - this.#tickDueMs);
    this.#runBatch();
    this.#onTick(nowMs);
    this.#gauges.publish(nowMs, this.#counters);
    if (this.#running) this.#armTick(this.#pulseMs(nowMs));
  }
}

function endNoCall(): void {}
