// A CDR as a row of a daily table, and back. Column names are the words of the JSON in snake_case. What came
// from a peer is UTF-8 text here, as in JSON: what is none shows U+FFFD.

import type { BilledParty, Cdr, EndedBy } from '../../core/cdr/cdr.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import { logIdText, peerText, peerTextOrNull } from '../../core/cdr/cdr-json.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import { moneyText, parseMoney } from '../../core/money.ts';
import type { LedgerRow, StoredCdr } from './ledger-store.ts';
import type { SqlRow, SqlValue } from './mysql-link.ts';
import { sqlText, sqlTextOrNull, sqlTime, sqlTimeOrNull, timeOfSql } from './sql-text.ts';

/** In the order of `rowSql`; the last two are put behind by the commit. */
export const cdrColumnNames: string =
  'id, call_id, node, started_at, ringing_at, answered_at, ended_at, hold_time_ms, pdd_ms, ' +
  'mapping_gateway, routing_gateway, callee_call_id, attempts, attempt_count, caller_access, ' +
  'callee_access, caller_out, callee_out, callee_billing, account, rate_prefix, billed_seconds, ' +
  'fee, clearing_account, clearing_billed_seconds, cost, tax, package_seconds, gift_fee, agent_fees, ' +
  'billed_party, configuration_version, end_reason, ended_by, sip_code, caller_address, ' +
  'callee_address, log_id, log_file, log_offset';

/** All values but log_file and log_offset. */
export function rowSql({ cdr: logged, logId }: LedgerRow): string {
  const cdr = withinColumns(logged);
  const values = [
    sqlText(cdr.id),
    sqlText(peerText(cdr.callId)),
    sqlText(cdr.node),
    sqlTime(cdr.startedAt),
    sqlTimeOrNull(cdr.ringingAt),
    sqlTimeOrNull(cdr.answeredAt),
    sqlTime(cdr.endedAt),
    cdr.holdTimeMs,
    cdr.pddMs ?? 'NULL',
    sqlText(cdr.mappingGateway),
    sqlTextOrNull(cdr.routingGateway),
    sqlTextOrNull(peerTextOrNull(cdr.calleeCallId)),
    sqlText(attemptsJson(cdr)),
    cdr.attempts.length,
    sqlText(peerText(cdr.callerAccess)),
    sqlText(peerText(cdr.calleeAccess)),
    sqlTextOrNull(peerTextOrNull(cdr.callerOut)),
    sqlTextOrNull(peerTextOrNull(cdr.calleeOut)),
    sqlTextOrNull(peerTextOrNull(cdr.calleeBilling)),
    sqlTextOrNull(cdr.account),
    sqlTextOrNull(cdr.ratePrefix),
    cdr.billedSeconds ?? 'NULL',
    sqlMoney(cdr.fee),
    sqlTextOrNull(cdr.clearingAccount),
    cdr.clearingBilledSeconds ?? 'NULL',
    sqlMoney(cdr.cost),
    sqlMoney(cdr.tax),
    cdr.packageSeconds,
    moneyText(cdr.giftFee),
    cdr.agentFees.length === 0 ? "'[]'" : sqlText(agentFeesJson(cdr)),
    sqlTextOrNull(cdr.billedParty),
    cdr.configurationVersion,
    sqlText(cdr.endReason),
    sqlText(cdr.endedBy),
    cdr.sipCode,
    sqlText(peerText(cdr.callerAddress)),
    sqlTextOrNull(peerTextOrNull(cdr.calleeAddress)),
    sqlText(logIdText(logId)),
  ];
  return values.join(',');
}

function sqlMoney(units: bigint | null): string {
  return units === null ? 'NULL' : moneyText(units);
}

function attemptsJson({ attempts }: Cdr): string {
  return JSON.stringify(
    attempts.map(({ gateway, callId, sipCode, endReason, startedAt, tookMs }) => ({
      gateway,
      callId: peerText(callId),
      sipCode,
      endReason,
      startedAt,
      tookMs,
    })),
  );
}

