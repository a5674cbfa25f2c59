// Calls of two workers on a tree of accounts, in any order of setup, top-up, end and payment: all levels or
// none, nobody below zero by a unit, and every unit in its place at every step.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { billingRules } from '../../core/billing/billing-rules.ts';
import { chargeFor } from '../../core/billing/charge.ts';
import { chargeAtEnd, type Party, reserveAll } from '../../core/billing/reservation.ts';
import { defaultParameters } from '../../core/configuration/model.ts';
import { MoneyJournal } from '../../workers/call/money-journal.ts';
import {
  accountState,
  addToBalance,
  mainPurse,
  openBalances,
  purseOf,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { termsWith } from '../billing/terms.ts';

/** Two customers below one agent. */
const tree = [
  { slot: 1, agent: 3 },
  { slot: 2, agent: 3 },
  { slot: 3, agent: 0 },
] as const;
const rules = billingRules(defaultParameters);
const memory = allocateSharedMemory({ workers: 2 });
const ledger = openBalances(memory);

interface RunningCall {
  readonly worker: number;
  readonly parties: readonly Party[];
}

type Step =
  | { kind: 'begin'; worker: number; customer: number; seconds: number }
  | { kind: 'extend'; call: number; seconds: number }
  | { kind: 'end'; call: number; seconds: number }
  | { kind: 'fail'; call: number; seconds: number }
  | { kind: 'pay'; account: number; units: bigint };

const seconds = fc.integer({ min: 1, max: 200 });
const call = fc.nat({ max: 1000 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    worker: fc.constantFrom(0, 1),
    customer: fc.constantFrom(0, 1),
    seconds,
  }),
  fc.record({ kind: fc.constant('extend' as const), call, seconds }),
  fc.record({ kind: fc.constant('end' as const), call, seconds }),
  fc.record({ kind: fc.constant('fail' as const), call, seconds }),
  fc.record({
    kind: fc.constant('pay' as const),
    account: fc.constantFrom(0, 1, 2),
    units: fc.bigInt({ min: 0n, max: 40_000n }),
  }),
);

class World {
  readonly journals = [0, 1].map(
    (worker) => new MoneyJournal(purseOf(ledger, workerPurse(worker))),
  );
  readonly running: RunningCall[] = [];
  /** What each account should have, by slot. */
  readonly balances = new Map<number, bigint>();

  constructor(opening: readonly bigint[]) {
    const main = purseOf(ledger, mainPurse);
    for (const [at, { slot }] of tree.entries()) {
      addToBalance(main, slot, opening[at]! - accountState(ledger, slot).balance);
      this.balances.set(slot, opening[at]!);
    }
  }

  take(step: Step): void {
    if (step.kind === 'begin') return this.begin(step);
    if (step.kind === 'pay') {
      const { slot } = tree[step.account]!;
      addToBalance(purseOf(ledger, mainPurse), slot, step.units);
      this.balances.set(slot, this.balances.get(slot)! + step.units);
      return;
    }
    if (this.running.length === 0) return;
    const at = step.call % this.running.length;
    const { worker, parties } = this.running[at]!;
    const journal = this.journals[worker]!;
    journal.begin();
    if (step.kind === 'end') {
      this.running.splice(at, 1);
      this.end(journal, parties, step.seconds);
      return;
    }
    const before = parties.map(({ reserved }) => reserved);
    const short = reserveAll(journal, parties, step.seconds, rules);
    if (step.kind === 'fail') journal.discard();
    const after = parties.map(({ reserved }) => reserved);
    if (short >= 0 || step.kind === 'fail') assert.deepEqual(after, before);
  }

  begin({ worker, customer, seconds: wanted }: Extract<Step, { kind: 'begin' }>): void {
    const parties: Party[] = [];
    const own = tree[customer]!;
    for (const [level, slot] of [own.slot, own.agent].entries()) {
      const rate = termsWith({ price: 6000n - BigInt(level) * 2000n, perSeconds: 60 });
      parties.push(partyAt(slot, rate));
    }
    const journal = this.journals[worker]!;
    journal.begin();
    if (reserveAll(journal, parties, wanted, rules) < 0) this.running.push({ worker, parties });
    else
      assert.ok(parties.every(({ reserved, paidSeconds }) => reserved === 0n && paidSeconds === 0));
  }

  end(journal: MoneyJournal, parties: readonly Party[], held: number): void {
    for (const party of parties) {
      const charge = chargeAtEnd(party, held, rules);
      assert.deepEqual(charge, chargeFor(party, held, rules.feeUnit, party.reserved));
      assert.ok(charge.fromBalance <= party.reserved);
      journal.settle(party, charge.fromBalance);
      this.balances.set(party.slot, this.balances.get(party.slot)! - charge.fromBalance);
    }
    assert.ok(journal.giveBack());
  }

  check(): void {
    for (const { slot } of tree) {
      const state = accountState(ledger, slot);
      const held = this.running
        .flatMap(({ parties }) => parties)
        .filter((party) => party.slot === slot)
        .reduce((sum, { reserved }) => sum + reserved, 0n);
      assert.ok(state.available >= 0n);
      assert.equal(state.reserved, held);
      assert.equal(state.balance, this.balances.get(slot));
      assert.equal(state.available, state.balance - held);
    }
  }
}

function partyAt(slot: number, rate: Party['rate']): Party {
  return {
    slot,
    reserved: 0n,
    account: `account ${slot}`,
    rate,
    free: false,
    gifts: [],
    giftMoney: [],
    spent: [],
    paidSeconds: 0,
    paidCharge: null,
    reservedBefore: 0n,
    paidBefore: 0,
  };
}

it('money of calls agrees with a model after any interleaving', () => {
  const opening = fc.array(fc.bigInt({ min: 0n, max: 60_000n }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(opening, fc.array(anyStep, { maxLength: 80 }), (units, steps) => {
      const world = new World(units);
      for (const step of steps) {
        world.take(step);
        world.check();
      }
      while (world.running.length > 0) {
        world.take({ kind: 'end', call: 0, seconds: 90 });
        world.check();
      }
    }),
  );
});
