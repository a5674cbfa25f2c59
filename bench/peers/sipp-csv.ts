// Reads what SIPp writes: the statistics file (-trace_stat) and the message counts (-trace_counts). Columns are found by name; they differ between scenarios.
import { existsSync, readFileSync } from 'node:fs';

/** One line of -trace_stat: totals since SIPp started. */
export interface SippRow {
  /** Seconds of the wall clock. */
  atSeconds: number;
  created: number;
  successful: number;
  failed: number;
  /** Messages SIPp's own timers sent again. */
  retransmissions: number;
  currentCalls: number;
}

export function readStatistics(file: string): SippRow[] {
  const [header, ...rows] = readCsv(file);
  if (header === undefined) return [];
  const column = (name: string): number => {
    const index = header.indexOf(name);
    if (index < 0) throw new Error(`${file}: no column ${name}`);
    return index;
  };
  const at = column('CurrentTime');
  const created = column('TotalCallCreated');
  const successful = column('SuccessfulCall(C)');
  const failed = column('FailedCall(C)');
  const retransmissions = column('Retransmissions(C)');
  const currentCalls = column('CurrentCall');
  return rows
    .filter((row) => row.length >= header.length - 1)
    .map((row) => ({
      atSeconds: Number(row[at]!.split('\t').at(-1)),
      created: Number(row[created]),
      successful: Number(row[successful]),
      failed: Number(row[failed]),
      retransmissions: Number(row[retransmissions]),
      currentCalls: Number(row[currentCalls]),
    }));
}

/** Repeats that SIPp saw or sent, over all messages of the scenario. */
export function countedRetransmissions(file: string): number {
  const [header, ...rows] = readCsv(file);
  const last = rows.at(-1);
  if (header === undefined || last === undefined) return 0;
  let sum = 0;
  for (let i = 0; i < header.length; i++) {
    if (header[i]!.endsWith('_Retrans')) sum += Number(last[i] ?? 0);
  }
  return sum;
}

export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

/** The calls that had succeeded at a moment, between the rows around it. */
export function successfulAt(rows: readonly SippRow[], atSeconds: number): number {
  let before: SippRow | undefined;
  for (const row of rows) {
    if (row.atSeconds >= atSeconds) {
      if (before === undefined || row.atSeconds === before.atSeconds) return row.successful;
      const share = (atSeconds - before.atSeconds) / (row.atSeconds - before.atSeconds);
      return before.successful + share * (row.successful - before.successful);
    }
    before = row;
  }
  return before?.successful ?? 0;
}

function readCsv(file: string): string[][] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(';'));
}
