// Task of the Piscina pool: what every account was charged by the calls in the CDR log. Called by its
// exported name: `pool.run({ directory }, { name: 'sumCharges' })`.
import { addCharges } from '../cdr/call-charges.ts';
import { queryCdrs } from '../cdr/query-cdrs.ts';

/** By account, units of money. `directory`: the data directory. */
export async function sumCharges({
  directory,
}: {
  readonly directory: string;
}): Promise<Map<string, bigint>> {
  const sums = new Map<string, bigint>();
  for await (const cdr of queryCdrs({ directory })) addCharges(sums, cdr);
  return sums;
}
