// What accounts had, and up to where in the log, when the database was last asked: kept beside the log, so
// that a node whose database is away at its start still knows what its customers have. Off by what was paid
// meanwhile, which is heard of when the database is back; never by a call, for those are in the log.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from '../../core/cdr/cdr.ts';
import type { Checkpoint } from './ledger-store.ts';

export interface KeptStanding {
  readonly balances: ReadonlyMap<string, bigint>;
  /** By log set. */
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  /** The payments that are part of the balances; only the latest, as the ledger tells them. */
  readonly payments: readonly number[];
  /** What the last days of fraud limits have used. */
  readonly usages: readonly Usage[];
}

const filePath = (dataDir: string): string => join(dataDir, 'ledger-standing.json');

export function keepStanding(dataDir: string, standing: KeptStanding): void {
  const path = filePath(dataDir);
  const text = JSON.stringify({
    balances: [...standing.balances].map(([name, units]) => [name, units.toString()]),
    checkpoints: [...standing.checkpoints],
    payments: standing.payments,
    usages: standing.usages.map((usage) => ({ ...usage, money: usage.money.toString() })),
  });
  // Renamed into place: a reader finds one standing or the other, never half of one.
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Undefined where none was kept. */
export function keptStanding(dataDir: string): KeptStanding | undefined {
  let text: string;
  try {
    text = readFileSync(filePath(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = JSON.parse(text) as {
    balances: [string, string][];
    checkpoints: [string, Checkpoint][];
    payments: number[];
    usages?: (Omit<Usage, 'money'> & { money: string })[];
  };
  return {
    balances: new Map(kept.balances.map(([name, units]) => [name, BigInt(units)])),
    checkpoints: new Map(kept.checkpoints),
    payments: kept.payments,
    // Kept by an earlier version: there were none.
    usages: (kept.usages ?? []).map((usage) => ({ ...usage, money: BigInt(usage.money) })),
  };
}
