// What the commands on rate tables print for people.
import type { RateChange } from '../../workers/configuration/rate-changes.ts';
import type { CopiedTable, ImportedDeck } from '../deck/deck-service.ts';

/** Marks of the kinds, as they are listed. */
const marks = { new: '+', up: '↑', down: '↓', changed: '~', gone: '-' } as const;

export function importedText(imported: ImportedDeck, offline: boolean): string[] {
  const { counts, pending, listed, deckRates, tableRates, table } = imported;
  const lines: string[] = [];
  for (const kind of ['new', 'up', 'down', 'changed', 'gone'] as const) {
    for (const change of listed[kind]) lines.push(changeText(marks[kind], change));
    const more = counts[kind] - listed[kind].length;
    if (more > 0 && listed[kind].length > 0) lines.push(`${marks[kind]} and ${more} more`);
  }
  lines.push(
    `${deckRates} rates read: ${counts.new} new, ${counts.up} up, ${counts.down} down, ${counts.changed} on other terms, ${counts.unchanged} unchanged; ${counts.gone} prefixes gone; ${pending} begin later`,
    `rate table ${table}: ${tableRates} rates${imported.dryRun ? ' would be in it' : ''}; ${stateText(imported, offline)}`,
  );
  return lines;
}

export function copiedText(copied: CopiedTable, offline: boolean): string[] {
  return [`rate table ${copied.table}: ${copied.tableRates} rates; ${stateText(copied, offline)}`];
}

function changeText(mark: string, { prefix, before, after }: RateChange): string {
  const shown = prefix === '' ? '""' : prefix;
  if (before === null || after === null) return `${mark} ${shown}  ${before ?? after}`;
  return `${mark} ${shown}  ${before} -> ${after}`;
}

function stateText(applied: CopiedTable | ImportedDeck, offline: boolean): string {
  const { dryRun, version, previousVersion, activation } = applied;
  if (dryRun) return 'nothing was changed';
  if (version === previousVersion) return `nothing changes; version ${version} stays in force`;
  if (offline) return `version ${version} is stored; the next start runs on it`;
  const took =
    activation === undefined ? '' : ` (compiled in ${Math.round(activation.compileMs)} ms)`;
  return `version ${version} is in force${took}`;
}
