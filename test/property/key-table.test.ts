// The table against a model that could not be simpler: a set of records, searched from end to end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KeyTable } from '../../core/bytes/key-table.ts';

interface Row {
  slot: number;
  readonly given: number;
}

interface Model {
  readonly rows: Row[];
  readonly gone: Row[];
}

type Command = fc.Command<Model, KeyTable<Row>>;

function rowsOf(table: KeyTable<Row>, hash: number): Set<Row> {
  const rows = new Set<Row>();
  for (let row = table.first(hash); row !== undefined; row = table.after(row)) {
    assert.ok(!rows.has(row), 'a record twice');
    rows.add(row);
  }
  return rows;
}

function check(model: Model, table: KeyTable<Row>, hash: number): void {
  const expected = new Set(model.rows.filter((row) => row.given === hash));
  assert.deepEqual(rowsOf(table, hash), expected);
  assert.equal(table.size, model.rows.length);
}

function add(model: Model, table: KeyTable<Row>, hash: number): void {
  const row: Row = { slot: 0, given: hash };
  table.add(row, hash);
  model.rows.push(row);
}

/** Few hashes, so that they meet; hashes that meet in their low bits only; and any. */
const hashes = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -4, max: 4 }).map((high) => (high << 20) | 5),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

const commands: fc.Arbitrary<Command>[] = [
  hashes.map((hash) => ({
    check: () => true,
    run(model, table) {
      add(model, table, hash);
      check(model, table, hash);
    },
    toString: () => `add(${hash})`,
  })),
  fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 2 ** 30 })).map(
    ([count, step]): Command => ({
      check: () => true,
      run(model, table) {
        for (let i = 0; i < count; i++) add(model, table, Math.imul(i, step));
        check(model, table, 0);
      },
      toString: () => `add ${count} a step of ${step} apart`,
    }),
  ),
  fc.nat().map((pick) => ({
    check: (model) => model.rows.length > 0,
    run(model, table) {
      const [row] = model.rows.splice(pick % model.rows.length, 1);
      assert.equal(table.remove(row!), true);
      assert.equal(row!.slot, 0);
      model.gone.push(row!);
      check(model, table, row!.given);
    },
    toString: () => `remove(${pick})`,
  })),
  fc.nat(20).map((few) => ({
    check: (model) => model.rows.length > few,
    run(model, table) {
      for (const row of model.rows.splice(few)) assert.equal(table.remove(row), true);
      check(model, table, 0);
    },
    toString: () => `remove all but ${few}`,
  })),
  fc.nat().map((pick) => ({
    check: (model) => model.gone.length > 0,
    run(model, table) {
      const row = model.gone[pick % model.gone.length]!;
      assert.equal(table.remove(row), false);
      check(model, table, row.given);
    },
    toString: () => `remove again(${pick})`,
  })),
  hashes.map((hash) => ({
    check: () => true,
    run: (model, table) => check(model, table, hash),
    toString: () => `find(${hash})`,
  })),
];

describe('the table of records, against a plain list', () => {
  for (const bucketsMax of [1024, 2500, 2 ** 20]) {
    it(`any order of additions and removals, up to ${bucketsMax} buckets`, () => {
      fc.assert(
        fc.property(fc.commands(commands, { maxCommands: 60 }), (run) => {
          const table = new KeyTable<Row>(bucketsMax);
          const model: Model = { rows: [], gone: [] };
          fc.modelRun(() => ({ model, real: table }), run);
          for (const row of model.rows) assert.ok(rowsOf(table, row.given).has(row));
          assert.ok(table.buckets <= bucketsMax);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('grows with its records and keeps every one through all the splits', () => {
    const table = new KeyTable<Row>();
    const rows: Row[] = [];
    for (let i = 0; i < 20_000; i++) {
      const row: Row = { slot: 0, given: Math.imul(i, 0x9e3779b1) };
      table.add(row, row.given);
      rows.push(row);
      assert.equal(table.buckets, Math.max(1024, rows.length));
    }
    for (const row of rows) assert.equal(table.first(row.given), row);
    for (const row of rows) assert.equal(table.remove(row), true);
    assert.equal(table.size, 0);
    for (const row of rows) assert.equal(table.first(row.given), undefined);
  });

  it('gives its memory back as records go, and finds those that stay at every step', () => {
    const table = new KeyTable<Row>();
    const rows = Array.from({ length: 50_000 }, (_, i) => ({
      slot: 0,
      given: Math.imul(i, 0x9e3779b1),
    }));
    for (const row of rows) table.add(row, row.given);
    assert.ok(table.room >= 50_000);
    // Every fifth first, so that the pieces thin out, then the rest from the oldest on.
    const going = [...rows.filter((_, i) => i % 5 === 0), ...rows.filter((_, i) => i % 5 !== 0)];
    const staying = going.splice(-20);
    for (const [index, row] of going.entries()) {
      assert.equal(table.remove(row), true);
      assert.ok(table.buckets <= Math.max(1024, 4 * table.size + 4), `${table.buckets} buckets`);
      if (index % 1000 === 0)
        for (const one of going.slice(index + 1)) assert.equal(table.first(one.given), one);
    }
    for (const row of staying) assert.equal(table.first(row.given), row);
    assert.deepEqual([table.size, table.buckets], [20, 1024]);
    assert.ok(table.room <= 3 * 1024, `room for ${table.room} is held`);
    for (const row of going) table.add(row, row.given);
    for (const row of rows) assert.equal(table.first(row.given), row);
    assert.ok(table.room <= 50 * 1024, 'records fill the lowest pieces first');
  });

  it('records of one group are found together, however the buckets are split', () => {
    const table = new KeyTable<Row>();
    const group = 0x2_3456;
    const mates = Array.from({ length: 5 }, (_, i) => ({ slot: 0, given: (i << 20) | group }));
    const check = (): void => {
      const found = new Set<Row>();
      let mate = table.firstOfGroup(group | (99 << 20));
      for (; mate !== undefined; mate = table.afterOfGroup(mate)) found.add(mate);
      assert.deepEqual(found, new Set(mates));
    };
    for (const mate of mates) table.add(mate, mate.given);
    check();
    const others: Row[] = [];
    for (let i = 0; i < 9000; i++) {
      others.push({ slot: 0, given: Math.imul(i, 0x9e3779b1) });
      table.add(others[i]!, others[i]!.given);
      if (i % 500 === 0) check();
    }
    for (const other of others) table.remove(other);
    check();
  });

  it('at its limit of buckets it takes records all the same', () => {
    const table = new KeyTable<Row>(1024);
    for (let i = 0; i < 5000; i++) table.add({ slot: 0, given: i }, i);
    assert.equal(table.buckets, 1024);
    for (let i = 0; i < 5000; i++) assert.equal(table.first(i)!.given, i);
  });
});
