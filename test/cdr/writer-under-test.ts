// The CDR writer on a store, and what it has stored.
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters, type WriterParameters } from '../../workers/cdr/row-rules.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';

export function writerOn(
  directory: string,
  store: LedgerStore,
  parameters: Partial<WriterParameters> = {},
): CdrWriter {
  return new CdrWriter({
    directory,
    store,
    parameters: () => ({ ...defaultWriterParameters, ...parameters }),
    onRejected: () => {},
  });
}

export async function storedIds(ledger: LedgerStore): Promise<string[]> {
  const found: string[] = [];
  for await (const cdr of ledger.cdrs({})) found.push(cdr.id);
  return found;
}
