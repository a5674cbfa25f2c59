// Why a CDR cannot be a row of any table, in words; '' where it can. A frame passed its CRC when it gets
// here, so this is about what another version, or a fault of ours, has written.
import type { LedgerRow } from './ledger-store.ts';

/** 9999-12-31, the last day that DATETIME holds. */
const timeMax = 253_402_214_400_000;

export function rowProblem({ cdr, day }: LedgerRow): string {
  if (!(Number.isInteger(day) && day >= 1970_01_01 && day <= 9999_12_31)) {
    return `table day ${String(day)}: expected YYYYMMDD`;
  }
  if (!isTime(cdr.startedAt)) return `startedAt ${String(cdr.startedAt)}: expected a time`;
  if (!isTime(cdr.endedAt)) return `endedAt ${String(cdr.endedAt)}: expected a time`;
  for (const at of [cdr.ringingAt, cdr.answeredAt]) {
    if (at !== null && !isTime(at)) return `ringingAt, answeredAt: ${String(at)}: expected a time`;
  }
  if (!Number.isInteger(cdr.holdTimeMs)) {
    return `holdTimeMs ${String(cdr.holdTimeMs)}: expected a whole number`;
  }
  return '';
}

function isTime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms < timeMax;
}
