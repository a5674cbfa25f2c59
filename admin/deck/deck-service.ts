// Rate decks as the API and the commands ask for them: import and preview, export, copy. The work is a task's;
// what a task finds wrong becomes a problem document here.
import type { DeckProblem } from '../../core/deck/deck-reader.ts';
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../../workers/configuration/configuration-versions.ts';
import type { MarkUpTexts } from '../../workers/configuration/copy-rates.ts';
import type { TableReference } from '../../workers/configuration/stored-document.ts';
import type { AppliedChange, ConfigurationService, RunningNode } from '../configuration-service.ts';
import { type ProblemField, RequestRefused } from '../problem.ts';
import type { DeckTasks } from './deck-pool.ts';
import type { DeckProblems } from './deck-problems.ts';
import { type DeckFormat, pieceRows } from './deck-tasks.ts';
import type { ImportRequest, ImportSummary } from './import-deck.ts';
import { type SheetPiece, sheetRowsMax, workbookBytes } from './workbook-writer.ts';

export type ImportedDeck = Omit<AppliedChange, 'changes'> & ImportSummary;

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  readonly markUp: MarkUpTexts;
  /** A table of that name may be there and is replaced. */
  readonly replace: boolean;
  readonly dryRun: boolean;
}

export interface CopiedTable extends Omit<AppliedChange, 'changes'> {
  readonly table: string;
  readonly tableRates: number;
}

export interface RateDecks {
  tables(): { readonly name: string; readonly rates: number }[];
  /** `file` is given away. @throws RequestRefused */
  importDeck(
    file: Uint8Array,
    request: Omit<ImportRequest, 'now' | 'listeners'>,
  ): Promise<ImportedDeck>;
  /** @throws RequestRefused */
  exportTable(table: string, format: DeckFormat): AsyncIterable<Uint8Array>;
  /** @throws RequestRefused */
  copy(request: CopyRequest): Promise<CopiedTable>;
}

export interface DeckParts {
  readonly dataDir: string;
  readonly versions: ConfigurationVersions;
  readonly configuration: ConfigurationService;
  readonly tasks: DeckTasks;
  readonly listeners?: RunningNode['listeners'];
}

export function createRateDecks(parts: DeckParts): RateDecks {
  const { dataDir, versions, configuration, tasks, listeners } = parts;
  const tables = (): readonly TableReference[] =>
    versions.stored(versions.current())?.rateTables ?? [];
  const tableNamed = (name: string): TableReference => {
    const table = tables().find((each) => each.name === name);
    if (table !== undefined) return table;
    throw new RequestRefused(
      'table-not-found',
      `rate table ${JSON.stringify(name)}: expected one of those in force`,
    );
  };
  return {
    tables: () => tables().map(({ name, count }) => ({ name, rates: count })),
    async importDeck(file, request) {
      let summary: ImportSummary | undefined;
      let warnings: readonly string[] = [];
      const stage = async (): Promise<ApplyResult> => {
        const task = { dataDir, file, request: { ...request, now: Date.now(), listeners } };
        const answer = await tasks.importDeck(task);
        if (answer.kind === 'unreadable')
          throw new RequestRefused('deck-unreadable', answer.reason);
        if (answer.kind === 'notFound') {
          const field = { path: answer.field, message: answer.reason };
          throw new RequestRefused('bad-request', `${answer.field}: ${answer.reason}`, [field]);
        }
        if (answer.kind === 'badLines') throw badLines(answer);
        ({ summary, warnings } = answer);
        return answer.result;
      };
      const { changes: _, ...applied } = await configuration.applyStaged(stage, request.dryRun);
      return {
        ...applied,
        ...summary!,
        dryRun: request.dryRun,
        warnings: [...warnings, ...applied.warnings],
      };
    },
    exportTable(name, format) {
      const table = tableNamed(name);
      if (format === 'xlsx' && table.count >= sheetRowsMax) {
        const reason = `format: "xlsx": rate table ${JSON.stringify(name)} has ${table.count} rates, a sheet holds ${sheetRowsMax - 1}; expected csv`;
        throw new RequestRefused('bad-request', reason, [
          { path: 'format', value: format, message: reason },
        ]);
      }
      const pieces = piecesOf(parts, table, format);
      return format === 'xlsx' ? workbookBytes(pieces) : bytesOf(pieces);
    },
    async copy({ from, to, markUp, replace, dryRun }) {
      const table = tableNamed(from);
      if (!replace && tables().some((each) => each.name === to)) {
        const reason = `to: ${JSON.stringify(to)} is a rate table already; expected another name, or replace`;
        throw new RequestRefused('bad-request', reason, [
          { path: 'to', value: to, message: reason },
        ]);
      }
      const stage = async (): Promise<ApplyResult> => {
        const answer = await tasks.copy({ dataDir, table, to, markUp, dryRun, listeners });
        if (answer.kind === 'copied') return answer.result;
        throw new RequestRefused('bad-request', answer.reason, [
          { path: 'percent', message: answer.reason },
        ]);
      };
      const { changes: _, ...applied } = await configuration.applyStaged(stage, dryRun);
      return { ...applied, dryRun, table: to, tableRates: table.count };
    },
  };
}

async function* piecesOf(
  { dataDir, tasks }: DeckParts,
  table: TableReference,
  format: DeckFormat,
): AsyncGenerator<SheetPiece, void, void> {
  let crc = 0;
  let start = 0;
  do {
    const piece = await tasks.exportPiece({ dataDir, table, format, start, crc });
    crc = piece.crc;
    start += pieceRows;
    yield piece;
  } while (start < table.count);
}

async function* bytesOf(pieces: AsyncIterable<SheetPiece>): AsyncGenerator<Uint8Array, void, void> {
  for await (const { deflated } of pieces) yield deflated;
}

function badLines({ problems, badLines: count, furtherLines }: DeckProblems): RequestRefused {
  const fields = problems.map(fieldOf);
  const detail = `${count} bad lines, the first: ${fields[0]!.message}`;
  const refused = new RequestRefused('rates-invalid', detail, fields);
  if (furtherLines !== '') refused.problem.furtherLines = furtherLines;
  return refused;
}

function fieldOf({ line, field, value, expected }: DeckProblem): ProblemField {
  const shown = value === '' ? 'is missing' : JSON.stringify(value);
  const message = `line ${line}: ${field}: ${shown}; expected ${expected}`;
  return { path: field, line, value, expected, message };
}
