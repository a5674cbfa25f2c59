// What accounts have now: what the ledger says, less what calls have cost whose CDRs are in the log and not
// in the ledger yet. To be asked by the one that ships the log, between two commits.
import { sumUsages, type UsageRules, usagesOf } from '../../core/billing/fraud-usage.ts';
import type { Cdr, Usage } from '../../core/cdr/cdr.ts';
import { addCharges } from '../cdr/call-charges.ts';
import { listLogSets } from '../cdr/log-set.ts';
import { LogTail } from '../cdr/log-tail.ts';
import {
  type Checkpoint,
  LedgerAway,
  type LedgerStore,
  type OpeningAccount,
} from './ledger-store.ts';
import { type KeptStanding, keepStanding, keptStanding } from './standing-file.ts';

export interface StandingBalances {
  /** In the order of the accounts. */
  readonly balances: readonly bigint[];
  /** The latest payments, which are part of the balances: their numbers. */
  readonly payments: readonly HeardPayment[];
  /** True where the ledger was away: its own words are still to be heard. */
  readonly isKept: boolean;
}

interface HeardPayment {
  readonly number: number;
  readonly account: string;
  readonly units: bigint;
}

export interface StandingRequest {
  readonly accounts: readonly OpeningAccount[];
  readonly at: number;
}

export class Standings {
  readonly #store: LedgerStore;
  readonly #directory: string;
  /** All accounts that were ever asked for: those that are kept. */
  readonly #names: Set<string>;
  /** Books that could not be opened yet. */
  #unopened: OpeningAccount[] = [];

  /** `directory`: the data directory. `names`: accounts that an earlier one of this process was asked for. */
  constructor(store: LedgerStore, directory: string, names: readonly string[] = []) {
    this.#store = store;
    this.#directory = directory;
    this.#names = new Set(names);
  }

  /** Books are opened where there are none. @throws LedgerAway where nothing was kept either */
  async balancesOf({ accounts, at }: StandingRequest): Promise<StandingBalances> {
    for (const { name } of accounts) this.#names.add(name);
    try {
      await this.#store.openAccounts(accounts, at);
      const sets = listLogSets(this.#directory).map(({ id }) => id);
      const names = accounts.map(({ name }) => name);
      const standing = await this.#store.standing(names, sets);
      const checkpoints = new Map(sets.map((id, index) => [id, standing.checkpoints[index]!]));
      const charges = this.#chargesBehind(checkpoints);
      const balances = names.map(
        (name, index) => standing.balances[index]! - (charges.get(name) ?? 0n),
      );
      return { balances, payments: standing.payments, isKept: false };
    } catch (error) {
      if (!(error instanceof LedgerAway)) throw error;
      const kept = keptStanding(this.#directory);
      if (kept === undefined) throw error;
      this.#unopened.push(...accounts);
      return this.#keptBalances(accounts, kept);
    }
  }

  /** What ended calls have used of fraud limits and packages in the last year, hence in every period under way.
   *  @throws LedgerAway where nothing was kept either, and there are accounts */
  async usagesOf(rules: UsageRules, at: number): Promise<readonly Usage[]> {
    const sets = listLogSets(this.#directory).map(({ id }) => id);
    let known: readonly Usage[];
    let checkpoints: ReadonlyMap<string, Checkpoint>;
    try {
      const standing = await this.#store.standing([], sets);
      known = await this.#store.usages(oldestDay(at));
      checkpoints = new Map(sets.map((id, index) => [id, standing.checkpoints[index]!]));
    } catch (error) {
      if (!(error instanceof LedgerAway)) throw error;
      const kept = keptStanding(this.#directory);
      // A node without accounts has nothing that could be used up: it needs nothing of the ledger to take calls.
      if (kept === undefined && this.#names.size > 0) throw error;
      known = kept?.usages ?? [];
      checkpoints = kept?.checkpoints ?? new Map();
    }
    const behind: Usage[] = [];
    this.#readBehind(checkpoints, (cdr) => behind.push(...usagesOf(cdr, rules)));
    return sumUsages([...known, ...behind]);
  }

  /** Opens what could not be opened, and keeps what accounts have, for a start without the ledger. The
   *  embedded ledger is never away: nothing is kept of it. */
  async keep(at: number): Promise<void> {
    if (this.#store.kind !== 'mysql') return;
    if (this.#unopened.length > 0) {
      await this.#store.openAccounts(this.#unopened, at);
      this.#unopened = [];
    }
    const names = [...this.#names];
    const sets = listLogSets(this.#directory).map(({ id }) => id);
    const standing = await this.#store.standing(names, sets);
    keepStanding(this.#directory, {
      balances: new Map(names.map((name, index) => [name, standing.balances[index]!])),
      checkpoints: new Map(sets.map((id, index) => [id, standing.checkpoints[index]!])),
      payments: standing.payments.map(({ number }) => number),
      usages: await this.#store.usages(oldestDay(at)),
    });
  }

  #keptBalances(accounts: readonly OpeningAccount[], kept: KeptStanding): StandingBalances {
    const charges = this.#chargesBehind(kept.checkpoints);
    const balances = accounts.map(
      ({ name, units }) => (kept.balances.get(name) ?? units) - (charges.get(name) ?? 0n),
    );
    // Of these only the numbers matter: they are not told again.
    const payments = kept.payments.map((number) => ({ number, account: '', units: 0n }));
    return { balances, payments, isKept: true };
  }

  #chargesBehind(checkpoints: ReadonlyMap<string, Checkpoint>): Map<string, bigint> {
    const charges = new Map<string, bigint>();
    this.#readBehind(checkpoints, (cdr) => addCharges(charges, cdr));
    return charges;
  }

  #readBehind(checkpoints: ReadonlyMap<string, Checkpoint>, ended: (cdr: Cdr) => void): void {
    for (const set of listLogSets(this.#directory)) {
      const tail = new LogTail(set, checkpoints.get(set.id)?.places ?? {});
      try {
        tail.read(({ frame }) => {
          if (frame.kind === 'end') ended(frame.cdr);
          return true;
        });
      } finally {
        tail.close();
      }
    }
  }
}

/** Days since 1970; a year's first one, by any zone. */
function oldestDay(at: number): number {
  return Math.floor(at / 86_400_000) - 368;
}
