// The CDR as people and programs outside see it (`tandem cdr`, GET /api/v1/cdrs). Here byte strings
// become text (UTF-8, with U+FFFD for what is not), times ISO 8601 and amounts of money decimal strings.
import { moneyText } from '../money.ts';
import type { Cdr, EndedBy } from './cdr.ts';

/** Identity of a log frame: unique over everything a node ever writes. */
export interface LogId {
  /** UUID of the log set. */
  set: string;
  file: string;
  offset: number;
}

/** "SET/FILE/OFFSET". */
export function logIdText({ set, file, offset }: LogId): string {
  return `${set}/${file}/${offset}`;
}

const logIdForm = /^([0-9a-f-]{36})\/([^/]{1,64})\/(\d{1,12})$/;

/** Undefined where the text is no identity of a frame. */
export function parseLogId(text: string): LogId | undefined {
  const match = logIdForm.exec(text);
  return match === null ? undefined : { set: match[1]!, file: match[2]!, offset: Number(match[3]) };
}

export interface CdrJsonAttempt {
  gateway: string;
  callId: string;
  sipCode: number;
  endReason: string;
  startedAt: string;
  tookMs: number;
}

export interface CdrJson {
  id: string;
  callId: string;
  node: string;
  startedAt: string;
  ringingAt: string | null;
  answeredAt: string | null;
  endedAt: string;
  holdTimeMs: number;
  pddMs: number | null;
  mappingGateway: string;
  routingGateway: string | null;
  calleeCallId: string | null;
  attempts: CdrJsonAttempt[];
  callerAccess: string;
  calleeAccess: string;
  callerOut: string | null;
  calleeOut: string | null;
  /** The number by which the call was rated; null where nothing was rated. */
  calleeBilling: string | null;
  account: string | null;
  ratePrefix: string | null;
  billedSeconds: number | null;
  fee: string | null;
  clearingAccount: string | null;
  clearingBilledSeconds: number | null;
  cost: string | null;
  /** `fee` less `cost`; null where one of them is. */
  profit: string | null;
  tax: string | null;
  packageSeconds: number;
  /** The part of `fee` that gift money paid. */
  giftFee: string;
  agentFees: { account: string; fee: string; giftFee: string; billedSeconds: number }[];
  billedParty: string | null;
  logId: LogId;
  configurationVersion: number;
  endReason: string;
  endedBy: EndedBy;
  sipCode: number;
  callerAddress: string;
  calleeAddress: string | null;
}

/** Every field in the order in which it is written, as JSON and as columns of CSV. */
export const cdrColumns: readonly (keyof CdrJson)[] = [
  'id',
  'callId',
  'node',
  'startedAt',
  'ringingAt',
  'answeredAt',
  'endedAt',
  'holdTimeMs',
  'pddMs',
  'mappingGateway',
  'routingGateway',
  'calleeCallId',
  'attempts',
  'callerAccess',
  'calleeAccess',
  'callerOut',
  'calleeOut',
  'calleeBilling',
  'account',
  'ratePrefix',
  'billedSeconds',
  'fee',
  'clearingAccount',
  'clearingBilledSeconds',
  'cost',
  'profit',
  'tax',
  'packageSeconds',
  'giftFee',
  'agentFees',
  'billedParty',
  'logId',
  'configurationVersion',
  'endReason',
  'endedBy',
  'sipCode',
  'callerAddress',
  'calleeAddress',
];

export function cdrToJson(cdr: Cdr, logId: LogId): CdrJson {
  return {
    id: cdr.id,
    callId: peerText(cdr.callId),
    node: cdr.node,
    startedAt: isoTime(cdr.startedAt),
    ringingAt: isoTimeOrNull(cdr.ringingAt),
    answeredAt: isoTimeOrNull(cdr.answeredAt),
    endedAt: isoTime(cdr.endedAt),
    holdTimeMs: cdr.holdTimeMs,
    pddMs: cdr.pddMs,
    mappingGateway: cdr.mappingGateway,
    routingGateway: cdr.routingGateway,
    calleeCallId: peerTextOrNull(cdr.calleeCallId),
    attempts: cdr.attempts.map((attempt) => ({
      gateway: attempt.gateway,
      callId: peerText(attempt.callId),
      sipCode: attempt.sipCode,
      endReason: attempt.endReason,
      startedAt: isoTime(attempt.startedAt),
      tookMs: attempt.tookMs,
    })),
    callerAccess: peerText(cdr.callerAccess),
    calleeAccess: peerText(cdr.calleeAccess),
    callerOut: peerTextOrNull(cdr.callerOut),
    calleeOut: peerTextOrNull(cdr.calleeOut),
    calleeBilling: peerTextOrNull(cdr.calleeBilling),
    account: cdr.account,
    ratePrefix: peerTextOrNull(cdr.ratePrefix),
    billedSeconds: cdr.billedSeconds,
    fee: moneyOrNull(cdr.fee),
    clearingAccount: cdr.clearingAccount,
    clearingBilledSeconds: cdr.clearingBilledSeconds,
    cost: moneyOrNull(cdr.cost),
    profit: moneyOrNull(profitOf(cdr)),
    tax: moneyOrNull(cdr.tax),
    packageSeconds: cdr.packageSeconds,
    giftFee: moneyText(cdr.giftFee),
    agentFees: cdr.agentFees.map(({ account, fee, giftFee, billedSeconds }) => ({
      account,
      fee: moneyText(fee),
      giftFee: moneyText(giftFee),
      billedSeconds,
    })),
    billedParty: cdr.billedParty,
    logId: { set: logId.set, file: logId.file, offset: logId.offset },
    configurationVersion: cdr.configurationVersion,
    endReason: cdr.endReason,
    endedBy: cdr.endedBy,
    sipCode: cdr.sipCode,
    callerAddress: cdr.callerAddress,
    calleeAddress: cdr.calleeAddress,
  };
}

/** Worked out when it is shown: no ledger has a column of it. */
function profitOf({ fee, cost }: Cdr): bigint | null {
  return fee === null || cost === null ? null : fee - cost;
}

function moneyOrNull(units: bigint | null): string | null {
  return units === null ? null : moneyText(units);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

const utf8 = new TextDecoder();

/** Text of a byte string: what came from a peer. Names of the configuration are text already. */
export function peerText(byteString: string): string {
  let ascii = true;
  for (let index = 0; index < byteString.length; index++) {
    const char = byteString.charCodeAt(index);
    if (char > 0x7f) ascii = false;
  }
  if (ascii) return byteString;
  const bytes = new Uint8Array(byteString.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = byteString.charCodeAt(index);
  return utf8.decode(bytes);
}

export function peerTextOrNull(byteString: string | null): string | null {
  return byteString === null ? null : peerText(byteString);
}
