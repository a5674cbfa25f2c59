// The main thread's view of the accounts: which slot of the balance block a name has, what it holds, and the
// changes that come from outside of calls (a new configuration, a payment, the calls of a dead worker).
import { setImmediate as nextTurn } from 'node:timers/promises';
import { accountLineSlot, accountSlotsMax, linesUsed } from '../core/admission/line-limits.ts';
import type { UsageRules } from '../core/billing/fraud-usage.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import { balanceUnitsMax, creditText, moneyText } from '../core/money.ts';
import type { AccountBalance, AccountsFigures } from './admin-messages.ts';
import type { AccountCells } from './configuration/compile-billing.ts';
import {
  accountSlotName,
  createSlotRegistry,
  type SlotRegistry,
} from './configuration/slot-registry.ts';
import { FraudBook, type FraudBookOptions } from './fraud-book.ts';
import {
  accountState,
  addToBalance,
  type BalanceLedger,
  isCellEmpty,
  mainPurse,
  openBalances,
  type Purse,
  purseOf,
  reserveUnits,
  setCredit,
  settleUnits,
} from './memory/balance-block.ts';
import { lineLedger, type SharedMemory } from './memory/shared-memory.ts';
import type { OpeningAccount, OpeningBalances, OpeningUsages } from './opening-balances.ts';
import { PackageBook } from './package-book.ts';
import { type DueCharges, PackageDues } from './package-dues.ts';
import { type BegunPeriods, knownPeriods } from './package-periods.ts';
import type { CompileAnswer } from './tasks/compile-configuration.ts';
import { UsageBook, usageKey } from './usage-book.ts';

/** The figures are gathered on the thread that receives; these take a millisecond. */
const accountsLookedAtMax = 10_000;

/** Whoever reaches the ledger. */
type LedgerSide = OpeningBalances & OpeningUsages & DueCharges;

/** The log and the clocks. */
export type BookSurroundings = Omit<FraudBookOptions, 'memory' | 'book'>;

export interface StoredPayment {
  readonly account: string;
  readonly units: bigint;
}

const slotNamePrefix = accountSlotName('');
/** Accounts looked at before the thread, which receives for all workers, turns to its sockets. */
const accountsAtOnce = 2000;

interface Opening extends OpeningAccount {
  readonly slotName: string;
  readonly slot: number;
}

export class AccountBook {
  readonly ledger: BalanceLedger;
  readonly fraud: FraudBook;
  readonly packages: PackageBook;
  readonly #dues: PackageDues;
  /** Until the configuration is settled: what the ledger knows of the packages in it. */
  #begun: ReadonlyMap<string, BegunPeriods> = new Map();
  readonly #surroundings: BookSurroundings;
  readonly #usage: UsageBook;
  readonly #purse: Purse;
  readonly #lines: Pick<ReturnType<typeof lineLedger>, 'used'>;
  readonly #slots: SlotRegistry;
  readonly #ledgerSide: () => LedgerSide;
  /** By slot name: the slots of the configuration in force. */
  #current: ReadonlyMap<string, number> = new Map();
  /** By slot: the slot name of the account whose money its cell holds. */
  readonly #owners: (string | undefined)[] = [];

