// The ledger of a node: in MySQL where the node file names one, else embedded.
import { openEmbeddedLedger } from './embedded-ledger.ts';
import type { LedgerStore } from './ledger-store.ts';

export interface LedgerSettings {
  readonly dataDir: string;
  /** "mysql://user:password@127.0.0.1:3306/tandem"; '' for the embedded ledger. */
  readonly mysqlUrl: string;
}

export async function openLedger(
  { dataDir, mysqlUrl }: LedgerSettings,
  onStandIn: (reason: string) => void,
): Promise<LedgerStore> {
  // Loaded where it is wanted: mysql2 is a tenth of a second, and some megabytes, of every command.
  if (mysqlUrl !== '')
    return (await import('./mysql-ledger.ts')).openMysqlLedger({ url: mysqlUrl });
  return openEmbeddedLedger(dataDir, { onStandIn });
}
