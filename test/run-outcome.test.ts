import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { TestsStream } from 'node:test';
import { it } from 'node:test';
import { createRunFollower, type RunOutcome } from './run-outcome.ts';

const processes = [
  { entry: '/run/alone.test.js', files: [] },
  { entry: '/run/shared-1.test.mjs', files: ['a.test.js', 'b.test.js', 'c.test.js'] },
];

/** Of a run whose parts say what is emitted for each. */
function outcomeOf(...parts: ((results: EventEmitter) => void)[]): RunOutcome {
  const follower = createRunFollower(processes);
  for (const emit of parts) {
    const results = new EventEmitter();
    follower.follow(results as TestsStream);
    emit(results);
  }
  return follower.outcome();
}

function pass(results: EventEmitter, ...names: string[]): void {
  for (const name of names) results.emit('test:pass', { name, nesting: 0 });
}

function end(results: EventEmitter): void {
  for (const message of ['tests 3', 'fail 0'])
    results.emit('test:diagnostic', { message, nesting: 0 });
}

it('is good when every file was heard of, and ends with the numbers', () => {
  const { failed, lines } = outcomeOf((results) => {
    results.emit('test:diagnostic', { message: 'tests 1', nesting: 0 });
    pass(results, 'a.test.js', 'b.test.js', 'c.test.js');
    results.emit('test:diagnostic', { message: 'of a test', nesting: 1 });
    end(results);
  });
  assert.equal(failed, false);
  assert.deepEqual(lines, ['# tests 3', '# fail 0']);
});

it('is a failure when a test fails, but not when it is one still to be done', () => {
  const fail = (todo?: boolean): RunOutcome =>
    outcomeOf((results) => {
      pass(results, 'a.test.js', 'b.test.js');
      results.emit('test:fail', { name: 'c.test.js', nesting: 0, todo });
      end(results);
    });
  assert.equal(fail().failed, true);
  assert.equal(fail(true).failed, false);
});

it('is a failure when a shared process ended before its last file, however well it ended', () => {
  const { failed, lines } = outcomeOf((results) => {
    pass(results, 'a.test.js');
    results.emit('test:pass', { name: 'b.test.js', nesting: 1 });
    end(results);
  });
  assert.equal(failed, true);
  assert.match(lines.at(-1)!, /^no result, .* shared-1\.test\.mjs .*: b\.test\.js, c\.test\.js$/);
});

it('is a failure when the runner never came to its end', () => {
  const { failed } = outcomeOf((results) => pass(results, 'a.test.js', 'b.test.js', 'c.test.js'));
  assert.equal(failed, true);
});

it('adds up its parts, and needs the end of each', () => {
  const first = (results: EventEmitter): void => {
    pass(results, 'a.test.js');
    end(results);
  };
  const second = (results: EventEmitter): void => pass(results, 'b.test.js', 'c.test.js');
  const whole = outcomeOf(first, (results) => {
    second(results);
    end(results);
  });
  assert.deepEqual(whole, { failed: false, lines: ['# tests 6', '# fail 0'] });
  assert.equal(outcomeOf(first, second).failed, true);
});