  constructor(memory: SharedMemory, ledgerSide: () => LedgerSide, surroundings: BookSurroundings) {
    this.#usage = new UsageBook(memory);
    this.fraud = new FraudBook({ memory, book: this.#usage, ...surroundings });
    this.packages = new PackageBook({ book: this.#usage, ...surroundings });
    this.ledger = openBalances(memory);
    this.#purse = purseOf(this.ledger, mainPurse);
    this.#lines = lineLedger(memory);
    this.#ledgerSide = ledgerSide;
    this.#surroundings = surroundings;
    this.#dues = new PackageDues({
      packages: this.packages,
      money: {
        creditOf: (account) => {
          const slot = this.slotOf(account);
          return slot === undefined ? undefined : accountState(this.ledger, slot).credit;
        },
        setAside: (account, units) => {
          const slot = this.slotOf(account);
          return slot !== undefined && reserveUnits(this.#purse, slot, units);
        },
        giveBack: (account, units) => {
          const slot = this.slotOf(account);
          if (slot !== undefined) settleUnits(this.#purse, slot, units, 0n);
        },
      },
      ledger: ledgerSide,
      ...surroundings,
    });
    this.#slots = createSlotRegistry((slot) => this.#isIdle(slot), accountSlotsMax);
  }

  /** Slots for accounts' slot names; undefined: too many are in use by removed accounts. */
  assign(names: readonly string[]): ReadonlyMap<string, number> | undefined {
    return this.#slots.assign(names);
  }

  /** An account is not removed while it has money, debts or calls.
   *  @throws Error that names the first account that the assignment would lose */
  async refuseLost(assignment: ReadonlyMap<string, number>): Promise<void> {
    await inTurns(this.#current, ([name, slot]) => {
      if (assignment.has(name) || this.#isIdle(slot)) return;
      const account = name.slice(slotNamePrefix.length);
      const { balance, linesUsed: calls } = this.balanceOf(account);
      throw new Error(
        `accounts[${account}]: is missing, but has a balance of "${balance}" and ${calls} calls up; expected such accounts to stay`,
      );
    });
  }

  /** Before the first call may see these accounts: credit limits, and the balances of those that are new. */
  async open(assignment: ReadonlyMap<string, number>, cells: AccountCells): Promise<void> {
    const cellOf = new Uint32Array(accountSlotsMax);
    for (let index = 0; index < cells.slots.length; index++) cellOf[cells.slots[index]!] = index;
    const fresh: Opening[] = [];
    await inTurns(assignment, ([name, slot]) => {
      const index = cellOf[slot]!;
      setCredit(this.#purse, slot, cells.credits[index]!);
      if (this.#owners[slot] === name) return;
      const account = name.slice(slotNamePrefix.length);
      fresh.push({ name: account, slotName: name, slot, opening: cells.openings[index]! });
    });
    if (fresh.length === 0) return;
    const balances = await this.#ledgerSide().balancesOf(fresh);
    await inTurns(fresh.entries(), ([index, { slotName, slot }]) => {
      this.#owners[slot] = slotName;
      addToBalance(this.#purse, slot, balances[index]! - accountState(this.ledger, slot).balance);
    });
  }

  /** Before the first call may see them: what days of fraud limits and periods of packages have used. */
  async openUsage(
    { fraudLimits, packages }: Pick<CompileAnswer, 'fraudLimits' | 'packages'>,
    time: Pick<UsageRules, 'carryMs' | 'freeSeconds'>,
  ): Promise<void> {
    const rules = this.fraud.rulesOf(fraudLimits, time);
    // Asked also where there are none: the ledger counts by what it was told last.
    const usages = await this.#ledgerSide().usagesOf(rules);
    const used = new Map(usages.map((usage) => [usageKey(usage), usage]));
    await this.fraud.open(fraudLimits, rules, used);
    this.packages.open(packages, used);
    this.#begun = knownPeriods(packages, usages, this.#surroundings.wallClock());
  }

  /** Every worker runs on the configuration of this assignment. */
  settlePackages(
    assignment: ReadonlyMap<string, number>,
    packages: CompileAnswer['packages'],
  ): void {
    this.packages.settle(assignment, packages);
    this.#dues.settle(packages, this.#begun);
  }

  /** What a worker whose thread has ended held of all that; it counts as used until `releaseUsage`. */
  takeOverUsage(worker: number): ReadonlyMap<number, bigint> {
    return this.#usage.takeOver(worker);
  }

  /** The calls of a dead worker are closed. */
  releaseUsage(held: readonly ReadonlyMap<number, bigint>[], usages: readonly Usage[]): void {
    this.#usage.release(
      held,
      usages,
      (usage) => this.fraud.find(usage) ?? this.packages.find(usage),
    );
  }

  /** Once a second. */
  look(): void {
    this.fraud.look();
    this.packages.look();
    this.#dues.look();
  }

  /** Every worker runs on the configuration of this assignment. */
  async settle(assignment: ReadonlyMap<string, number>): Promise<void> {
    const before = this.#current;
    this.#slots.settle(assignment);
    this.#current = assignment;
    // An account that is gone with nothing left begins anew, should its name come back.
    await inTurns(before, ([name, slot]) => {
      if (!assignment.has(name) && this.#isIdle(slot)) this.#owners[slot] = undefined;
    });
  }

  /** Undefined: no account of this name. */
  slotOf(account: string): number | undefined {
    return this.#current.get(slotNamePrefix + account);
  }

  /** Slots in use are below this. */
  get slotsEnd(): number {
    return this.#owners.length;
  }

  /** Amounts by name as amounts by slot. */
  bySlot(amounts: ReadonlyMap<string, bigint>): Map<number, bigint> {
    const slots = new Map<number, bigint>();
    for (const [account, units] of amounts) {
      const slot = this.slotOf(account);
      if (slot !== undefined) slots.set(slot, units);
    }
    return slots;
  }

  /** @throws Error where there is no such account */
  balanceOf(account: string): AccountBalance {
    const slot = this.#slotOf(account);
    const { balance, reserved, available, credit } = accountState(this.ledger, slot);
    return {
      account,
      balance: moneyText(balance),
      reserved: moneyText(reserved),
      available: moneyText(available),
      creditLimit: creditText(credit),
      linesUsed: linesUsed(this.#lines, accountLineSlot(slot)),
      fraud: this.fraud.stateOf(account),
      gifts: this.packages.giftsOf(account),
      packagePeriods: this.packages.stateOf(account),
    };
  }

  figures(): AccountsFigures {
    const count = this.#current.size;
    const fraud = this.fraud.figures();
    if (count > accountsLookedAtMax) return { count, reserved: null, exhausted: null, fraud };
    let reserved = 0n;
    let exhausted = 0;
    for (const slot of this.#current.values()) {
      const state = accountState(this.ledger, slot);
      reserved += state.reserved;
      if (state.available <= 0n) exhausted++;
    }
    return { count, reserved: moneyText(reserved), exhausted, fraud };
  }

  /** A payment (negative: a deduction) that is stored already. @throws Error where it cannot be added */
  pay({ account, units }: StoredPayment): AccountBalance {
    const slot = this.#slotOf(account);
    const after = accountState(this.ledger, slot).balance + units;
    if (after > balanceUnitsMax || after < -balanceUnitsMax) {
      throw new Error(
        `units: ${units}: expected a balance of at most ${moneyText(balanceUnitsMax)} afterwards`,
      );
    }
    addToBalance(this.#purse, slot, units);
    return this.balanceOf(account);
  }

  #slotOf(account: string): number {
    const slot = this.slotOf(account);
    if (slot === undefined) {
      throw new Error(`account: ${JSON.stringify(account)}: expected the name of an account`);
    }
    return slot;
  }

  #isIdle(slot: number): boolean {
    return isCellEmpty(this.ledger, slot) && linesUsed(this.#lines, accountLineSlot(slot)) === 0;
  }
}

async function inTurns<Item>(items: Iterable<Item>, look: (item: Item) => void): Promise<void> {
  let looked = 0;
  for (const item of items) {
    look(item);
    if (++looked % accountsAtOnce === 0) await nextTurn();
  }
}
