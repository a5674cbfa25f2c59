// CDRs and the other records of the CDR log as positional arrays, and back. The first value is the
// version of the layout, the second says what the record is. A later version only appends values, so
// that a log of any age can be read: a reader takes the positions it knows and ignores the rest.
// Turning the arrays into bytes is workers/cdr/frame.ts.
import { chargedOf, chargedValues, termsOf, termsValues } from './billing-values.ts';
import type { AnswerRecord, Cdr, CdrAttempt, DialogRecord, EndedBy } from './cdr.ts';
import { giftMoneyValues, heldMoneyValues, withHeldMoney } from './gift-values.ts';

/** 2 added what a call costs and the terms by which it is charged, 3 the gift money of packages. */
export const frameVersion = 3;
/** The first layout; every later one only appended. */
const oldestVersion = 1;

/** What a frame is; second value of every array. Numbers are never used again. */
export const FrameCode = {
  answer: 1,
  end: 2,
  alive: 3,
  segmentHeader: 4,
  segmentClose: 5,
} as const;

/** First frame of a segment. */
export interface SegmentHeader {
  /** UUID of the log set. */
  set: string;
  node: string;
  worker: number;
  incarnation: number;
  sequence: number;
  /** No frame of this segment is about an earlier moment. */
  startedAt: number;
  /** Sequence of the segment that holds the oldest answer record without an end. */
  oldestOpenSequence: number;
}

/** Written every few seconds: up to `at` this worker was alive. */
export interface AliveMark {
  at: number;
  openCalls: number;
  oldestOpenSequence: number;
}

export type Frame =
  | { kind: 'answer'; tableDay: number; answer: AnswerRecord }
  /** `recovered`: written for a dead worker, the end is the last moment it was known alive. */
  | { kind: 'end'; tableDay: number; cdr: Cdr; recovered: boolean }
  | { kind: 'alive'; alive: AliveMark }
  | { kind: 'segmentHeader'; header: SegmentHeader }
  /** Last frame of a segment that was ended in order. */
  | { kind: 'segmentClose'; at: number; openCalls: number }
  /** A record of a later version, or nothing of ours. */
  | { kind: 'unknown'; version: number; code: number };

/** `tableDay`, here and below: day of the node on which the call began, as 20260131. */
export function encodeAnswer(answer: AnswerRecord, tableDay: number): unknown[] {
  const values: unknown[] = [
    frameVersion,
    FrameCode.answer,
    tableDay,
    cdrValues(answer.cdr),
    dialogValues(answer.caller, answer.cdr.callId),
    dialogValues(answer.callee, answer.cdr.calleeCallId),
    termsValues(answer.terms),
  ];
  const held = heldMoneyValues(answer.terms);
  if (held !== undefined) values.push(held);
  return values;
}

export function encodeEnd(cdr: Cdr, tableDay: number): unknown[] {
  return [frameVersion, FrameCode.end, tableDay, cdrValues(cdr), 0];
}

/** The end of a call whose worker died. */
export function encodeRecoveredEnd(cdr: Cdr, tableDay: number): unknown[] {
  return [frameVersion, FrameCode.end, tableDay, cdrValues(cdr), 1];
}

export function encodeAlive(alive: AliveMark): unknown[] {
  return [frameVersion, FrameCode.alive, alive.at, alive.openCalls, alive.oldestOpenSequence];
}

export function encodeSegmentHeader(header: SegmentHeader): unknown[] {
  return [
    frameVersion,
    FrameCode.segmentHeader,
    header.set,
    header.node,
    header.worker,
    header.incarnation,
    header.sequence,
    header.startedAt,
    header.oldestOpenSequence,
  ];
}

export function encodeSegmentClose(at: number, openCalls: number): unknown[] {
  return [frameVersion, FrameCode.segmentClose, at, openCalls];
}

/** Never throws: what it cannot read is of kind `unknown`. */
export function decodeFrame(values: unknown): Frame {
  if (!Array.isArray(values)) return { kind: 'unknown', version: -1, code: -1 };
  const version = integerOr(values[0], -1);
  const code = integerOr(values[1], -1);
  const frame = version < oldestVersion ? null : decodeKnown(values, code);
  return frame ?? { kind: 'unknown', version, code };
}

