// What a document may say of packages and their orders.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentOf, findingsOf, problemsOf } from './document-findings.ts';

describe('a package', () => {
  const gold = (fields: object): object => ({ packages: [{ name: 'gold', ...fields }] });
  const ordered = (fields: object): object => ({
    accounts: [{ name: 'a', kind: 'customer', packages: [{ package: 'gold', ...fields }] }],
  });
  const refusals: [object, string][] = [
    [
      gold({ period: 'week' }),
      'packages[0].period: "week" is not accepted; expected day, month, year or once',
    ],
    [
      gold({ period: 'once' }),
      'packages[0].usableSeconds is missing; expected how long an order is usable, as period is once',
    ],
    [
      gold({ usableSeconds: 60 }),
      'packages[0].usableSeconds: 60 is not accepted; expected none unless period is once',
    ],
    [
      gold({ period: 'once', usableSeconds: 0 }),
      'packages[0].usableSeconds: 0 is not accepted; expected a whole number from 1 to 31622400',
    ],
    [
      gold({ period: 'once', usableSeconds: 60, partialFirstPeriod: true }),
      'packages[0].partialFirstPeriod: true is not accepted; expected false where period is once, which begins with each order',
    ],
    [
      gold({ rentFee: '-1' }),
      'packages[0].rentFee: "-1" is not accepted; expected a decimal string like "0.0125" from "0" to "90000000000", at most 8 decimals',
    ],
    [
      ordered({ rentUnpaid: 'block' }),
      'accounts[0].packages[0].rentUnpaid: "block" is not accepted; expected wait, skip or drop',
    ],
    [
      ordered({ rentPercent: 12.5 }),
      'accounts[0].packages[0].rentPercent: 12.5 is not accepted; expected a whole number from 0 to 1000',
    ],
    [
      { accounts: [{ name: 'c', kind: 'clearing', packages: [{ package: 'gold' }] }] },
      'accounts[0].packages: a list of 1 is not accepted; expected none on a clearing account, which makes no calls',
    ],
  ];
  for (const [document, text] of refusals) {
    it(`is refused: ${text.slice(0, 60)}`, () => assert.deepEqual(problemsOf(document), [text]));
  }

  it('of one period is ordered with a time, on different days', () => {
    const once = { name: 'gold', timeZone: 'UTC', period: 'once', usableSeconds: 86_400 };
    const order = (startsAt?: string): object => ({
      package: 'gold',
      ...(startsAt === undefined ? {} : { startsAt }),
    });
    const { problems } = findingsOf({
      packages: [once],
      accounts: [
        {
          name: 'a',
          kind: 'customer',
          packages: [
            order(),
            order('2026-03-10T01:00:00Z'),
            order('2026-03-10T23:00:00Z'),
            order('2026-03-11T00:00:00Z'),
          ],
        },
      ],
    });
    assert.deepEqual(problems, [
      'accounts[0].packages[0].startsAt is missing, but package "gold" is of period once; expected a time',
      'accounts[0].packages[2].startsAt: "2026-03-10T23:00:00Z" is on the day of another order of package "gold", which is of period once; expected another day',
    ]);
  });

  it('comes back from an export as it was', () => {
    const document = documentOf({
      packages: [
        {
          name: 'gold',
          timeZone: 'UTC',
          period: 'once',
          usableSeconds: 60,
          rentFee: '5',
          giftMoney: '1',
          minConsumption: '2',
          lowerConsumption: '3',
        },
        { name: 'plain', partialFirstPeriod: true },
      ],
      accounts: [
        {
          name: 'a',
          kind: 'customer',
          packages: [
            { package: 'gold', startsAt: '2026-03-10T00:00:00Z', rentUnpaid: 'drop' },
            { package: 'plain', rentPercent: 50 },
          ],
        },
      ],
    });
    assert.deepEqual(documentOf(JSON.parse(JSON.stringify(document))), document);
    const [gold, plain] = document.packages;
    assert.deepEqual([gold!.rentFee, plain!.rentFee, plain!.period], ['5', '0', 'month']);
    const [order, other] = document.accounts[0]!.packages;
    assert.deepEqual(
      [order!.rentUnpaid, order!.rentPercent, other!.rentUnpaid, other!.rentPercent],
      ['drop', 100, 'wait', 50],
    );
  });
});
