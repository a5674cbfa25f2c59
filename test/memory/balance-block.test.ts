// Balance cells: nobody brings an account below its limit, whatever the order of things; a death leaks, and
// what leaked is found.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  accountState,
  addToBalance,
  type BalanceLedger,
  holdForDead,
  isCellEmpty,
  mainPurse,
  openBalances,
  purseOf,
  reconcileBalances,
  releaseHeld,
  reserveUnits,
  setCredit,
  settleUnits,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';

const memory = allocateSharedMemory({ workers: 2 });
let nextSlot = 1;

function openAccount(balance: bigint, credit = 0n): { ledger: BalanceLedger; slot: number } {
  const ledger = openBalances(memory);
  const slot = nextSlot++;
  const main = purseOf(ledger, mainPurse);
  setCredit(main, slot, credit);
  addToBalance(main, slot, balance);
  return { ledger, slot };
}

describe('an account of the balance block', () => {
  it('is spent to the unit and not beyond', () => {
    const { ledger, slot } = openAccount(100n);
    const purse = purseOf(ledger, workerPurse(0));
    assert.equal(reserveUnits(purse, slot, 101n), false);
    assert.equal(reserveUnits(purse, slot, 100n), true);
    assert.equal(reserveUnits(purse, slot, 1n), false);
    settleUnits(purse, slot, 100n, 60n);
    const left = { balance: 40n, reserved: 0n, available: 40n, credit: 0n };
    assert.deepEqual(accountState(ledger, slot), left);
  });

  it('has its credit limit to spend, and no call is free on an empty account', () => {
    const { ledger, slot } = openAccount(0n, 30n);
    const purse = purseOf(ledger, workerPurse(0));
    assert.ok(reserveUnits(purse, slot, 30n));
    assert.equal(reserveUnits(purse, slot, 0n), false, 'reference: refused where nothing is left');
    settleUnits(purse, slot, 30n, 30n);
    assert.equal(accountState(ledger, slot).balance, -30n);
    setCredit(purseOf(ledger, mainPurse), slot, 10n);
    assert.equal(accountState(ledger, slot).available, -20n);
    assert.equal(reserveUnits(purse, slot, 1n), false);
    addToBalance(purseOf(ledger, mainPurse), slot, 25n);
    assert.ok(reserveUnits(purse, slot, 5n));
    settleUnits(purse, slot, 5n, 0n);
  });

  it('keeps what a dead worker held until its calls are charged', () => {
    const { ledger, slot } = openAccount(100n);
    const other = openAccount(50n).slot;
    const dead = purseOf(ledger, workerPurse(1));
    assert.ok(reserveUnits(dead, slot, 70n));
    assert.ok(reserveUnits(dead, other, 50n));
    const { held, torn } = holdForDead(ledger, 1);
    assert.equal(torn, false);
    assert.deepEqual(
      held,
      new Map([
        [slot, 70n],
        [other, 50n],
      ]),
    );
    assert.equal(accountState(ledger, slot).reserved, 70n);
    assert.equal(reserveUnits(purseOf(ledger, workerPurse(0)), slot, 31n), false);
    releaseHeld(ledger, held, new Map([[slot, 20n]]));
    assert.deepEqual(accountState(ledger, slot), {
      balance: 80n,
      reserved: 0n,
      available: 80n,
      credit: 0n,
    });
    assert.equal(accountState(ledger, other).available, 50n);
  });

  it('gets back what a worker that died between two writes left in no row', () => {
    const { ledger, slot } = openAccount(100n);
    // The worker took 40 of `available` and died before it said so in its row.
    Atomics.store(ledger.steps[workerPurse(0)]!, 0, 7);
    Atomics.sub(ledger.cells, slot * 8, 40n);
    assert.deepEqual(reconcileBalances(ledger, nextSlot), { freed: 0n, unsettled: nextSlot });
    assert.ok(holdForDead(ledger, 0).torn);
    assert.deepEqual(reconcileBalances(ledger, nextSlot), { freed: 40n, unsettled: 0 });
    assert.equal(accountState(ledger, slot).available, 100n);
  });

  it('is empty, and its slot free, when nothing is left and nothing held', () => {
    const { ledger, slot } = openAccount(5n);
    const purse = purseOf(ledger, workerPurse(0));
    assert.ok(!isCellEmpty(ledger, slot));
    assert.ok(reserveUnits(purse, slot, 5n));
    settleUnits(purse, slot, 5n, 5n);
    assert.ok(isCellEmpty(ledger, slot));
  });
});

type Step =
  | { kind: 'reserve'; writer: number; units: bigint }
  | { kind: 'settle'; writer: number; part: number; charged: number }
  | { kind: 'pay'; units: bigint }
  | { kind: 'credit'; units: bigint };

const units = fc.bigInt({ min: 0n, max: 50n });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('reserve' as const), writer: fc.constantFrom(0, 1), units }),
  fc.record({
    kind: fc.constant('settle' as const),
    writer: fc.constantFrom(0, 1),
    part: fc.nat({ max: 99 }),
    charged: fc.nat({ max: 100 }),
  }),
  fc.record({ kind: fc.constant('pay' as const), units: fc.bigInt({ min: -30n, max: 60n }) }),
  fc.record({ kind: fc.constant('credit' as const), units }),
);

interface Model {
  balance: bigint;
  credit: bigint;
  /** What each worker holds, one entry a reservation. */
  readonly open: [bigint[], bigint[]];
}

function availableOf({ balance, credit, open }: Model): bigint {
  return balance + credit - open.flat().reduce((sum, each) => sum + each, 0n);
}

function take(ledger: BalanceLedger, slot: number, model: Model, step: Step): void {
  const main = purseOf(ledger, mainPurse);
  switch (step.kind) {
    case 'reserve': {
      const before = availableOf(model);
      const taken = reserveUnits(purseOf(ledger, workerPurse(step.writer)), slot, step.units);
      assert.equal(taken, before > 0n && before >= step.units);
      if (taken) model.open[step.writer]!.push(step.units);
      break;
    }
    case 'settle': {
      const open = model.open[step.writer]!;
      if (open.length === 0) break;
      const held = open.splice(step.part % open.length, 1)[0]!;
      const charged = (held * BigInt(step.charged)) / 100n;
      settleUnits(purseOf(ledger, workerPurse(step.writer)), slot, held, charged);
      model.balance -= charged;
      break;
    }
    case 'pay':
      addToBalance(main, slot, step.units);
      model.balance += step.units;
      break;
    case 'credit':
      setCredit(main, slot, step.units);
      model.credit = step.units;
      break;
  }
}

it('cells agree with a model of plain sums after any interleaving', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const { ledger, slot } = openAccount(40n);
      const model: Model = { balance: 40n, credit: 0n, open: [[], []] };
      for (const step of steps) {
        take(ledger, slot, model, step);
        const { available, balance } = accountState(ledger, slot);
        assert.equal(available, availableOf(model));
        assert.equal(balance, model.balance);
      }
    }),
  );
});