function decodeKnown(values: unknown[], code: number): Frame | null {
  switch (code) {
    case FrameCode.answer:
      return decodeAnswer(values);
    case FrameCode.end:
      if (!isCdr(values[3])) return null;
      return {
        kind: 'end',
        tableDay: values[2] as number,
        cdr: cdrOf(values[3]),
        recovered: values[4] === 1,
      };
    case FrameCode.alive: {
      const [, , at, openCalls, oldestOpenSequence] = values as number[];
      return values.length < 5
        ? null
        : {
            kind: 'alive',
            alive: { at: at!, openCalls: openCalls!, oldestOpenSequence: oldestOpenSequence! },
          };
    }
    case FrameCode.segmentHeader:
      return values.length < 9 ? null : decodeSegmentHeader(values);
    case FrameCode.segmentClose:
      return values.length < 4
        ? null
        : { kind: 'segmentClose', at: values[2] as number, openCalls: values[3] as number };
    default:
      return null;
  }
}

function decodeAnswer(values: unknown[]): Frame | null {
  const [, , day, cdrPart, caller, callee, terms, held] = values;
  if (!isCdr(cdrPart) || !isDialog(caller) || !isDialog(callee)) return null;
  const cdr = cdrOf(cdrPart);
  return {
    kind: 'answer',
    tableDay: day as number,
    answer: {
      cdr,
      caller: dialogOf(caller, cdr.callId),
      callee: dialogOf(callee, cdr.calleeCallId),
      terms: withHeldMoney(termsOf(terms), held),
    },
  };
}

function decodeSegmentHeader(values: unknown[]): Frame {
  return {
    kind: 'segmentHeader',
    header: {
      set: values[2] as string,
      node: values[3] as string,
      worker: values[4] as number,
      incarnation: values[5] as number,
      sequence: values[6] as number,
      startedAt: values[7] as number,
      oldestOpenSequence: values[8] as number,
    },
  };
}

// A value that repeats another one of its record is written as `same`: most calls leave their numbers
// as they came, and each Call-ID stands in a record up to three times.
const same = 0;
type OrSame<T> = T | typeof same;

type CdrValues = [
  id: string,
  callId: string,
  node: string,
  startedAt: number,
  ringingAt: number | null,
  answeredAt: number | null,
  endedAt: number,
  holdTimeMs: number,
  pddMs: number | null,
  mappingGateway: string,
  routingGateway: string | null,
  calleeCallId: string | null,
  attempts: unknown[],
  callerAccess: string,
  calleeAccess: string,
  /** Same as callerAccess. */
  callerOut: OrSame<string | null>,
  /** Same as calleeAccess. */
  calleeOut: OrSame<string | null>,
  account: string | null,
  clearingAccount: string | null,
  configurationVersion: number,
  endReason: string,
  endedBy: EndedBy,
  sipCode: number,
  callerAddress: string,
  calleeAddress: string | null,
  /** billing-values.ts; missing where nobody pays for the call. */
  charged?: unknown[] | undefined,
  /** gift-values.ts; missing where no gift money paid and nothing is counted. */
  gifts?: unknown[],
];
const cdrValueCount = 25;

function cdrValues(cdr: Cdr): CdrValues {
  const charged = chargedValues(cdr);
  // Of its full length at once: a push would copy it into one half as long again.
  const values: CdrValues = [
    cdr.id,
    cdr.callId,
    cdr.node,
    cdr.startedAt,
    cdr.ringingAt,
    cdr.answeredAt,
    cdr.endedAt,
    cdr.holdTimeMs,
    cdr.pddMs,
    cdr.mappingGateway,
    cdr.routingGateway,
    cdr.calleeCallId,
    attemptsValues(cdr),
    cdr.callerAccess,
    cdr.calleeAccess,
    cdr.callerOut === cdr.callerAccess ? same : cdr.callerOut,
    cdr.calleeOut === cdr.calleeAccess ? same : cdr.calleeOut,
    cdr.account,
    cdr.clearingAccount,
    cdr.configurationVersion,
    cdr.endReason,
    cdr.endedBy,
    cdr.sipCode,
    cdr.callerAddress,
    cdr.calleeAddress,
    charged,
  ];
  if (charged === undefined) {
    values.pop();
    return values;
  }
  const gifts = giftMoneyValues(cdr);
  if (gifts !== undefined) values.push(gifts);
  return values;
}

