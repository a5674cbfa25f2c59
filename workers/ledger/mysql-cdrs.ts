// CDRs of the daily tables, by the end of the call, page by page. What may be in one of several columns (the
// account of either side, a gateway, a Call-ID) is asked for one column at a time, so that each has its
// index, and page by page of its own: attempts that another gateway took over from have none, and their rows are
// looked through once and not again for each page of what the others find.
import { logIdText } from '../../core/cdr/cdr-json.ts';
import { cdrFilter, compareCdrs, mergeCdrs } from '../cdr/cdr-filter.ts';
import type { StoredCdr, StoredCdrQuery } from './ledger-store.ts';
import { cdrColumnNames, cdrOfRow, text } from './mysql-cdr-row.ts';
import type { MysqlLink, SqlRow } from './mysql-link.ts';
import { sqlPrefix, sqlText, sqlTime } from './sql-text.ts';

const pageRows = 2000;

export async function* mysqlCdrs(
  link: MysqlLink,
  query: StoredCdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  const conditions = [];
  if (query.since !== undefined) conditions.push(`last_ended_at >= ${timeSql(query.since)}`);
  if (query.until !== undefined) conditions.push(`first_ended_at < ${timeSql(query.until)}`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const days = await link.rows(`SELECT day FROM cdr_day ${where} ORDER BY day`);
  yield* mergeCdrs(days.map(({ day }) => mysqlCdrsOfDay(link, Number(day), query)));
}

export function mysqlCdrsOfDay(
  link: MysqlLink,
  day: number,
  query: StoredCdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  const selects = cdrSelects(day, query);
  const limit = Math.ceil(pageRows / selects.length);
  return mergeCdrs(selects.map((select) => cdrsOf(link, { ...select, limit }, query)));
}

export interface CdrSelect {
  readonly table: string;
  /** All must hold. */
  readonly conditions: readonly string[];
}

/** Of one day; no CDR is found by two of them. */
export function cdrSelects(day: number, query: StoredCdrQuery): CdrSelect[] {
  const table = `cdr_${day}`;
  const common = rangeSql(query);
  const branches = branchesSql(query);
  if (branches.length === 0) return [{ table, conditions: common }];
  return branches.map((branch, index) => {
    const earlier = branches.slice(0, index).map((other) => `(${other}) IS NOT TRUE`);
    return { table, conditions: [...common, branch, ...earlier] };
  });
}

export function cdrPageSql({ table, conditions }: CdrSelect, limit: number): string {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return `SELECT ${cdrColumnNames} FROM ${table} ${where}
    ORDER BY ended_at, log_file, log_offset LIMIT ${limit}`;
}

async function* cdrsOf(
  link: MysqlLink,
  { table, conditions, limit }: CdrSelect & { readonly limit: number },
  query: StoredCdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  const { after } = query;
  const matches = cdrFilter(query);
  let behind: string[] = [];
  // CDRs of one millisecond are put into the order of all ledgers here.
  let sameTime: StoredCdr[] = [];
  for (;;) {
    const page = { table, conditions: [...conditions, ...behind] };
    const rows = await link.rows(cdrPageSql(page, limit));
    for (const row of rows) {
      const cdr = cdrOfRow(row);
      if (sameTime.length > 0 && sameTime[0]!.endedAt !== cdr.endedAt) {
        yield* sameTime.sort(compareCdrs);
        sameTime = [];
      }
      if (!matches(cdr, cdr.logId)) continue;
      if (after === undefined || compareCdrs(cdr, after) > 0) sameTime.push(cdr);
    }
    const last = rows.at(-1);
    if (rows.length < limit || last === undefined) break;
    behind = [behindSql(last)];
  }
  yield* sameTime.sort(compareCdrs);
}

/** Conditions that all must hold. */
function rangeSql(query: StoredCdrQuery): string[] {
  const conditions: string[] = [];
  const from = Math.max(query.since ?? 0, query.after?.endedAt ?? 0);
  if (from > 0) conditions.push(`ended_at >= ${timeSql(from)}`);
  if (query.until !== undefined) conditions.push(`ended_at < ${timeSql(query.until)}`);
  if (query.calleePrefix !== undefined) {
    conditions.push(`callee_access LIKE ${sqlPrefix(query.calleePrefix)}`);
  }
  // No index has it: the rows of the time are looked through, by the server.
  if (query.agent !== undefined) {
    const fee = sqlText(`"account":${JSON.stringify(query.agent)}`);
    conditions.push(`INSTR(agent_fees, ${fee}) > 0`);
  }
  if (query.logId !== undefined) conditions.push(`log_id = ${sqlText(logIdText(query.logId))}`);
  if (query.endReason !== undefined) conditions.push(`end_reason = ${sqlText(query.endReason)}`);
  return conditions;
}

/** Of the narrowest of the filters that look into several columns; the others are checked row by row. */
function branchesSql({ callId, account, gateway }: StoredCdrQuery): string[] {
  if (callId !== undefined) {
    const wanted = sqlText(callId);
    const attempt = sqlText(`"callId":${JSON.stringify(callId)}`);
    return [
      `call_id = ${wanted}`,
      `callee_call_id = ${wanted}`,
      `attempt_count > 1 AND INSTR(attempts, ${attempt}) > 0`,
    ];
  }
  if (account !== undefined) {
    return [`account = ${sqlText(account)}`, `clearing_account = ${sqlText(account)}`];
  }
  if (gateway === undefined) return [];
  const attempt = sqlText(`"gateway":${JSON.stringify(gateway)}`);
  return [
    `mapping_gateway = ${sqlText(gateway)}`,
    `routing_gateway = ${sqlText(gateway)}`,
    `attempt_count > 1 AND INSTR(attempts, ${attempt}) > 0`,
  ];
}

function behindSql(row: SqlRow): string {
  const ended = sqlText(text(row.ended_at));
  const file = Number(row.log_file);
  const offset = Number(row.log_offset);
  return `ended_at >= ${ended} AND (ended_at > ${ended} OR log_file > ${file} OR
    (log_file = ${file} AND log_offset > ${offset}))`;
}

/** DATETIME ends with the year 9999. */
function timeSql(ms: number): string {
  return sqlTime(Math.min(Math.max(0, Math.floor(ms)), 253_402_214_399_999));
}
