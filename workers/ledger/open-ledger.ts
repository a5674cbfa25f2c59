// The ledger of a node: in MySQL where the node file names one, else embedded.
import { openEmbeddedLedger } from './embedded-ledger.ts';
import type { LedgerStore } from './ledger-store.ts';
import { openMysqlLedger } from './mysql-ledger.ts';

export interface LedgerSettings {
  readonly dataDir: string;
  /** "mysql://user:password@127.0.0.1:3306/tandem"; '' for the embedded ledger. */
  readonly mysqlUrl: string;
}

export async function openLedger(
  { dataDir, mysqlUrl }: LedgerSettings,
  onStandIn: (reason: string) => void,
): Promise<LedgerStore> {
  if (mysqlUrl !== '') return openMysqlLedger({ url: mysqlUrl });
  return openEmbeddedLedger(dataDir, { onStandIn });
}
