// Carries out what the core decided. Lines and CPS places are taken at once; the rest waits for the end
// of the batch: CDR frames first, in one write, then the sends in order, then the lines given back. While
// frames are unwritten, what they confirm is withheld. When a handler throws, its sends are forgotten and
// what it took is given back.
import { acquireCps, reachedCps } from '../../core/admission/cps-window.ts';
import {
  acquireLine,
  type LineCounters,
  linesUsed,
  nextPlace,
  releaseLine,
} from '../../core/admission/line-limits.ts';
import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import type {
  Effects,
  GatewayEffects,
  MoneyHold,
  UsageBound,
  UsageHold,
} from '../../core/effects.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { isBlockAlarm } from '../../core/metrics/fraud-alarm.ts';
import { gatewayEffects } from '../../core/routing/gateway-state.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { fitsHop } from '../../core/sip/message-size.ts';
import type { Purse } from '../memory/balance-block.ts';
import { type FraudCounters, raiseAlarm } from '../memory/fraud-block.ts';
import { MoneyJournal } from './money-journal.ts';
import { UsageJournal } from './usage-journal.ts';
import { createWithheldSends } from './withheld-sends.ts';

/** The CDR log as the runner needs it (workers/cdr/cdr-log.ts). */
export interface CdrSink {
  /** False while the log cannot be written. */
  readonly accepts: boolean;
  recordAnswer(answer: AnswerRecord): void;
  recordEnd(cdr: Cdr): void;
  /** One write of all that was appended; false when it failed and is kept for the next try. */
  flush(): boolean;
}

export interface MessageSender {
  send(hop: Hop, text: string): void;
}

export interface DatagramPort extends MessageSender {
  /** Sends what was gathered; called at the end of each batch. */
  flush(): void;
}

export interface EffectRunnerOptions {
  datagrams: DatagramPort;
  streams: MessageSender;
  cdrLog: CdrSink;
  lines: LineCounters;
  purse: Purse;
  cpsWords: Int32Array;
  fraud: FraudCounters;
  gatewayWords: Int32Array;
  /** This worker's counter block. */
  counters: Float64Array;
}

/** Sends of one flush; the rest waits for the next turn of the loop, so that ending all calls at once
 *  neither floods the kernel nor holds the loop. */
const sendsPerFlushMax = 2048;
/** Between tries to write to a log that failed. */
const logRetryMs = 100;

export class EffectRunner implements Effects {
  readonly #datagrams: DatagramPort;
  readonly #streams: MessageSender;
  readonly #cdrLog: CdrSink;
  readonly #lines: LineCounters;
  readonly #money: MoneyJournal;
  readonly #cpsWords: Int32Array;
  readonly #fraud: FraudCounters;
  readonly #usage: UsageJournal;
  readonly #counters: Float64Array;
  readonly #gateways: GatewayEffects;

  #nowMs = 0;
  readonly #hops: Hop[] = [];
  readonly #texts: string[] = [];
  #queued = 0;
  #sent = 0;
  readonly #records: (AnswerRecord | Cdr)[] = [];
  readonly #releases: number[] = [];
  readonly #withheld = createWithheldSends();
  readonly #sendNow = (hop: Hop, text: string): void => this.#sendOne(hop, text);
  #logFailedAtMs = 0;
  #logFailing = false;

  // Of the record being handled.
  #firstSend = 0;
  #firstRecord = 0;
  #firstRelease = 0;
  readonly #taken: number[] = [];

  constructor(options: EffectRunnerOptions) {
    this.#datagrams = options.datagrams;
    this.#streams = options.streams;
    this.#cdrLog = options.cdrLog;
    this.#lines = options.lines;
    this.#money = new MoneyJournal(options.purse);
    this.#cpsWords = options.cpsWords;
    this.#fraud = options.fraud;
    this.#usage = new UsageJournal(options.fraud.usage);
    this.#counters = options.counters;
    this.#gateways = gatewayEffects(options.gatewayWords, () => this.#nowMs / 1000);
  }

