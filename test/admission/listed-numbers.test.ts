// What the dynamic lists show and how numbers leave them: against a plain list, for any numbers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  extendListing,
  type Listing,
  listedNumbers,
  putOnList,
  shownBytesMax,
  unlist,
  unlistAll,
} from '../../core/admission/listed-numbers.ts';
import {
  ListedWhy,
  listedFor,
  type NumberWatch,
  noteEvent,
  watched,
} from '../../core/admission/number-watch.ts';
import { watchOf } from '../doubles/watch-of.ts';

function enter(watch: NumberWatch, listing: Listing): number {
  const entry = watched(watch, listing.side, listing.number, listing.since);
  putOnList(watch, entry, listing);
  return entry;
}

const listing: Listing = {
  side: 'caller',
  number: '15550100',
  why: ListedWhy.malicious,
  since: 10,
  until: 100,
};

describe('listed numbers', () => {
  const anyNumber = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
    maxLength: 40,
  });
  const anyListing: fc.Arbitrary<Listing> = fc.record({
    side: fc.constantFrom('caller', 'callee'),
    number: anyNumber,
    why: fc.constantFrom(ListedWhy.malicious, ListedWhy.concurrent, ListedWhy.noAnswer),
    since: fc.constant(10),
    until: fc.integer({ min: 11, max: 200 }),
  });

  it('are shown with their number, side, reason and times while they are listed', () => {
    const many = fc.uniqueArray(anyListing, {
      selector: ({ side, number }) => `${side} ${number}`,
      maxLength: 30,
    });
    fc.assert(
      fc.property(many, fc.integer({ min: 10, max: 210 }), (listings, now) => {
        const watch = watchOf(1024);
        for (const each of listings) enter(watch, each);
        const { listed, total } = listedNumbers(watch, now, 1000);
        const expected = listings
          .filter(({ until }) => until > now)
          .map((each) => ({
            ...each,
            number: each.number.slice(0, shownBytesMax),
            isCut: each.number.length > shownBytesMax,
          }));
        const order = (some: readonly object[]): string[] =>
          some.map((each) => JSON.stringify(Object.entries(each).sort())).sort();
        assert.deepEqual(order(listed), order(expected));
        assert.equal(total, expected.length);
        assert.equal(listedNumbers(watch, now, 2).listed.length, Math.min(2, total));
      }),
      { numRuns: 200 },
    );
  });

  it('stay listed since they were, when they are listed again or for longer', () => {
    const watch = watchOf(16);
    const entry = enter(watch, listing);
    extendListing(watch, entry, 50, 150);
    enter(watch, { ...listing, since: 60, until: 160, why: ListedWhy.concurrent });
    const [shown] = listedNumbers(watch, 120, 1).listed;
    assert.deepEqual([shown!.since, shown!.until, shown!.why], [10, 160, ListedWhy.concurrent]);
    enter(watch, { ...listing, since: 170, until: 180 });
    assert.equal(listedNumbers(watch, 175, 1).listed[0]!.since, 170);
  });

  it('leave when they are taken off, and what was counted of them begins anew', () => {
    const watch = watchOf(16);
    const rule = { most: 2, seconds: 100 };
    const entry = watched(watch, 'caller', listing.number, 10);
    noteEvent(watch, entry, 10, rule);
    enter(watch, listing);
    enter(watch, { ...listing, side: 'callee' });
    assert.equal(unlist(watch, 'caller', '15550101', 20), false);
    assert.equal(unlist(watch, 'caller', listing.number, 20), true);
    assert.equal(unlist(watch, 'caller', listing.number, 20), false);
    assert.equal(listedFor(watch, entry, 20), undefined);
    assert.equal(noteEvent(watch, entry, 20, rule), false, 'the first of two');
    // A call that saw the listing before does not bring it back.
    extendListing(watch, entry, 20, 500);
    assert.deepEqual(
      listedNumbers(watch, 20, 10).listed.map(({ side }) => side),
      ['callee'],
    );
    enter(watch, listing);
    assert.equal(unlistAll(watch, 20), 2);
    assert.equal(unlistAll(watch, 20), 0);
    assert.equal(listedNumbers(watch, 20, 10).total, 0);
  });
});
