// Working hours by a calendar: its own zone, windows over midnight, holidays, and the days on which clocks
// are set.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calendarAt } from '../../core/configuration/open-billing.ts';
import { isWorkingTime } from '../../core/configuration/working-time.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function working(fields: object): (at: string) => boolean {
  const snapshot = snapshotOf({ calendars: [{ name: 'c', timeZone: 'UTC', ...fields }] });
  const calendar = calendarAt(snapshot.billing, 0);
  return (at) => isWorkingTime(calendar, Date.parse(at));
}

describe('a working calendar', () => {
  it('begins at its hour and ends before its end, on weekdays', () => {
    const isWorking = working({ from: '08:00', to: '18:00' });
    // 2026-01-02 is a Friday.
    assert.equal(isWorking('2026-01-02T07:59:59.999Z'), false);
    assert.equal(isWorking('2026-01-02T08:00:00Z'), true);
    assert.equal(isWorking('2026-01-02T17:59:59.999Z'), true);
    assert.equal(isWorking('2026-01-02T18:00:00Z'), false);
    assert.equal(isWorking('2026-01-03T12:00:00Z'), false);
  });

  it('has no working time on holidays', () => {
    const isWorking = working({ from: '08:00', to: '18:00', holidays: ['2026-12-25'] });
    assert.equal(isWorking('2026-12-24T12:00:00Z'), true);
    assert.equal(isWorking('2026-12-25T12:00:00Z'), false);
  });

  it('gives a night to the day on which it begins', () => {
    const isWorking = working({ from: '18:00', to: '08:00', holidays: ['2026-01-06'] });
    // Monday 2026-01-05: before eight it is still Sunday's night, which is not worked.
    assert.equal(isWorking('2026-01-05T07:00:00Z'), false);
    assert.equal(isWorking('2026-01-05T18:00:00Z'), true);
    // Tuesday is a holiday, but its morning is Monday's night.
    assert.equal(isWorking('2026-01-06T07:59:59Z'), true);
    assert.equal(isWorking('2026-01-06T19:00:00Z'), false);
    assert.equal(isWorking('2026-01-07T07:00:00Z'), false);
    // Friday's night ends on Saturday at eight.
    assert.equal(isWorking('2026-01-10T07:59:59Z'), true);
    assert.equal(isWorking('2026-01-10T08:00:00Z'), false);
  });

  it('may end at midnight, written 00:00 or 24:00', () => {
    for (const to of ['00:00', '24:00']) {
      const isWorking = working({ from: '15:00', to });
      assert.equal(isWorking('2026-01-02T23:59:59Z'), true, to);
      assert.equal(isWorking('2026-01-03T00:00:00Z'), false, to);
      assert.equal(isWorking('2026-01-02T14:59:59Z'), false, to);
    }
  });

  it('reads the clock of its zone when it is set forward', () => {
    // London, 2026-03-29: 01:00 GMT is 02:00 BST; 01:30 local does not exist that Sunday.
    const isWorking = working({
      timeZone: 'Europe/London',
      workingDays: ['sunday', 'monday'],
      from: '01:00',
      to: '09:00',
    });
    assert.equal(isWorking('2026-03-29T00:59:59Z'), false);
    assert.equal(isWorking('2026-03-29T01:00:00Z'), true);
    // Nine o'clock is an hour earlier in UTC than the day before.
    assert.equal(isWorking('2026-03-29T07:59:59Z'), true);
    assert.equal(isWorking('2026-03-29T08:00:00Z'), false);
  });

  it('reads the clock of its zone when it is set back', () => {
    // New York, 2026-11-01: 02:00 EDT (06:00Z) is 01:00 EST; 01:30 comes twice.
    const isWorking = working({
      timeZone: 'America/New_York',
      workingDays: ['sunday'],
      from: '01:00',
      to: '02:00',
    });
    assert.equal(isWorking('2026-11-01T04:59:59Z'), false);
    assert.equal(isWorking('2026-11-01T05:30:00Z'), true);
    assert.equal(isWorking('2026-11-01T06:30:00Z'), true);
    assert.equal(isWorking('2026-11-01T07:00:00Z'), false);
  });

  it('knows weekdays where local midnight is another UTC day', () => {
    const isWorking = working({ timeZone: 'Pacific/Auckland', from: '00:00', to: '24:00' });
    // Sunday 11:00Z in January (UTC+13) is Monday 00:00 in Auckland.
    assert.equal(isWorking('2026-01-04T10:59:59Z'), false);
    assert.equal(isWorking('2026-01-04T11:00:00Z'), true);
    // Friday 11:00Z is Saturday there.
    assert.equal(isWorking('2026-01-09T11:00:00Z'), false);
  });
});

describe('a zone', () => {
  it('has the offsets that the platform knows, to the second of each change', () => {
    const zones = ['Europe/London', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
    for (const timeZone of [...zones, 'Africa/Casablanca', 'UTC']) {
      const { since, offsets } = zoneOffsets(timeZone);
      assert.equal(since.length, offsets.length);
      const clock = new Intl.DateTimeFormat('en-GB', {
        timeZone,
        hourCycle: 'h23',
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      const plain = new Intl.DateTimeFormat('en-GB', {
        timeZone: 'UTC',
        hourCycle: 'h23',
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      for (const [index, change] of since.entries()) {
        const now = clock.format(change);
        assert.equal(plain.format(change + offsets[index]! * 1000), now, timeZone);
        if (index === 0) continue;
        const before = clock.format(change - 1000);
        assert.equal(plain.format(change - 1000 + offsets[index - 1]! * 1000), before, timeZone);
      }
    }
    assert.deepEqual(zoneOffsets('Asia/Kolkata').offsets, [19_800]);
  });
});
