// All CDRs of a data directory, of its embedded ledger and of its log, each once.
import { queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { StoredCdr } from '../../workers/ledger/ledger-store.ts';

export async function readCdrs(directory: string): Promise<StoredCdr[]> {
  const ledger = await openEmbeddedLedger(directory);
  try {
    const cdrs: StoredCdr[] = [];
    for await (const cdr of queryCdrs({ directory, ledger })) cdrs.push(cdr);
    return cdrs;
  } finally {
    await ledger.close();
  }
}
