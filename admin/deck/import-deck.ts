// A rate deck into a rate table, all or nothing: the file is read and checked line by line, put together with
// the table in force, compared with it, and staged as a version. Runs in the admin's task pool, or in the
// command where no node runs.
import { ratesMax } from '../../core/configuration/limits.ts';
import type { RateTemplateDocument } from '../../core/configuration/rate-template-model.ts';
import type { DeckRate } from '../../core/deck/deck-reader.ts';
import type { AdminStart } from '../../workers/admin-messages.ts';
import {
  type CombinedRates,
  combineRates,
  conflictsWithin,
  type ImportMode,
} from '../../workers/configuration/combine-rates.ts';
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../../workers/configuration/configuration-versions.ts';
import { name as nameSchema } from '../../workers/configuration/field-schemas.ts';
import type { PackedRates } from '../../workers/configuration/packed-rates.ts';
import type { RateChanges } from '../../workers/configuration/rate-changes.ts';
import { RatesBuilder } from '../../workers/configuration/rates-builder.ts';
import type { StoredDocument } from '../../workers/configuration/stored-document.ts';
import { nodeTimeZone, zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { DeckProblemList, type DeckProblems } from './deck-problems.ts';
import { type DeckRead, readDeck } from './read-deck.ts';

export interface ImportRequest {
  readonly table: string;
  /** Name of a rate template; absent: columns are named as the fields are. */
  readonly template?: string | undefined;
  readonly mode: ImportMode;
  /** For rows without a time of their own; ISO 8601 with a zone. */
  readonly effectiveAt?: string | undefined;
  /** Only tell what would change. */
  readonly dryRun: boolean;
  /** Changes of each kind that are spelled out. */
  readonly listed: number;
  /** Ms since 1970. */
  readonly now: number;
  readonly listeners?: AdminStart['listeners'] | undefined;
}

export interface ImportSummary extends RateChanges {
  readonly table: string;
  readonly mode: ImportMode;
  /** Rates in the file, and in the table afterwards. */
  readonly deckRates: number;
  readonly tableRates: number;
  readonly tookMs: number;
}

export type ImportOutcome =
  | ({ readonly kind: 'badLines' } & DeckProblems)
  | { readonly kind: 'notFound'; readonly field: 'template' | 'table'; readonly reason: string }
  | {
      readonly kind: 'read';
      readonly result: ApplyResult;
      readonly summary: ImportSummary;
      readonly warnings: readonly string[];
    };

/** @throws DeckUnreadable */
export async function importDeck(
  versions: ConfigurationVersions,
  file: Buffer,
  request: ImportRequest,
): Promise<ImportOutcome> {
  const startedMs = performance.now();
  const document = versions.stored(versions.current());
  if (document === undefined) throw new Error('the version in force is not stored');
  const refusal = refusalOf(document, request);
  if (refusal !== undefined) return refusal;
  const template = document.rateTemplates.find(({ name }) => name === request.template);
  const problems = new DeckProblemList();
  const deck = await readRates(file, template, request, problems);
  if (!problems.isEmpty) return { kind: 'badLines', ...problems.list() };
  const table = document.rateTables.find(({ name }) => name === request.table);
  const before = table === undefined ? new RatesBuilder().build().rates : versions.rates(table);
  const combined = combineRates(before, deck.rates, request);
  tellCrossing(combined, deck, problems);
  if (!problems.isEmpty) return { kind: 'badLines', ...problems.list() };
  const result = versions.putTable(request.table, combined.rates, {
    dryRun: request.dryRun,
    ...(request.listeners === undefined ? {} : { listeners: request.listeners }),
  });
  const { mode } = request;
  const summary = {
    table: request.table,
    mode,
    deckRates: deck.rates.count,
    tableRates: combined.rates.count,
    ...combined.changes,
    tookMs: Math.round(performance.now() - startedMs),
  };
  return { kind: 'read', result, summary, warnings: warningsOf(deck.read) };
}

function refusalOf(document: StoredDocument, request: ImportRequest): ImportOutcome | undefined {
  const { table, template } = request;
  const named = nameSchema.safeParse(table);
  if (!named.success) {
    const reason = `${JSON.stringify(table)}: expected ${named.error.issues[0]!.message}`;
    return { kind: 'notFound', field: 'table', reason };
  }
  if (template === undefined || document.rateTemplates.some(({ name }) => name === template)) {
    return undefined;
  }
  const known = document.rateTemplates.map(({ name }) => JSON.stringify(name)).join(', ');
  const reason = `${JSON.stringify(template)}: expected the name of a rate template (${known || 'there are none'})`;
  return { kind: 'notFound', field: 'template', reason };
}

interface Deck {
  readonly rates: PackedRates;
  /** Line of each rate in the file. */
  readonly lineOf: (row: number) => number;
  readonly read: DeckRead;
}

async function readRates(
  file: Buffer,
  template: RateTemplateDocument | undefined,
  request: ImportRequest,
  problems: DeckProblemList,
): Promise<Deck> {
  const builder = new RatesBuilder();
  const lines: number[] = [];
  const shapes = new WeakMap<object, number>();
  const words: [number, number, number, number] = [0, 0, 0, 0];
  const take = (rate: DeckRate): void => {
    if (builder.count >= ratesMax) {
      if (builder.count === lines.length) {
        const expected = `at most ${ratesMax} rates in a file`;
        problems.add({ line: rate.line, field: 'prefix', value: rate.prefix, expected });
        lines.push(rate.line);
      }
      return;
    }
    let shape = shapes.get(rate.terms);
    if (shape === undefined) {
      shape = builder.shape(rate.terms);
      shapes.set(rate.terms, shape);
    }
    words[0] = shape;
    words[1] = builder.area(rate.area);
    words[2] = builder.time(rate.effectiveAt);
    words[3] = builder.time(rate.expiresAt);
    builder.add(rate.prefix, rate.price, rate.decimals, words);
    lines.push(rate.line);
  };
  const zone = zoneOffsets(template?.timeZone ?? nodeTimeZone());
  const settings = { template, zone, effectiveAt: request.effectiveAt ?? '' };
  const read = await readDeck(file, settings, {
    rate: take,
    problem: (problem) => problems.add(problem),
  });
  if (problems.isEmpty && builder.count === 0) {
    const expected = read.hasHeader ? 'rates in the file' : 'a header line in the file';
    problems.add({ line: 0, field: 'prefix', value: '', expected });
  }
  const { rates, order } = builder.build();
  const lineOf = (row: number): number => lines[order[row]!]!;
  for (const { row, other, field } of problems.isEmpty ? conflictsWithin(rates) : []) {
    const expected =
      field === 'prefix'
        ? `a prefix once a time; line ${lineOf(other)} rates it from the same time on`
        : `an end that is not within the rate of line ${lineOf(other)}, which begins later`;
    const value = field === 'prefix' ? prefixOf(rates, row) : rates.timeList[rates.until[row]!]!;
    problems.add({ line: lineOf(row), field, value, expected });
  }
  return { rates, lineOf, read };
}

function prefixOf(rates: PackedRates, row: number): string {
  return rates.prefixBytes.toString('utf8', rates.prefixStarts[row], rates.prefixStarts[row + 1]);
}

function tellCrossing(combined: CombinedRates, deck: Deck, problems: DeckProblemList): void {
  for (const row of combined.crossing) {
    const value = deck.rates.timeList[deck.rates.until[row]!]!;
    const expected = 'an end that is not within a later rate that the table has of this prefix';
    problems.add({ line: deck.lineOf(row), field: 'expiresAt', value, expected });
  }
}

function warningsOf({ numericPrefixes }: DeckRead): string[] {
  const { count, firstLine } = numericPrefixes;
  if (count === 0) return [];
  return [
    `${count} prefixes are numbers in the workbook, the first in line ${firstLine}: zeros in front of them are lost if there were any; format the column as text to be sure`,
  ];
}