// The CRC vouches for the values: they are what cdrValues wrote.
function cdrOf(values: CdrValues): Cdr {
  const charged = chargedOf(values[25], values[26], values[14]);
  return {
    id: values[0],
    callId: values[1],
    node: values[2],
    startedAt: values[3],
    ringingAt: values[4],
    answeredAt: values[5],
    endedAt: values[6],
    holdTimeMs: values[7],
    pddMs: values[8],
    mappingGateway: values[9],
    routingGateway: values[10],
    calleeCallId: values[11],
    attempts: attemptsOf(values),
    callerAccess: values[13],
    calleeAccess: values[14],
    callerOut: values[15] === same ? values[13] : values[15],
    calleeOut: values[16] === same ? values[14] : values[16],
    calleeBilling: charged.calleeBilling,
    account: values[17],
    ratePrefix: charged.ratePrefix,
    billedSeconds: charged.billedSeconds,
    fee: charged.fee,
    clearingAccount: values[18],
    clearingBilledSeconds: charged.clearingBilledSeconds,
    cost: charged.cost,
    tax: charged.tax,
    packageSeconds: charged.packageSeconds,
    giftFee: charged.giftFee,
    ...(charged.packageUses === undefined ? {} : { packageUses: charged.packageUses }),
    agentFees: charged.agentFees,
    billedParty: charged.billedParty,
    configurationVersion: values[19],
    endReason: values[20],
    endedBy: values[21],
    sipCode: values[22],
    callerAddress: values[23],
    calleeAddress: values[24],
  };
}

const attemptValueCount = 6;

/** All attempts in one flat array, six values each. */
function attemptsValues(cdr: Cdr): unknown[] {
  const values: unknown[] = [];
  for (let index = 0; index < cdr.attempts.length; index++) {
    const attempt = cdr.attempts[index]!;
    values.push(
      attempt.gateway === cdr.routingGateway ? same : attempt.gateway,
      attempt.callId === cdr.calleeCallId ? same : attempt.callId,
      attempt.sipCode,
      attempt.endReason === cdr.endReason ? same : attempt.endReason,
      attempt.startedAt,
      attempt.tookMs,
    );
  }
  return values;
}

function attemptsOf(cdr: CdrValues): CdrAttempt[] {
  const values = cdr[12];
  const attempts: CdrAttempt[] = [];
  for (let at = 0; at + attemptValueCount <= values.length; at += attemptValueCount) {
    attempts.push({
      gateway: orOther(values[at] as OrSame<string>, cdr[10]),
      callId: orOther(values[at + 1] as OrSame<string>, cdr[11]),
      sipCode: values[at + 2] as number,
      endReason: orOther(values[at + 3] as OrSame<string>, cdr[20]),
      startedAt: values[at + 4] as number,
      tookMs: values[at + 5] as number,
    });
  }
  return attempts;
}

function orOther(value: OrSame<string>, other: string | null): string {
  return value === same ? (other ?? '') : value;
}

type DialogValues = [
  transport: number,
  listener: number,
  address: string,
  port: number,
  /** Same as the Call-ID of that leg in the CDR. */
  callId: OrSame<string>,
  local: string,
  remote: string,
  remoteTarget: string,
  routes: string,
  localSeq: number,
];
const dialogValueCount = 10;

function dialogValues(dialog: DialogRecord, callId: string | null): DialogValues {
  return [
    dialog.transport,
    dialog.listener,
    dialog.address,
    dialog.port,
    dialog.callId === callId ? same : dialog.callId,
    dialog.local,
    dialog.remote,
    dialog.remoteTarget,
    dialog.routes,
    dialog.localSeq,
  ];
}

function dialogOf(values: DialogValues, callId: string | null): DialogRecord {
  return {
    transport: values[0],
    listener: values[1],
    address: values[2],
    port: values[3],
    callId: orOther(values[4], callId),
    local: values[5],
    remote: values[6],
    remoteTarget: values[7],
    routes: values[8],
    localSeq: values[9],
  };
}

function isCdr(value: unknown): value is CdrValues {
  return Array.isArray(value) && value.length >= cdrValueCount && Array.isArray(value[12]);
}

function isDialog(value: unknown): value is DialogValues {
  return Array.isArray(value) && value.length >= dialogValueCount;
}

function integerOr(value: unknown, otherwise: number): number {
  return Number.isInteger(value) ? (value as number) : otherwise;
}
