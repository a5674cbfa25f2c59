// What the main thread of a node knows of packages, on an embedded ledger and a clock that a test drives: cells, rents
// and minimums of one account.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { moneyText } from '../../core/money.ts';
import { compilePackages } from '../../workers/configuration/compile-packages.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import {
  isPackageSlotName,
  packageSlotName,
  slotNames,
} from '../../workers/configuration/slot-registry.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { PackageBook } from '../../workers/package-book.ts';
import { PackageDues } from '../../workers/package-dues.ts';
import { knownPeriods } from '../../workers/package-periods.ts';
import { UsageBook, usageKey } from '../../workers/usage-book.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';

const stores: LedgerStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

export const at = (text: string): number => Date.parse(text);

/** A node on a ledger: what accounts have is what the ledger says, less what calls and rents have set aside. */
export class Node {
  readonly clock: { ms: number };
  readonly store: LedgerStore;
  readonly book: PackageBook;
  readonly dues: PackageDues;
  /** What calls have set aside. */
  heldByCalls = 0n;
  credit = 0n;
  held = 0n;
  balance = 0n;
  away = false;
  behind = false;
  asked = 0;
  readonly warnings: string[] = [];

  constructor(store: LedgerStore, now: string) {
    this.clock = { ms: at(now) };
    this.store = store;
    const wallClock = (): number => this.clock.ms;
    this.book = new PackageBook({
      book: new UsageBook(allocateSharedMemory({ workers: 1 })),
      wallClock,
    });
    const ask = async <Outcome>(question: () => Promise<Outcome>): Promise<Outcome> => {
      this.asked++;
      if (this.away) throw new Error('the ledger is away');
      const outcome = await question();
      await this.hear();
      return outcome;
    };
    this.dues = new PackageDues({
      packages: this.book,
      money: {
        creditOf: () => this.credit,
        setAside: (_account, units) => {
          const available = this.balance + this.credit - this.held - this.heldByCalls;
          if (available <= 0n || available < units) return false;
          this.held += units;
          return true;
        },
        giveBack: (_account, units) => {
          assert.ok(units <= this.held);
          this.held -= units;
        },
      },
      ledger: () => ({
        chargeRent: async (due) => (await ask(() => store.chargeRent(due))).state,
        chargeMinimum: async (due) =>
          this.behind ? 'later' : (await ask(() => store.chargeMinimum(due))).state,
        lookForPayments: () => this.hear(),
      }),
      log: { warn: ((_fields: object, text: string) => void this.warnings.push(text)) as never },
      wallClock,
    });
  }

  async hear(): Promise<void> {
    this.balance = (await this.store.account('acme'))!.balance;
  }

  /** Puts a document in force, as a start or an apply does. */
  async apply(gold: object, orders: readonly object[]): Promise<void> {
    const document = documentOf(gold, orders);
    const names = slotNames(document).filter(isPackageSlotName);
    const slots = this.book.assign(names)!;
    const { all } = compilePackages(
      document,
      (account, key, counter) => slots.get(packageSlotName(account, key, counter))!,
    );
    const usages = await this.store.usages(0);
    this.book.open(all, new Map(usages.map((usage) => [usageKey(usage), usage])));
    this.book.settle(slots, all);
    this.dues.settle(all, knownPeriods(all, usages, this.clock.ms));
    await this.hear();
  }

  /** Looks as each second does, until nothing is asked any more. */
  async look(now?: string): Promise<void> {
    if (now !== undefined) this.clock.ms = at(now);
    for (;;) {
      const before = this.asked;
      this.book.look();
      this.dues.look();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (this.asked === before) break;
    }
  }

  /** What the account was charged, oldest first. */
  async charged(): Promise<string[]> {
    const payments = await this.store.payments({ account: 'acme' });
    return payments
      .filter(({ kind }) => kind === 'rent' || kind === 'minimum')
      .map(({ kind, units, reason }) => `${kind} ${moneyText(-units)}: ${reason}`);
  }

  rent(): string {
    return this.book.stateOf('acme')[0]!.rent;
  }
}

function documentOf(gold: object, orders: readonly object[]): ConfigurationDocument {
  const parsed = parseDocument({
    packages: [{ name: 'gold', timeZone: 'Europe/London', ...gold }],
    accounts: [
      {
        name: 'acme',
        kind: 'customer',
        packages: orders.map((order) => ({ package: 'gold', ...order })),
      },
    ],
  });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.document;
}

export async function openLedger(balance: bigint): Promise<LedgerStore> {
  const store = await openEmbeddedLedger(temporaryDirectory());
  stores.push(store);
  await store.openAccounts([{ name: 'acme', units: balance, expiresAt: null }], 0);
  return store;
}

export const one = 100_000_000n;

export async function nodeWith(
  gold: object,
  { order = {}, balance = 100n, now }: { order?: object; balance?: bigint; now: string },
): Promise<Node> {
  const node = new Node(await openLedger(balance * one), now);
  await node.apply(gold, [order]);
  return node;
}

export async function recharge(store: LedgerStore, units: bigint): Promise<void> {
  const payment = { account: 'acme', kind: 'recharge', units, by: 'jo', reason: '' } as const;
  await store.pay({ ...payment, at: 0, extendDays: 0, expiresAt: null });
}
