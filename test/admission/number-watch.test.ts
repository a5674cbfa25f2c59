// The table of watched numbers: against a plain reading of the same rules, full, and from several workers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { watchLineSlot, wordsPerLine } from '../../core/admission/line-limits.ts';
import {
  findWatched,
  forgetEvents,
  ListedWhy,
  list,
  listedFor,
  noteEvent,
  watched,
  watchedEventsMax,
} from '../../core/admission/number-watch.ts';
import { watchOf } from '../doubles/watch-of.ts';

describe('watched numbers', () => {
  it('are found again, each side for itself', () => {
    const watch = watchOf(1024);
    assert.equal(findWatched(watch, 'caller', '4420'), -1);
    const caller = watched(watch, 'caller', '4420', 1);
    const callee = watched(watch, 'callee', '4420', 1);
    assert.notEqual(caller, callee);
    assert.equal(findWatched(watch, 'caller', '4420'), caller);
    assert.equal(watched(watch, 'callee', '4420', 2), callee);
  });

  it('count the events of any time exactly', () => {
    const event = fc.record({ after: fc.integer({ min: 0, max: 40 }), forget: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 200 }),
        fc.integer({ min: 2, max: watchedEventsMax }),
        fc.integer({ min: 1, max: 200 }),
        (events, most, seconds) => {
          const watch = watchOf(16);
          const entry = watched(watch, 'caller', '1', 1);
          let past: number[] = [];
          let now = 1;
          for (const [index, { after, forget }] of events.entries()) {
            now += after;
            past.push(now);
            const within = past.filter((time) => now - time < seconds).length;
            assert.equal(noteEvent(watch, entry, now, { most, seconds }), within >= most);
            if (forget && index % 7 === 0) {
              forgetEvents(watch, entry);
              past = [];
            }
          }
        },
      ),
    );
  });

  it('are counted in one place when one worker enters a number while another stands still over it', () => {
    const watch = watchOf(16);
    const { keys } = watch;
    const rule = { most: 4, seconds: 600 };
    const note = (entry: number): boolean => noteEvent(watch, entry, 10, rule);
    const runs: boolean[] = [];
    const paused = {
      ...watch,
      // Read again between the mark and the name: the other worker runs just then.
      get keys(): BigInt64Array {
        if (runs.length === 0 && keys.includes(-1n)) {
          runs.push(
            note(watched(watch, 'caller', '1', 10)),
            note(watched(watch, 'caller', '1', 10)),
          );
        }
        return keys;
      },
    };
    runs.push(note(watched(paused, 'caller', '1', 10)), note(watched(watch, 'caller', '1', 10)));
    assert.deepEqual(runs, [false, false, false, true]);
    assert.equal(keys.filter((key) => key !== 0n).length, 1);
  });

  it('are listed until their time, with the reason', () => {
    const watch = watchOf(16);
    const entry = watched(watch, 'caller', '1', 10);
    assert.equal(listedFor(watch, entry, 10), undefined);
    list(watch, entry, 20, ListedWhy.concurrent);
    assert.equal(listedFor(watch, entry, 19), ListedWhy.concurrent);
    assert.equal(listedFor(watch, entry, 20), undefined);
  });

  it('push out the number used longest ago, never a listed one or one with calls up', () => {
    const watch = watchOf(16);
    const entries = Array.from({ length: 16 }, (_, n) => watched(watch, 'caller', `${n}`, 100 + n));
    assert.deepEqual(new Set(entries).size, 16);
    list(watch, entries[0]!, 1000, ListedWhy.malicious);
    watch.used[watchLineSlot(entries[1]!) * wordsPerLine] = 1;
    noteEvent(watch, entries[2]!, 102, { most: 2, seconds: 1000 });
    assert.equal(watched(watch, 'caller', 'new', 200), entries[2], 'the oldest of the others');
    assert.equal(findWatched(watch, 'caller', '2'), -1);
    assert.equal(findWatched(watch, 'caller', '0'), entries[0]);
    assert.equal(
      noteEvent(watch, entries[2]!, 200, { most: 2, seconds: 1000 }),
      false,
      'what the other number did does not count for this one',
    );
    for (const entry of entries) list(watch, entry, 1000, ListedWhy.malicious);
    assert.equal(watched(watch, 'caller', 'newer', 300), -1, 'no room');
  });
});