function agentFeesJson({ agentFees }: Cdr): string {
  return JSON.stringify(
    agentFees.map(({ account, fee, giftFee, billedSeconds }) => ({
      account,
      fee: moneyText(fee),
      giftFee: moneyText(giftFee),
      billedSeconds,
    })),
  );
}

export function cdrOfRow(row: SqlRow): StoredCdr {
  return {
    id: text(row.id),
    callId: bytes(row.call_id),
    node: text(row.node),
    startedAt: timeOfSql(text(row.started_at)),
    ringingAt: orNull(row.ringing_at, (value) => timeOfSql(text(value))),
    answeredAt: orNull(row.answered_at, (value) => timeOfSql(text(value))),
    endedAt: timeOfSql(text(row.ended_at)),
    holdTimeMs: Number(row.hold_time_ms),
    pddMs: orNull(row.pdd_ms, Number),
    mappingGateway: text(row.mapping_gateway),
    routingGateway: orNull(row.routing_gateway, text),
    calleeCallId: orNull(row.callee_call_id, bytes),
    attempts: (JSON.parse(text(row.attempts)) as Cdr['attempts']).map((attempt) => ({
      ...attempt,
      callId: bytes(attempt.callId),
    })),
    callerAccess: bytes(row.caller_access),
    calleeAccess: bytes(row.callee_access),
    callerOut: orNull(row.caller_out, bytes),
    calleeOut: orNull(row.callee_out, bytes),
    calleeBilling: orNull(row.callee_billing, bytes),
    account: orNull(row.account, text),
    ratePrefix: orNull(row.rate_prefix, text),
    billedSeconds: orNull(row.billed_seconds, Number),
    fee: orNull(row.fee, units),
    clearingAccount: orNull(row.clearing_account, text),
    clearingBilledSeconds: orNull(row.clearing_billed_seconds, Number),
    cost: orNull(row.cost, units),
    tax: orNull(row.tax, units),
    packageSeconds: Number(row.package_seconds),
    giftFee: units(row.gift_fee),
    agentFees: agentFeesOf(text(row.agent_fees)),
    billedParty: orNull(row.billed_party, text) as BilledParty | null,
    configurationVersion: Number(row.configuration_version),
    endReason: text(row.end_reason),
    endedBy: text(row.ended_by) as EndedBy,
    sipCode: Number(row.sip_code),
    callerAddress: bytes(row.caller_address),
    calleeAddress: orNull(row.callee_address, bytes),
    logId: logIdOf(text(row.log_id)),
  };
}

interface StoredAgentFee {
  readonly account: string;
  readonly fee: string;
  /** Rows of earlier versions have none. */
  readonly giftFee?: string;
  readonly billedSeconds: number;
}

function agentFeesOf(json: string): Cdr['agentFees'] {
  if (json === '[]') return [];
  const fees = JSON.parse(json) as StoredAgentFee[];
  return fees.map(({ account, fee, giftFee = '0', billedSeconds }) => ({
    account,
    fee: units(fee),
    giftFee: units(giftFee),
    billedSeconds,
  }));
}

function logIdOf(logId: string): LogId {
  const [set, file, offset] = logId.split('/');
  return { set: set!, file: file!, offset: Number(offset) };
}

export function text(value: SqlValue | undefined): string {
  return String(value);
}

/** Back to one char a byte, as CDRs hold it. */
function bytes(value: SqlValue | undefined): string {
  return Buffer.from(String(value), 'utf8').toString('latin1');
}

/** Of a DECIMAL(20,8). */
export function units(value: SqlValue | undefined): bigint {
  const parsed = parseMoney(String(value));
  if (parsed === undefined) throw new Error(`money ${String(value)}: expected a decimal number`);
  return parsed;
}

export function orNull<Result>(
  value: SqlValue | undefined,
  read: (value: SqlValue) => Result,
): Result | null {
  return value === null || value === undefined ? null : read(value);
}
