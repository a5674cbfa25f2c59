// Periods of packages: when an order counts, which part of its first period it pays for, and where days begin when
// clocks change.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  amountForDays,
  daysOfPeriod,
  orderPeriod,
  orderStart,
  type PeriodTerms,
  periodEnd,
} from '../../core/billing/package-period.ts';
import { nextPeriodDay, periodOfDay } from '../../core/time/calendar-period.ts';
import { dayOf, localSeconds, startOfDay } from '../../core/time/local-time.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { money } from './terms.ts';

const dayMs = 86_400_000;
const dayAt = (text: string): number => Date.parse(`${text}T00:00:00Z`) / dayMs;
const iso = (ms: number): string => new Date(ms).toISOString();
const london: PeriodTerms = { period: 'month', zone: zoneOffsets('Europe/London') };
const many = { onceDay: -1 };

describe('a day', () => {
  it('begins at local midnight, in summer and in winter', () => {
    const { zone } = london;
    assert.equal(iso(startOfDay(zone, dayAt('2026-03-29'))), '2026-03-29T00:00:00.000Z');
    assert.equal(iso(startOfDay(zone, dayAt('2026-03-30'))), '2026-03-29T23:00:00.000Z');
    assert.equal(iso(startOfDay(zone, dayAt('2026-10-25'))), '2026-10-24T23:00:00.000Z');
    assert.equal(iso(startOfDay(zone, dayAt('2026-10-26'))), '2026-10-26T00:00:00.000Z');
  });

  it('begins later where the clock leaves midnight out', () => {
    // Cairo, 2026-04-24: from 00:00 on clocks show 01:00.
    const cairo = zoneOffsets('Africa/Cairo');
    assert.equal(iso(startOfDay(cairo, dayAt('2026-04-24'))), '2026-04-23T22:00:00.000Z');
    assert.equal(localSeconds(cairo, startOfDay(cairo, dayAt('2026-04-24'))) % 86_400, 3600);
  });

  it('is that of its first instant, and not of the one before', () => {
    const zones = ['UTC', 'Europe/London', 'Africa/Cairo', 'America/St_Johns', 'Pacific/Apia'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: dayAt('2019-01-01'), max: dayAt('2046-01-01') }),
        (name, day) => {
          const zone = zoneOffsets(name);
          const start = startOfDay(zone, day);
          assert.ok(dayOf(localSeconds(zone, start)) >= day);
          assert.ok(dayOf(localSeconds(zone, start - 1)) < day);
        },
      ),
    );
  });
});

describe('a period', () => {
  it('follows the one before', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('day' as const, 'month' as const, 'year' as const),
        fc.integer({ min: 0, max: 40_000 }),
        (name, day) => {
          const { number, day: first } = periodOfDay(name, day);
          const next = nextPeriodDay(name, day);
          assert.ok(first <= day && day < next);
          assert.deepEqual(periodOfDay(name, next), { number: number + 1, day: next });
          assert.equal(periodOfDay(name, next - 1).number, number);
        },
      ),
    );
  });

  it('of a month with a change of clocks ends at local midnight', () => {
    const day = dayAt('2026-03-01');
    const at = Date.parse('2026-03-15T12:00:00Z');
    assert.deepEqual(orderPeriod(london, many, at), { number: 2026 * 12 + 2, day });
    assert.equal(iso(periodEnd(london, day)), '2026-03-31T23:00:00.000Z');
    assert.equal(orderPeriod(london, many, periodEnd(london, day)).day, dayAt('2026-04-01'));
    assert.equal(orderPeriod(london, many, periodEnd(london, day) - 1).day, day);
  });

  it('is the order itself where it is one', () => {
    const once: PeriodTerms = { ...london, period: 'once' };
    const order = { onceDay: dayAt('2026-03-10') };
    assert.deepEqual(orderPeriod(once, order, Date.parse('2027-01-01T00:00:00Z')), {
      number: order.onceDay,
      day: order.onceDay,
    });
    assert.equal(periodEnd(once, order.onceDay), Number.POSITIVE_INFINITY);
    assert.deepEqual(daysOfPeriod(once, order.onceDay, 0), { days: 1, of: 1 });
  });
});

describe('an order', () => {
  const startsAt = Date.parse('2026-03-10T14:00:00Z');
  const day = dayAt('2026-03-01');

  it('counts from the next period on, from its own time where it may, and at once with a period', () => {
    assert.equal(iso(orderStart(london, startsAt, false)), '2026-03-31T23:00:00.000Z');
    assert.equal(orderStart(london, startsAt, true), startsAt);
    assert.equal(orderStart({ ...london, period: 'once' }, startsAt, false), startsAt);
    const april = Date.parse('2026-03-31T23:00:00Z');
    assert.equal(orderStart(london, april, false), april);
    assert.equal(orderStart(london, april + 1, false), periodEnd(london, dayAt('2026-04-01')));
  });

  it('pays for the days that are left of its first period, the day it begins on included', () => {
    assert.deepEqual(daysOfPeriod(london, day, startsAt), { days: 22, of: 31 });
    assert.deepEqual(daysOfPeriod(london, day, 0), { days: 31, of: 31 });
    assert.deepEqual(daysOfPeriod(london, dayAt('2026-04-01'), startsAt), { days: 30, of: 30 });
    const day10 = { ...london, period: 'day' as const };
    assert.deepEqual(daysOfPeriod(day10, dayAt('2026-03-10'), startsAt), { days: 1, of: 1 });
  });

  it('pays one exact amount, rounded half up once', () => {
    assert.equal(amountForDays(money('31'), 100, { days: 22, of: 31 }), money('22'));
    // 10 × 22 ÷ 31 = 7.096774193...; half of it 3.548387096...
    assert.equal(amountForDays(money('10'), 100, { days: 22, of: 31 }), money('7.09677419'));
    assert.equal(amountForDays(money('10'), 50, { days: 22, of: 31 }), money('3.5483871'));
    assert.equal(amountForDays(1n, 50, { days: 1, of: 1 }), 1n);
    assert.equal(amountForDays(money('10'), 0, { days: 1, of: 1 }), 0n);
  });
});
