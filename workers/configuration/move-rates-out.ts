// The store's step from format 1 to format 2.
import type { StoreTransaction } from './configuration-store.ts';
import { parseDocument } from './document-schema.ts';
import { type NewTables, storedForm } from './stored-document.ts';
import { packJson } from './stored-json.ts';
import { jsonAt, packedTables, putTables, tableIds, tablesKey } from './stored-versions.ts';

/** Format 1 had the rates inside of the documents. */
export function moveRatesOut(transaction: StoreTransaction): void {
  for (const key of transaction.keys('document/')) {
    const version = Number(key.slice('document/'.length));
    // Reading it again also fills in what came later: calendars, packages, templates.
    const parsed = parseDocument(jsonAt(transaction, key));
    if (!parsed.ok) {
      throw new Error(`configuration version ${version}: ${parsed.problems[0]!.text}`);
    }
    const tables: NewTables = new Map();
    const stored = storedForm(parsed.document, tables);
    putTables(transaction, packedTables(stored, tables));
    transaction.put(key, packJson(stored));
    transaction.put(tablesKey(version), packJson(tableIds(stored)));
  }
}
