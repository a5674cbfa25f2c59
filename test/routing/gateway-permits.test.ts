// Which gateways a call may take: lists of both sides, profit floor and rate ceiling.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mappingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import { candidateGateways, type RouteQuestion } from '../../core/routing/candidate-gateways.ts';
import { routeQuestion } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const gatewayGroups = [{ name: 'premium' }, { name: 'cheap' }, { name: 'wholesale' }];

interface Asked {
  mapping?: object;
  gateways: { name: string; fields?: object }[];
  fields?: Partial<RouteQuestion>;
}

function asked({ mapping, gateways, fields }: Asked): { names: string; priceLimited: boolean } {
  const snapshot = snapshotOf({
    gatewayGroups,
    accounts: [{ name: 'seller', kind: 'clearing' }],
    mappingGateways: [
      { name: 'in', addresses: ['192.0.2.1'], ...mapping },
      { name: 'other', addresses: ['192.0.2.2'] },
    ],
    routingGateways: gateways.map(({ name, fields: own }) => ({
      name,
      address: '192.0.2.9',
      prefixes: [''],
      account: 'seller',
      ...own,
    })),
  });
  const question = routeQuestion(snapshot, '44', {
    mapping: mappingGatewayByName(snapshot, 'in')!,
    ...fields,
  });
  const { normal, priceLimited } = candidateGateways(question);
  return { names: normal.map(({ gateway }) => gateway.name).join(' '), priceLimited };
}

describe('a call may take', () => {
  const gateways = [
    { name: 'a', fields: { groups: ['premium'] } },
    { name: 'b', fields: { groups: ['cheap', 'premium'] } },
    { name: 'c' },
  ];
  const rows: [string, object, string][] = [
    ['all without lists', {}, 'a b c'],
    ['members of the groups of an allow list', { routingGroups: { names: ['cheap'] } }, 'b'],
    [
      'no member of the groups of a deny list',
      { routingGroups: { allow: false, names: ['cheap'] } },
      'a c',
    ],
    ['the gateways of an allow list', { routingGateways: { names: ['c', 'a'] } }, 'a c'],
    [
      'what both lists permit',
      {
        routingGroups: { allow: true, names: ['premium'] },
        routingGateways: { allow: false, names: ['a'] },
      },
      'b',
    ],
  ];
  for (const [what, mapping, names] of rows) {
    it(what, () => assert.equal(asked({ mapping, gateways }).names, names));
  }

  it('a routing gateway that takes calls of its mapping gateway, by group or by name', () => {
    const by = (list: object, groups: string[] = []): string =>
      asked({ mapping: { groups }, gateways: [{ name: 'x', fields: list }] }).names;
    assert.equal(by({ mappingGateways: { names: ['in'] } }), 'x');
    assert.equal(by({ mappingGateways: { names: ['other'] } }), '');
    assert.equal(by({ mappingGateways: { allow: false, names: ['other'] } }), 'x');
    assert.equal(by({ mappingGroups: { names: ['wholesale'] } }, ['wholesale']), 'x');
    assert.equal(by({ mappingGroups: { names: ['wholesale'] } }), '');
    assert.equal(by({ mappingGroups: { allow: false, names: ['wholesale'] } }), 'x');
  });
});

describe('prices', () => {
  const gateways = ['dear', 'even', 'cheap'].map((name) => ({ name }));
  const minutePrice: RouteQuestion['minutePrice'] = ({ name }) =>
    ({ dear: 1_000_001, even: 1_000_000, cheap: 900_000 })[name] ?? Number.NaN;
  const fields = { minutePrice, sellPrice: 1_100_000 };

  it('below the floor are left out, to the unit', () => {
    const floor = (minProfitPercent: unknown): string =>
      asked({ mapping: { minProfitPercent }, gateways, fields }).names;
    assert.equal(floor('10'), 'cheap even');
    assert.equal(floor(10), 'cheap even');
    assert.equal(floor('10.0001'), 'cheap');
    assert.equal(floor('23'), '');
    assert.equal(floor('-50'), 'cheap dear even');
  });

  it('above the ceiling are left out', () => {
    const ceiling = (maxRatePerMinute: string): string =>
      asked({ mapping: { maxRatePerMinute }, gateways, fields }).names;
    assert.equal(ceiling('0.01'), 'cheap even');
    assert.equal(ceiling('0.00999999'), 'cheap');
    assert.equal(ceiling('0'), 'cheap dear even');
  });

  it('are held to the stricter of both gateways', () => {
    const own = [
      { name: 'even', fields: { minProfitPercent: '20' } },
      { name: 'cheap', fields: { maxRatePerMinute: '0.008' } },
      { name: 'dear' },
    ];
    assert.equal(
      asked({ mapping: { minProfitPercent: '5' }, gateways: own, fields }).names,
      'dear',
    );
    assert.equal(asked({ gateways: own, fields }).names, 'dear');
  });

  it('that are not known are left out where there is a limit; who is not billed costs nothing', () => {
    const mapping = { minProfitPercent: '0' };
    const some = [{ name: 'unknown' }, { name: 'unbilled', fields: { account: undefined } }];
    const limited = asked({ mapping, gateways: some, fields });
    assert.deepEqual(limited, { names: 'unbilled', priceLimited: true });
    assert.equal(asked({ gateways: some, fields }).priceLimited, false);
  });

  it('have no floor for a call that nobody pays', () => {
    const free = { minutePrice, sellPrice: Number.NaN };
    assert.equal(
      asked({ mapping: { minProfitPercent: '50' }, gateways, fields: free }).names,
      'cheap dear even',
    );
  });
});
