// The comparator, key by key.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateway, order, prices, type Readings, routes } from '../doubles/route-order.ts';
import { candidatesOf } from '../doubles/route-question.ts';

describe('the order of candidates', () => {
  it('of equal priority: least line usage by capacity and weight, then fewest calls today, then name', () => {
    const gateways = [
      gateway('a', { lineLimit: 10 }),
      gateway('b', { lineLimit: 100 }),
      gateway('c', { lineLimit: 10, weight: 300 }),
    ];
    const snapshot = routes(gateways);
    assert.equal(order(snapshot), 'a b c');
    assert.equal(order(snapshot, { linesUsed: { a: 5, b: 10, c: 6 } }), 'b c a');
    assert.equal(order(snapshot, { callsToday: { a: 3, b: 2, c: 2 } }), 'b c a');
    const priority = [gateway('first', { priority: 1 }), gateway('second', { priority: 2 })];
    assert.equal(order(routes(priority), { linesUsed: { first: 900 } }), 'first second');
  });

  it('shares calls by weight: one of weight 300 gets three of four', () => {
    const snapshot = routes([gateway('one', { weight: 100 }), gateway('three', { weight: 300 })]);
    const linesUsed: Record<string, number> = { one: 0, three: 0 };
    for (let call = 0; call < 400; call++) {
      const [first] = order(snapshot, { linesUsed }).split(' ');
      linesUsed[first!]!++;
    }
    assert.deepEqual(linesUsed, { one: 100, three: 300 });
  });

  it('by ASR and ACD where the parameters say so, before line usage or before the name', () => {
    const gateways = [gateway('a'), gateway('b'), gateway('c')];
    const readings = { asr: { a: 4000, b: 6000, c: 6000 }, acd: { b: 900, c: 1800 } };
    assert.equal(order(routes(gateways), readings), 'a b c');
    const on = { SS_GATEWAY_ASR_CALCULATE: 'On' };
    assert.equal(order(routes(gateways, { parameters: on }), readings), 'b c a');
    const both = { ...on, SS_GATEWAY_ACD_CALCULATE: 'On' };
    assert.equal(order(routes(gateways, { parameters: both }), readings), 'c b a');
    const late = { ...on, SS_GATEWAYASRROUTESORTCONFIG: 'before gateway id' };
    const busy = { ...readings, linesUsed: { b: 1 } };
    assert.equal(order(routes(gateways, { parameters: late }), busy), 'c a b');
    assert.equal(order(routes(gateways, { parameters: on }), busy), 'c b a');
  });

  it('takes a gateway without samples for the mean, and leaves those out that have quality off', () => {
    const asr = { bad: 2000, good: 6000, off: 9000 };
    const parameters = { SS_GATEWAY_ASR_CALCULATE: 'On' };
    const off = gateway('off', { calculateRouteQuality: 'off' });
    const gateways = [gateway('bad'), gateway('good'), gateway('new'), off];
    assert.equal(order(routes(gateways, { parameters }), { asr }), 'good new off bad');
    const on = ['bad', 'good'].map((name) => gateway(name, { calculateRouteQuality: 'on' }));
    assert.equal(order(routes([...on, gateway('new'), off]), { asr }), 'good new off bad');
  });

  it('by ASR for the calls of a mapping gateway that says so, and by no quality for one that says off', () => {
    const readings = { asr: { bad: 2000, good: 6000, off: 9000 }, acd: { bad: 900, good: 100 } };
    const off = gateway('off', { calculateRouteQuality: 'off' });
    const gateways = [gateway('bad'), gateway('good'), off];
    const by = (calculateRouteQuality: string, parameters: object = {}, some = gateways): string =>
      order(routes(some, { parameters, mapping: { calculateRouteQuality } }), readings);
    const on = { SS_GATEWAY_ASR_CALCULATE: 'On', SS_GATEWAY_ACD_CALCULATE: 'On' };
    assert.equal(by('default'), 'bad good off');
    assert.equal(by('on'), 'good off bad');
    assert.equal(by('default', on), 'good off bad');
    assert.equal(by('off', on), 'bad good off');
    // What a routing gateway says of itself is for calls that look at quality.
    const own = gateways.map((each) => ({ ...each, calculateRouteQuality: 'on' }));
    assert.equal(by('default', {}, own), 'off good bad');
    assert.equal(by('off', {}, own), 'bad good off');
    const policy = { firstRoutePolicy: 'asr', calculateRouteQuality: 'off' };
    assert.equal(order(routes(gateways, { mapping: policy }), readings), 'good off bad');
  });

  it('by the vendor rate with leastCostRouting or SS_GATEWAY_FEE_RATE_CALCULATE; no rate comes last', () => {
    const minutePrice = prices({ cheap: 100, dear: 300, middle: 200 });
    const names = ['aNone', 'dear', 'middle', 'zCheap'];
    assert.equal(order(routes(names.map((name) => gateway(name)))), names.join(' '));
    const all = routes(
      ['cheap', 'dear', 'middle', 'none'].map((name) => gateway(name)),
      {
        parameters: { SS_GATEWAY_FEE_RATE_CALCULATE: 'On' },
      },
    );
    assert.equal(order(all, {}, { minutePrice }), 'cheap middle dear none');
    const some = routes([
      gateway('cheap', { leastCostRouting: true }),
      gateway('dear', { leastCostRouting: true }),
      gateway('neutral'),
    ]);
    assert.equal(order(some, {}, { minutePrice }), 'cheap neutral dear');
  });

  it('has ASR before the rate, or after it with SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR', () => {
    const parameters = { SS_GATEWAY_ASR_CALCULATE: 'On', SS_GATEWAY_FEE_RATE_CALCULATE: 'On' };
    const fields = { minutePrice: prices({ a: 200, b: 100 }) };
    const asr = { a: 6000, b: 4000 };
    const gateways = [gateway('a'), gateway('b')];
    assert.equal(order(routes(gateways, { parameters }), { asr }, fields), 'a b');
    const before = { ...parameters, SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: 'On' };
    assert.equal(order(routes(gateways, { parameters: before }), { asr }, fields), 'b a');
  });

  it('has the rate before line usage or before the name, as SS_GATEWAYFEERATEROUTESORTCONFIG says, ASR where it is', () => {
    const gateways = [gateway('a'), gateway('b'), gateway('c')];
    const fields = { minutePrice: prices({ a: 300, b: 100, c: 200 }) };
    const rate = { SS_GATEWAY_FEE_RATE_CALCULATE: 'On' };
    const early = { ...rate, SS_GATEWAYFEERATEROUTESORTCONFIG: 'Before line usage' };
    const late = { ...rate, SS_GATEWAYFEERATEROUTESORTCONFIG: 'Before gateway ID' };
    const by = (parameters: object, readings: Readings): string =>
      order(routes(gateways, { parameters }), readings, fields);
    const busy = { linesUsed: { b: 5, c: 1 }, callsToday: { b: 9, c: 1 } };
    assert.equal(by(rate, busy), 'b c a');
    assert.equal(by(early, busy), 'b c a');
    assert.equal(by(late, busy), 'a c b');
    // Without a difference in use the rate decides there too, before the name.
    assert.equal(by(late, {}), 'b c a');
    assert.equal(by(late, { callsToday: { b: 1 } }), 'c a b');
    const measured = { ...busy, asr: { a: 2000, b: 2000, c: 9000 } };
    const quality = { SS_GATEWAY_ASR_CALCULATE: 'On' };
    assert.equal(by({ ...late, ...quality }, measured), 'c a b');
    const qualityLate = { ...quality, SS_GATEWAYASRROUTESORTCONFIG: 'Before gateway ID' };
    assert.equal(by({ ...early, ...qualityLate }, measured), 'b c a');
    const even = { asr: measured.asr };
    assert.equal(by({ ...late, ...qualityLate }, even), 'c b a');
    const rateFirst = { SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: 'On' };
    assert.equal(by({ ...late, ...qualityLate, ...rateFirst }, even), 'b c a');
  });

  it('begins with the policies of the mapping gateway, before the prefix length', () => {
    const gateways = [
      gateway('long', { prefixes: ['4420'], priority: 1 }),
      gateway('short', { prefixes: ['44'], priority: 9 }),
      gateway('shortest', { prefixes: [''], priority: 9 }),
    ];
    const minutePrice = prices({ long: 300, short: 100, shortest: 100 });
    const asr = { long: 5000, short: 4000, shortest: 6000 };
    const by = (mapping: object): string =>
      order(routes(gateways, { mapping }), { asr, acd: { short: 5 } }, { minutePrice });
    assert.equal(by({}), 'long short shortest');
    assert.equal(by({ firstRoutePolicy: 'rate' }), 'short shortest long');
    assert.equal(by({ firstRoutePolicy: 'asr' }), 'shortest long short');
    const both = { firstRoutePolicy: 'rate', secondRoutePolicy: 'asr' };
    assert.equal(by(both), 'shortest short long');
    assert.equal(by({ secondRoutePolicy: 'rate' }), 'short shortest long');
  });

  it('takes the scheduled priority in its window, by days and hours or by a calendar', () => {
    const calendars = [{ name: 'office', timeZone: 'UTC', from: '08:00', to: '18:00' }];
    const gateways = [
      gateway('always', { priority: 5 }),
      gateway('nights', {
        priority: 9,
        scheduledPriority: [{ calendar: 'office', working: false, priority: 1 }],
      }),
    ];
    const snapshot = routes(gateways, { calendars });
    const at = (text: string): string => order(snapshot, {}, { at: Date.parse(text) });
    assert.equal(at('2026-01-05T12:00:00Z'), 'always nights');
    assert.equal(at('2026-01-05T19:00:00Z'), 'nights always');
    assert.equal(at('2026-01-04T12:00:00Z'), 'nights always');
  });

  it('takes the scheduled capacity for its limit and for its line usage', () => {
    const lineLimit = 100;
    const scheduledCapacity = [{ days: ['sunday'], lineLimit: 10 }];
    const snapshot = routes([
      gateway('a', { lineLimit, scheduledCapacity }),
      gateway('b', { lineLimit }),
    ]);
    const linesUsed = { a: 5, b: 6 };
    const sunday = Date.parse('2026-01-04T12:00:00Z');
    const monday = Date.parse('2026-01-05T12:00:00Z');
    assert.equal(order(snapshot, { linesUsed }, { at: monday }), 'a b');
    assert.equal(order(snapshot, { linesUsed }, { at: sunday }), 'b a');
    const limits = (at: number): number[] =>
      candidatesOf(snapshot, '44', { at }).map((candidate) => candidate.lineLimit);
    assert.deepEqual(
      [limits(monday), limits(sunday)],
      [
        [100, 100],
        [10, 100],
      ],
    );
  });
});
