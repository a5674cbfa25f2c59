// The demo's live figures in the terminal: a table drawn over itself once a second, or a line a second
// where the output is not a terminal.
import type { EngineFigures } from '../../workers/admin-messages.ts';
import { type CallKindName, callKindNames } from './configuration.ts';
import type { KindCounts } from './customers.ts';

export interface Shown {
  readonly figures: EngineFigures;
  readonly counts: Readonly<Record<CallKindName, KindCounts>>;
  readonly dashboard: string;
}

export function draw(shown: Shown): void {
  if (process.stdout.isTTY) process.stdout.write(`\u001b[H\u001b[2J${tableOf(shown)}\n`);
  else console.log(lineOf(shown));
}

function lineOf({ figures, counts }: Shown): string {
  const kinds = callKindNames.map(
    (name) => `${name} ${counts[name].asExpected}/${counts[name].placed}`,
  );
  return `up ${figures.callsUp}, ${figures.cps} CPS, ${kinds.join(', ')}`;
}

function tableOf({ figures, counts, dashboard }: Shown): string {
  const { counters } = figures;
  const lines = [
    `Tandem ${figures.version}, node ${figures.node}, up ${Math.floor(figures.uptimeSeconds)} s`,
    `Dashboard: ${dashboard}`,
    '',
    `calls up ${figures.callsUp} (${figures.callsAnsweredUp} answered)   ${figures.cps} CPS   ` +
      `answered ${counters.callsAnswered}   failed ${counters.callsFailed}   CDR frames ${counters.cdrFrames}`,
    '',
    row('kind of call', 'placed', 'as expected', 'otherwise'),
    ...callKindNames.map((name) => {
      const { placed, asExpected, otherwise } = counts[name];
      return row(name, placed, asExpected, otherwise);
    }),
    '',
    row('gateway', 'kind', 'lines', 'limit'),
    ...figures.gateways.map(({ name, kind, linesUsed, lineLimit }) =>
      row(name, kind, linesUsed, lineLimit === 0 ? 'none' : lineLimit),
    ),
    '',
    'Ctrl-C ends the calls and stops the switch.',
  ];
  return lines.join('\n');
}

function row(first: string, ...rest: (string | number)[]): string {
  return `  ${first.padEnd(18)}${rest.map((cell) => String(cell).padStart(13)).join('')}`;
}
