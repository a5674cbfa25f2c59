import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  acquireLine,
  lineSlotsMax,
  linesUsed,
  reconcileLines,
  releaseLine,
  returnWorkerLines,
  wordsPerLine,
} from '../../core/admission/line-limits.ts';
import {
  allocateSharedMemory,
  lineLedger,
  workerLines,
} from '../../workers/memory/shared-memory.ts';

function open(workers: number) {
  const memory = allocateSharedMemory({ workers });
  const lines = Array.from({ length: workers }, (_, worker) => workerLines(memory, worker));
  return { lines, ledger: lineLedger(memory) };
}

test('a slot admits up to its limit over all workers, and again after a release', () => {
  const { lines, ledger } = open(2);
  assert.ok(acquireLine(lines[0]!, 5, 2));
  assert.ok(acquireLine(lines[1]!, 5, 2));
  assert.equal(acquireLine(lines[0]!, 5, 2), false);
  assert.equal(acquireLine(lines[1]!, 5, 2), false);
  assert.equal(linesUsed(ledger, 5), 2);
  assert.equal(linesUsed(ledger, 4), 0);
  releaseLine(lines[0]!, 5);
  assert.ok(acquireLine(lines[1]!, 5, 2));
  assert.equal(acquireLine(lines[0]!, 5, 2), false);
});

test('limit 0 counts and never refuses; a limit lowered under the lines taken refuses', () => {
  const { lines, ledger } = open(1);
  for (let i = 0; i < 1000; i++) assert.ok(acquireLine(lines[0]!, 0, 0));
  assert.equal(linesUsed(ledger, 0), 1000);
  assert.equal(acquireLine(lines[0]!, 0, 500), false);
  assert.ok(acquireLine(lines[0]!, 0, 1001));
});

test('the first and the last slot do not touch each other or the next worker', () => {
  const { lines, ledger } = open(3);
  const last = lineSlotsMax - 1;
  assert.ok(acquireLine(lines[1]!, 0, 1));
  assert.ok(acquireLine(lines[1]!, last, 1));
  assert.equal(returnWorkerLines(ledger, 0).returned, 0);
  assert.equal(returnWorkerLines(ledger, 2).returned, 0);
  assert.equal(linesUsed(ledger, last), 1);
  assert.equal(returnWorkerLines(ledger, 1).returned, 2);
  assert.throws(() => acquireLine(lines[0]!, lineSlotsMax, 1), RangeError);
});

test('a line is given back by the worker that took it, once', () => {
  const { lines, ledger } = open(2);
  assert.ok(acquireLine(lines[0]!, 9, 1));
  assert.throws(() => releaseLine(lines[1]!, 9), /line slot 9: released by a worker that holds no/);
  releaseLine(lines[0]!, 9);
  assert.throws(() => releaseLine(lines[0]!, 9), RangeError);
  assert.equal(linesUsed(ledger, 9), 0);
});

test("a dead worker's lines come back once, however often they are returned", () => {
  const { lines, ledger } = open(2);
  for (let i = 0; i < 3; i++) assert.ok(acquireLine(lines[0]!, 1, 10));
  assert.ok(acquireLine(lines[0]!, 2, 10));
  assert.ok(acquireLine(lines[1]!, 1, 10));
  assert.deepEqual(returnWorkerLines(ledger, 0), { returned: 4, torn: false });
  assert.deepEqual(returnWorkerLines(ledger, 0), { returned: 0, torn: false });
  assert.equal(linesUsed(ledger, 1), 1);
  assert.equal(linesUsed(ledger, 2), 0);
});

test('a death between the two counters leaves a line too many, which reconciling frees', () => {
  const { lines, ledger } = open(2);
  assert.ok(acquireLine(lines[0]!, 7, 3));
  assert.ok(acquireLine(lines[1]!, 7, 3));
  // Worker 0 dies inside acquireLine: inside its step, `used` counted, its share not yet.
  Atomics.add(ledger.steps[0]!, 0, 1);
  Atomics.add(ledger.used, 7 * wordsPerLine, 1);
  assert.equal(acquireLine(lines[1]!, 7, 3), false);
  // While it is not returned, nobody can tell a leak from a step under way.
  assert.deepEqual(reconcileLines(ledger), { freed: 0, unsettled: 1 });
  assert.deepEqual(returnWorkerLines(ledger, 0), { returned: 1, torn: true });
  assert.equal(linesUsed(ledger, 7), 2);
  assert.deepEqual(reconcileLines(ledger), { freed: 1, unsettled: 0 });
  assert.deepEqual(reconcileLines(ledger), { freed: 0, unsettled: 0 });
  assert.equal(linesUsed(ledger, 7), 1);
  assert.equal(returnWorkerLines(ledger, 0).torn, false);
  assert.ok(acquireLine(lines[0]!, 7, 3));
});

test('the share of a torn worker is known even if its step had done nothing or everything', () => {
  for (const finished of [false, true]) {
    const { lines, ledger } = open(1);
    if (finished) assert.ok(acquireLine(lines[0]!, 7, 3));
    Atomics.add(ledger.steps[0]!, 0, 1);
    const { returned, torn } = returnWorkerLines(ledger, 0);
    assert.deepEqual([returned, torn], [finished ? 1 : 0, true]);
    assert.deepEqual(reconcileLines(ledger), { freed: 0, unsettled: 0 });
    assert.equal(linesUsed(ledger, 7), 0);
  }
});

test('any order of takes, gives and deaths matches a plain count', () => {
  const worker = fc.nat(2);
  const slot = fc.nat(3);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('take' as const), worker, slot) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('give' as const), worker, slot) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('die' as const), worker, slot) },
  );
  const limits = [1, 3, 0, 5];
  const { lines, ledger } = open(3);
  const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    const held = lines.map(() => [0, 0, 0, 0]);
    const total = (at: number) => held.reduce((sum, row) => sum + row[at]!, 0);
    for (const [what, who, at] of steps) {
      const row = held[who]!;
      const limit = limits[at]!;
      if (what === 'take') {
        const fits = limit === 0 || total(at) < limit;
        assert.equal(acquireLine(lines[who]!, at, limit), fits);
        if (fits) row[at]!++;
      } else if (what === 'die') {
        returnWorkerLines(ledger, who);
        row.fill(0);
      } else if (row[at]! > 0) {
        releaseLine(lines[who]!, at);
        row[at]!--;
      }
      assert.equal(linesUsed(ledger, at), total(at));
    }
    assert.deepEqual(reconcileLines(ledger), { freed: 0, unsettled: 0 });
    for (const who of held.keys()) returnWorkerLines(ledger, who);
    for (const at of limits.keys()) assert.equal(linesUsed(ledger, at), 0);
  });
  fc.assert(property, { numRuns: 40 });
});