  setNow(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** What follows belongs to one record, up to the next `begin` or `flush`. */
  begin(): void {
    this.#firstSend = this.#queued;
    this.#firstRecord = this.#records.length;
    this.#firstRelease = this.#releases.length;
    this.#taken.length = 0;
    this.#money.begin();
    this.#usage.begin();
  }

  /**
   * The record's handler threw: forgets its sends and CDR records, lets `endCall` end the call, and
   * gives back what the handler took and the ended call did not. Releases stay, because the state they
   * belong to was changed too; an end record that ending the call does not repeat stays as well, for
   * no call may end without one. Throws what `endCall` threw, after all of that and without its sends.
   */
  discard(endCall: () => void): void {
    this.#queued = this.#firstSend;
    const unfinished = this.#records.slice(this.#firstRecord).filter(isEnd);
    this.#records.length = this.#firstRecord;
    try {
      endCall();
    } catch (error) {
      this.#queued = this.#firstSend;
      throw error;
    } finally {
      this.#settle(unfinished);
    }
  }

  /** `unfinished`: end records that a handler that threw left behind. */
  #settle(unfinished: readonly Cdr[]): void {
    const written = this.#records.slice(this.#firstRecord).filter(isEnd);
    for (const end of unfinished) {
      if (!written.some((other) => other.id === end.id)) this.#records.push(end);
    }
    const returned = this.#releases.slice(this.#firstRelease);
    for (const slot of this.#taken) {
      const place = returned.indexOf(slot);
      if (place >= 0) returned.splice(place, 1);
      else this.#releases.push(slot);
    }
    this.#money.discard();
    this.#usage.discard();
    this.begin();
  }

  send(hop: Hop, text: string): void {
    this.#hops[this.#queued] = hop;
    this.#texts[this.#queued] = text;
    this.#queued++;
  }

  count(counter: number): void {
    this.#counters[counter]!++;
  }

