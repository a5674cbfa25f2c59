// All CDRs of a data directory.
import { type LoggedCdr, queryCdrs } from '../../workers/cdr/query-cdrs.ts';

export async function readCdrs(directory: string): Promise<LoggedCdr[]> {
  const cdrs: LoggedCdr[] = [];
  for await (const cdr of queryCdrs({ directory })) cdrs.push(cdr);
  return cdrs;
}
