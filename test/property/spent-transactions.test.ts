// Spent transactions against a model: an array in order of age.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimerWheel } from '../../core/time/timer-wheel.ts';
import {
  type SpentTransaction,
  SpentTransactions,
} from '../../core/transaction/spent-transactions.ts';

const rowsMax = 16;
const lingerMs = 32_000;

interface Kept extends SpentTransaction {
  readonly dueMs: number;
}

interface Model {
  kept: Kept[];
  nowMs: number;
}

interface Real {
  readonly wheel: TimerWheel;
  readonly spent: SpentTransactions;
}

type Command = fc.Command<Model, Real>;

function advance(real: Real, nowMs: number): void {
  real.wheel.advance(nowMs, (owner) => {
    assert.equal(owner, real.spent);
    real.spent.sweep();
  });
}

function checkAll(model: Model, { spent, wheel }: Real): void {
  // A sweep may be a second late; rows are never forgotten early.
  const certain = model.kept.filter((one) => one.dueMs > model.nowMs);
  assert.ok(spent.size >= certain.length && spent.size <= rowsMax);
  assert.equal(wheel.size, spent.size === 0 ? 0 : 1);
  for (const one of certain) {
    assert.ok(spent.has(one.hash));
    assert.equal(spent.statusOf(one.hash, one.identity, one.isInvite), one.statusCode);
    if (one.isInvite) assert.ok(spent.hasMerged(one.hash, one.merge));
  }
}

let serial = 0;

/** Few hashes, also such that meet in a chain only; identities never repeat. */
const given = fc.record({
  hash: fc.constantFrom(1, 2, 17, -1, -(2 ** 31), 2 ** 31 - 1),
  isInvite: fc.boolean(),
  statusCode: fc.constantFrom(200, 404, 481, 500),
});

const commands: fc.Arbitrary<Command>[] = [
  given.map((fields) => ({
    check: () => true,
    run(model: Model, real: Real) {
      serial++;
      const one = { ...fields, identity: serial, merge: fields.isInvite ? -serial : 0 };
      real.spent.keep(one, lingerMs);
      model.kept.push({ ...one, dueMs: model.nowMs + lingerMs });
      if (model.kept.length > rowsMax) model.kept.shift();
      checkAll(model, real);
    },
    toString: () => `keep(${JSON.stringify(fields)})`,
  })),
  fc.integer({ min: 1, max: 20_000 }).map((byMs) => ({
    check: () => true,
    run(model: Model, real: Real) {
      model.nowMs += byMs;
      advance(real, model.nowMs);
      // More than a second after its time no row is left.
      assert.ok(real.spent.size <= model.kept.filter((k) => k.dueMs > model.nowMs - 1010).length);
      checkAll(model, real);
    },
    toString: () => `advance(${byMs})`,
  })),
];

describe('spent transactions', () => {
  it('hold what the model holds: look-ups, order of age, the limit', () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 80 }), (all) => {
        const wheel = new TimerWheel(0);
        const real = { wheel, spent: new SpentTransactions(wheel, rowsMax) };
        fc.modelRun(() => ({ model: { kept: [], nowMs: 0 }, real }), all);
      }),
    );
  });

  it('tells transactions of one hash apart by identity and by kind', () => {
    const wheel = new TimerWheel(0);
    const spent = new SpentTransactions(wheel);
    spent.keep({ hash: 7, identity: 1, merge: 0, isInvite: false, statusCode: 481 }, lingerMs);
    assert.equal(spent.statusOf(7, 1, false), 481);
    assert.equal(spent.statusOf(7, 1, true), 0);
    assert.equal(spent.statusOf(7, 2, false), 0);
    assert.equal(spent.statusOf(8, 1, false), 0);
    assert.equal(spent.has(8), false);
    assert.equal(spent.hasMerged(7, 0), false);
  });

  it('moves the few that are left of many to a fresh block, and finds them there', () => {
    const wheel = new TimerWheel(0);
    const spent = new SpentTransactions(wheel);
    const keep = (identity: number): void => {
      const hash = Math.imul(identity >>> 1, 0x9e3779b1); // each two meet
      spent.keep({ hash, identity, merge: identity, isInvite: true, statusCode: 200 }, lingerMs);
    };
    const statusOf = (identity: number): number =>
      spent.statusOf(Math.imul(identity >>> 1, 0x9e3779b1), identity, true);
    const sweep = (): void => spent.sweep();
    for (let identity = 1; identity <= 40_000; identity++) keep(identity);
    wheel.advance(20_000, sweep);
    for (let identity = 40_001; identity <= 40_100; identity++) keep(identity);
    assert.equal(spent.touched, 40_100);
    wheel.advance(33_000, sweep);
    assert.deepEqual([spent.size, spent.touched], [100, 100]);
    for (let identity = 40_001; identity <= 40_100; identity++)
      assert.equal(statusOf(identity), 200);
    assert.equal(statusOf(1), 0);
    keep(40_101);
    assert.equal(spent.touched, 101);
    wheel.advance(53_000, sweep);
    assert.deepEqual([spent.size, statusOf(40_100), statusOf(40_101)], [1, 0, 200]);
    wheel.advance(80_000, sweep);
    assert.deepEqual([spent.size, wheel.size], [0, 0]);
  });

  it('stays where it is while more are in use than may be moved at once', () => {
    const wheel = new TimerWheel(0);
    const spent = new SpentTransactions(wheel);
    const keep = (count: number): void => {
      for (let i = 0; i < count; i++)
        spent.keep({ hash: i, identity: i, merge: 0, isInvite: true, statusCode: 200 }, lingerMs);
    };
    keep(80_000);
    wheel.advance(20_000, () => spent.sweep());
    keep(4500);
    wheel.advance(33_000, () => spent.sweep());
    assert.deepEqual([spent.size, spent.touched], [4500, 84_500]);
  });

  it('is crowded from 64 of one hash on, so that nobody makes a look-up long', () => {
    const spent = new SpentTransactions(new TimerWheel(0));
    for (let identity = 1; identity <= 64; identity++) {
      assert.equal(spent.isCrowded(7), false);
      spent.keep({ hash: 7, identity, merge: 0, isInvite: false, statusCode: 481 }, lingerMs);
    }
    assert.ok(spent.isCrowded(7));
    assert.equal(spent.isCrowded(8), false);
  });

  it('counts time modulo 2^32 ms, as after 25 days of running', () => {
    const startMs = 2 ** 31 - 10_000;
    const wheel = new TimerWheel(startMs);
    const spent = new SpentTransactions(wheel);
    spent.keep({ hash: 7, identity: 1, merge: 0, isInvite: false, statusCode: 200 }, lingerMs);
    const sweep = (): void => spent.sweep();
    wheel.advance(startMs + 31_990, sweep);
    assert.equal(spent.size, 1);
    wheel.advance(startMs + 32_010, sweep);
    assert.equal(spent.size, 0);
  });
});