  acquireLine(slot: number, limit: number): boolean {
    const admitted = acquireLine(this.#lines, slot, limit);
    if (admitted) this.#taken.push(slot);
    return admitted;
  }

  releaseLine(slot: number): void {
    this.#releases.push(slot);
  }

  reserve(hold: MoneyHold, units: bigint): boolean {
    return this.#money.reserve(hold, units);
  }

  release(hold: MoneyHold, units: bigint): void {
    this.#money.release(hold, units);
  }

  settle(hold: MoneyHold, charged: bigint): void {
    this.#money.settle(hold, charged);
  }

  nextPlace(cursor: number): number {
    return nextPlace(this.#lines, cursor);
  }

  acquireCps(slot: number, limit: number): boolean {
    return acquireCps(this.#cpsWords, slot, limit, this.#nowMs);
  }

  linesUsed(lineSlot: number): number {
    return linesUsed(this.#lines, lineSlot);
  }

  acquireMinute(slot: number, most: number): boolean {
    return acquireCps(this.#fraud.minuteWords, slot, most, this.#nowMs);
  }

  reachedMinute(slot: number, calls: number): boolean {
    return reachedCps(this.#fraud.minuteWords, slot, calls, this.#nowMs);
  }

  takeUsage(hold: UsageHold, units: bigint, most: bigint): bigint {
    return this.#usage.take(hold, units, most);
  }

  takeUsageUpTo(hold: UsageHold, wanted: bigint, below: UsageBound): bigint {
    return this.#usage.takeUpTo(hold, wanted, below);
  }

  readUsage(cell: number): bigint {
    return this.#usage.read(cell);
  }

  addUsage(cell: number, units: bigint): void {
    this.#usage.add(cell, units);
  }

  giveUsageBack(hold: UsageHold, units: bigint): void {
    this.#usage.giveBack(hold, units);
  }

  settleUsage(hold: UsageHold, used: bigint): void {
    this.#usage.settle(hold, used);
  }

  raiseAlarm(slot: number, alarm: number, day: number): void {
    if (!raiseAlarm(this.#fraud.alarmWords, slot, alarm, day)) return;
    this.count(isBlockAlarm(alarm) ? Counter.fraudBlocks : Counter.fraudWarnings);
  }

  callsToday(slot: number): number {
    return this.#gateways.callsToday(slot);
  }

  asr(slot: number): number {
    return this.#gateways.asr(slot);
  }

  acd(slot: number): number {
    return this.#gateways.acd(slot);
  }

  isOffline(slot: number): boolean {
    return this.#gateways.isOffline(slot);
  }

  closedSeconds(slot: number): number {
    return this.#gateways.closedSeconds(slot);
  }

  noteAttempt(slot: number): void {
    this.#gateways.noteAttempt(slot);
  }

  noteOutcome(slot: number, answered: boolean, responded: boolean): void {
    this.#gateways.noteOutcome(slot, answered, responded);
  }

  noteTalk(slot: number, seconds: number): void {
    this.#gateways.noteTalk(slot, seconds);
  }

  closeGateway(slot: number, seconds: number): void {
    this.#gateways.closeGateway(slot, seconds);
  }

  noteCheck(slot: number, online: boolean): void {
    this.#gateways.noteCheck(slot, online);
  }

  cdrLogAccepts(): boolean {
    return this.#cdrLog.accepts;
  }

  recordAnswer(answer: AnswerRecord): void {
    this.#records.push(answer);
  }

  recordEnd(cdr: Cdr): void {
    this.#records.push(cdr);
  }

  /** Whether a flush has something to do. */
  get busy(): boolean {
    return (
      this.#queued > 0 ||
      this.#records.length > 0 ||
      this.#releases.length > 0 ||
      this.#money.busy ||
      this.#usage.busy
    );
  }

  /** Messages that wait for the CDR log. */
  get withheld(): number {
    return this.#withheld.size;
  }

  flush(): void {
    const wasFailing = this.#logFailing;
    if (!this.#writeRecords()) this.#withhold();
    else if (wasFailing) this.#withheld.release(this.#sendNow);
    this.#sendQueued();
    this.#datagrams.flush();
    if (this.#queued === 0) this.#giveBack();
    this.begin();
  }

  /** False while anything recorded, now or before, is not in the file. */
  #writeRecords(): boolean {
    const records = this.#records;
    const hadRecords = records.length > 0;
    if (!hadRecords && !this.#logFailing) return true;
    for (const record of records) {
      if (isEnd(record)) this.#cdrLog.recordEnd(record);
      else this.#cdrLog.recordAnswer(record);
    }
    const mayTry = hadRecords || this.#nowMs - this.#logFailedAtMs >= logRetryMs;
    const written = mayTry && this.#cdrLog.flush();
    this.#logFailing = !written;
    if (mayTry && !written) this.#logFailedAtMs = this.#nowMs;
    if (!written)
      for (const record of records) if (isEnd(record)) this.#withheld.noteUnwritten(record);
    records.length = 0;
    return written;
  }

  /** A log that cannot be written keeps back what tells a peer of a record: an answer, an end. A batch
   *  without records too, for it may repeat what an earlier one said. */
  #withhold(): void {
    let kept = this.#sent;
    for (let i = this.#sent; i < this.#queued; i++) {
      const hop = this.#hops[i]!;
      const text = this.#texts[i]!;
      if (this.#withheld.mustWait(text)) {
        if (!this.#withheld.keep(hop, text)) this.count(Counter.sendErrors);
      } else {
        this.#hops[kept] = hop;
        this.#texts[kept] = text;
        kept++;
      }
    }
    this.#queued = kept;
  }

  #sendQueued(): void {
    const end = Math.min(this.#queued, this.#sent + sendsPerFlushMax);
    for (let i = this.#sent; i < end; i++) this.#sendOne(this.#hops[i]!, this.#texts[i]!);
    this.#sent = end;
    if (this.#sent < this.#queued) return;
    if (this.#queued > sendsPerFlushMax) {
      this.#hops.length = 0;
      this.#texts.length = 0;
    }
    this.#queued = 0;
    this.#sent = 0;
  }

  #sendOne(hop: Hop, text: string): void {
    if (!fitsHop(hop, text.length)) {
      this.count(Counter.sendTooLarge);
      return;
    }
    this.count(Counter.messagesOut);
    if (hop.transport === Transport.tcp) this.#streams.send(hop, text);
    else this.#datagrams.send(hop, text);
  }

  #giveBack(): void {
    const { share } = this.#lines;
    for (let i = 0; i < this.#releases.length; i++) {
      const slot = this.#releases[i]!;
      // One release too many is a bug of ours, but no reason to end every call of this worker.
      if (share[slot]! > 0) releaseLine(this.#lines, slot);
      else this.count(Counter.bugs);
    }
    this.#releases.length = 0;
    if (this.#money.busy && !this.#money.giveBack()) this.count(Counter.bugs);
    if (this.#usage.busy && !this.#usage.flush()) this.count(Counter.bugs);
  }
}

function isEnd(record: AnswerRecord | Cdr): record is Cdr {
  return 'endReason' in record;
}
