// What is done to rate decks, and where: in the admin's task pool, or in place where a command runs without a
// node. One function a task; the pool calls them by name. Large values go over as bytes.
import type { AdminStart } from '../../workers/admin-messages.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import {
  type ApplyResult,
  ConfigurationVersions,
} from '../../workers/configuration/configuration-versions.ts';
import { copyRates, type MarkUpTexts } from '../../workers/configuration/copy-rates.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import type { PackedRates } from '../../workers/configuration/packed-rates.ts';
import type { TableReference } from '../../workers/configuration/stored-document.ts';
import { DeckUnreadable } from './deck-unreadable.ts';
import { type ImportOutcome, type ImportRequest, importDeck } from './import-deck.ts';
import { type SheetPiece, sheetPiece } from './workbook-writer.ts';
import { csvHeader, csvText, exportFields } from './write-deck.ts';

export type DeckFormat = 'csv' | 'xlsx';

export interface ImportTask {
  readonly dataDir: string;
  readonly file: Uint8Array;
  readonly request: ImportRequest;
}

export type ImportAnswer = ImportOutcome | { readonly kind: 'unreadable'; readonly reason: string };

export interface PieceTask {
  readonly dataDir: string;
  readonly table: TableReference;
  readonly format: DeckFormat;
  readonly start: number;
  /** Of the sheet so far. */
  readonly crc: number;
}

export interface CopyTask {
  readonly dataDir: string;
  readonly table: TableReference;
  readonly to: string;
  readonly markUp: MarkUpTexts;
  readonly dryRun: boolean;
  readonly listeners?: AdminStart['listeners'] | undefined;
}

export type CopyAnswer =
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'copied'; readonly result: ApplyResult };

/** Rows of one piece of an export: some megabytes. */
export const pieceRows = 50_000;

const stores = new Map<string, Promise<ConfigurationStore>>();
/** The table that the last piece was of: the next one is of the same. */
let lastTable: { readonly key: string; readonly rates: PackedRates } | undefined;

export async function runImport({ dataDir, file, request }: ImportTask): Promise<ImportAnswer> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  try {
    return await importDeck(await versionsOf(dataDir), bytes, request);
  } catch (error) {
    if (error instanceof DeckUnreadable) return { kind: 'unreadable', reason: error.message };
    throw error;
  }
}

export async function exportPiece(task: PieceTask): Promise<SheetPiece> {
  const { table, format, start, crc } = task;
  const key = `${task.dataDir} ${table.id}`;
  if (lastTable?.key !== key) {
    lastTable = { key, rates: (await versionsOf(task.dataDir)).rates(table) };
  }
  const { rates } = lastTable;
  const end = Math.min(start + pieceRows, rates.count);
  if (end === rates.count) lastTable = undefined;
  const fields = exportFields(rates);
  if (format === 'xlsx') return sheetPiece(rates, fields, { start, end, crc });
  const header = start === 0 ? csvHeader(fields) : '';
  const text = Buffer.from(header + csvText(rates, fields, start, end));
  return { deflated: text, bytes: text.length, crc: 0 };
}

export async function runCopy(task: CopyTask): Promise<CopyAnswer> {
  const versions = await versionsOf(task.dataDir);
  const copied = copyRates(versions.rates(task.table), task.markUp);
  if (!copied.ok) return { kind: 'refused', reason: copied.reason };
  const { to, dryRun, listeners } = task;
  const known = listeners === undefined ? {} : { listeners };
  return { kind: 'copied', result: versions.putTable(to, copied.rates, { dryRun, ...known }) };
}

/** Ends the stores of this thread. */
export async function closeDeckStores(): Promise<void> {
  const open = [...stores.values()];
  stores.clear();
  for (const store of open) await (await store).close();
}

async function versionsOf(dataDir: string): Promise<ConfigurationVersions> {
  let store = stores.get(dataDir);
  if (store === undefined) {
    store = openConfigurationStore(dataDir);
    stores.set(dataDir, store);
    store.catch(() => stores.delete(dataDir));
  }
  return new ConfigurationVersions(await store);
}
