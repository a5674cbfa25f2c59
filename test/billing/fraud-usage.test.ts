// What a finished call counts for fraud limits, by its CDR: whose day, which prefix, how much; over midnights and
// the changes of a clock.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sumUsages, type UsageRules, usagesOf } from '../../core/billing/fraud-usage.ts';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { sampleCdr } from '../cdr/sample-records.ts';

function rulesOf(zone: string, prefixes: readonly string[]): UsageRules {
  const limits = prefixes.map((prefix) => ({
    prefix,
    item: `fraud/${prefix}`,
    zone: zoneOffsets(zone),
  }));
  return { carryMs: 1000, freeSeconds: 0, limits: new Map([['acme', limits]]) };
}

function cdrOf(changes: Partial<Cdr>): Cdr {
  const startedAt = changes.startedAt ?? Date.UTC(2026, 2, 1, 12);
  return {
    ...sampleCdr('call'),
    account: 'acme',
    calleeBilling: '88123',
    startedAt,
    answeredAt: startedAt + 2000,
    holdTimeMs: 61_500,
    fee: 500n,
    agentFees: [],
    ...changes,
  };
}

/** Days since 1970 as dates. */
function dayOf(zone: string, startedAt: number): string {
  const [usage] = usagesOf(cdrOf({ startedAt }), rulesOf(zone, ['']));
  return new Date(usage!.day * 86_400_000).toISOString().slice(0, 10);
}

describe('what a call counts', () => {
  it('counts for every prefix of its number, by whole seconds', () => {
    const usages = usagesOf(cdrOf({}), rulesOf('UTC', ['881', '', '882', '88123456']));
    assert.deepEqual(
      usages.map(({ item, seconds, money }) => [item, seconds, money]),
      [
        ['fraud/881', 61, 500n],
        ['fraud/', 61, 500n],
      ],
    );
  });

  it('counts for an agent by its own fee', () => {
    const agents = [{ account: 'acme', fee: 20n, giftFee: 0n, billedSeconds: 61 }];
    const cdr = cdrOf({ account: 'below', agentFees: agents });
    assert.deepEqual(
      usagesOf(cdr, rulesOf('UTC', [''])).map(({ money }) => money),
      [20n],
    );
  });

  it('is nothing for a call that nobody answered', () => {
    assert.deepEqual(usagesOf(cdrOf({ answeredAt: null }), rulesOf('UTC', [''])), []);
  });

  it('is summed by account, limit and day', () => {
    const rules = rulesOf('UTC', ['']);
    const usages = [cdrOf({}), cdrOf({ fee: 7n }), cdrOf({ startedAt: Date.UTC(2026, 2, 2) })];
    assert.deepEqual(
      sumUsages(usages.flatMap((cdr) => usagesOf(cdr, rules))).map(({ seconds, money }) => [
        seconds,
        money,
      ]),
      [
        [122, 507n],
        [61, 500n],
      ],
    );
  });
});

describe('the day of a call', () => {
  const rows: readonly [string, string, string, string][] = [
    ['before midnight', 'UTC', '2026-03-01T23:59:59.999Z', '2026-03-01'],
    ['at midnight', 'UTC', '2026-03-02T00:00:00.000Z', '2026-03-02'],
    ['east of Greenwich', 'Asia/Kathmandu', '2026-03-01T18:14:59.999Z', '2026-03-01'],
    ['east of Greenwich, at midnight', 'Asia/Kathmandu', '2026-03-01T18:15:00Z', '2026-03-02'],
    ['west of Greenwich', 'America/New_York', '2026-01-02T04:59:59Z', '2026-01-01'],
    // The clock goes forward on 29 March 2026 at 02:00: that day has 23 hours.
    ['the short day begins', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29'],
    ['the short day ends', 'Europe/Berlin', '2026-03-29T21:59:59Z', '2026-03-29'],
    ['after the short day', 'Europe/Berlin', '2026-03-29T22:00:00Z', '2026-03-30'],
    // And back on 25 October 2026 at 03:00: 25 hours.
    ['the long day begins', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25'],
    ['the long day ends', 'Europe/Berlin', '2026-10-25T22:59:59Z', '2026-10-25'],
    ['after the long day', 'Europe/Berlin', '2026-10-25T23:00:00Z', '2026-10-26'],
    // Where the clock changes at midnight itself: 00:00 becomes 01:00 on 24 April 2026 in Cairo.
    ['before a midnight that is left out', 'Africa/Cairo', '2026-04-23T21:59:59Z', '2026-04-23'],
    ['at a midnight that is left out', 'Africa/Cairo', '2026-04-23T22:00:00Z', '2026-04-24'],
  ];
  for (const [name, zone, at, day] of rows) {
    it(`is its account's: ${name}`, () => assert.equal(dayOf(zone, Date.parse(at)), day));
  }
});
