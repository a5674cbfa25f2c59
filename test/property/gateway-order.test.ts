// The order of candidates is a total order over any gateways and readings.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { gateway, order, prices, routes } from '../doubles/route-order.ts';

/** Of the Thursday that is asked about, outside of office hours, and of other times. */
const schedule = fc.constantFrom(
  { calendar: 'office', working: false },
  { calendar: 'office', working: true },
  { days: ['thursday'] },
  { days: ['sunday'] },
);
function scheduled<Field extends string>(
  field: Field,
  values: readonly number[],
): fc.Arbitrary<object[] | undefined> {
  const entry = fc
    .tuple(schedule, fc.constantFrom(...values))
    .map(([when, value]) => ({ ...when, [field]: value }));
  return fc.option(fc.array(entry, { maxLength: 2 }), { nil: undefined });
}

const figures = fc.record({
  prefixes: fc.uniqueArray(fc.constantFrom('', '4', '44', '4420'), { minLength: 1, maxLength: 2 }),
  priority: fc.integer({ min: 0, max: 2 }),
  weight: fc.constantFrom(50, 100, 300),
  lineLimit: fc.constantFrom(0, 10, 30),
  scheduledCapacity: scheduled('lineLimit', [0, 5, 30]),
  scheduledPriority: scheduled('priority', [0, 1, 2]),
  leastCostRouting: fc.boolean(),
  calculateRouteQuality: fc.constantFrom('default', 'on', 'off'),
  lines: fc.integer({ min: 0, max: 10 }),
  today: fc.integer({ min: 0, max: 2 }),
  asr: fc.integer({ min: -1, max: 3 }),
  acd: fc.integer({ min: -1, max: 3 }),
  price: fc.constantFrom(Number.NaN, 1, 2, 3),
});
const policy = fc.constantFrom('none', 'asr', 'acd', 'rate');
const position = fc.constantFrom('Before line usage', 'Before gateway ID');
const settings = fc.record({
  ofCaller: fc.constantFrom('default', 'on', 'off'),
  first: policy,
  second: policy,
  asrOn: fc.boolean(),
  acdOn: fc.boolean(),
  rateOn: fc.boolean(),
  rateFirst: fc.boolean(),
  quality: position,
  rate: position,
});

describe('the order, for any gateways and readings', () => {
  it('is total: no other order of the same gateways comes of them, however they are listed', () => {
    const gateways = fc.array(figures, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(gateways, settings, fc.integer(), (list, { first, second, ...rest }, seed) => {
        const named = list.map((each, index) => ({ ...each, name: `g${index}` }));
        const parameters = {
          SS_GATEWAY_ASR_CALCULATE: rest.asrOn,
          SS_GATEWAY_ACD_CALCULATE: rest.acdOn,
          SS_GATEWAY_FEE_RATE_CALCULATE: rest.rateOn,
          SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: rest.rateFirst,
          SS_GATEWAYASRROUTESORTCONFIG: rest.quality,
          SS_GATEWAYFEERATEROUTESORTCONFIG: rest.rate,
        };
        const calendars = [{ name: 'office', timeZone: 'UTC', from: '08:00', to: '18:00' }];
        const mapping = {
          firstRoutePolicy: first,
          secondRoutePolicy: second,
          calculateRouteQuality: rest.ofCaller,
        };
        const by = <Value>(field: (each: (typeof named)[number]) => Value): Record<string, Value> =>
          Object.fromEntries(named.map((each) => [each.name, field(each)]));
        const readings = {
          linesUsed: by(({ lines }) => lines),
          callsToday: by(({ today }) => today),
          asr: by(({ asr }) => asr),
          acd: by(({ acd }) => acd),
        };
        const minutePrice = prices(by(({ price }) => price));
        const orderOf = (some: typeof named): string[] => {
          const documents = some.map(({ lines, today, asr, acd, price, ...fields }) =>
            gateway(fields.name, fields),
          );
          const snapshot = routes(documents, { parameters, mapping, calendars });
          const first = order(snapshot, readings, { minutePrice });
          assert.equal(order(snapshot, readings, { minutePrice }), first);
          return first.split(' ');
        };
        const all = orderOf(named);
        assert.equal(new Set(all).size, all.length);
        const shuffled = named.toSorted(
          (left, right) => ((seed ^ left.name.charCodeAt(1)) % 7) - (right.name.charCodeAt(1) % 7),
        );
        assert.deepEqual(orderOf(shuffled), all);
      }),
      { numRuns: 150 },
    );
  });
});
