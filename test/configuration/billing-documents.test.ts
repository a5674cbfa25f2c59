// What a document may say of rates, calendars, packages and agents: refusals with place, value and
// expectation, and warnings of what is probably not meant.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeDiff } from '../../core/configuration/diff.ts';
import { parseParameters } from '../../workers/configuration/parameter-schema.ts';
import { diffFull } from '../doubles/diff-full.ts';
import { documentOf, findingsOf, problemsOf } from './document-findings.ts';

const rate = (fields: object): object => ({
  rateTables: [{ name: 't', rates: [{ prefix: '44', ...fields }] }],
});

describe('a rate', () => {
  const refusals: [string, object, string][] = [
    [
      'without a price',
      {},
      'rateTables[0].rates[0].ratePerMinute is missing; expected a decimal string like "0.0125", or ratePerCycle with cycleSeconds',
    ],
    [
      'with two prices',
      { ratePerMinute: '1', ratePerCycle: '2', cycleSeconds: 6 },
      'rateTables[0].rates[0].ratePerCycle: "2" is not accepted; expected either ratePerMinute or ratePerCycle',
    ],
    [
      'per cycle without a cycle',
      { ratePerCycle: '2' },
      'rateTables[0].rates[0].cycleSeconds is missing; expected ratePerCycle and cycleSeconds together',
    ],
    [
      'per cycle with increments',
      { ratePerCycle: '2', cycleSeconds: 6, nextIncrementSeconds: 6 },
      'rateTables[0].rates[0].nextIncrementSeconds: 6 is not accepted; expected no increment beside ratePerCycle, which is charged by whole cycles',
    ],
    [
      'with sections and a first increment',
      { ratePerMinute: '1', firstIncrementSeconds: 60, sections: [{ seconds: 30, fee: '1' }] },
      'rateTables[0].rates[0].firstIncrementSeconds: 60 is not accepted; expected no first increment beside sections, which come first',
    ],
    [
      'with a section of no time',
      { ratePerMinute: '1', sections: [{ seconds: 0, fee: '1' }] },
      'rateTables[0].rates[0].sections[0].seconds: 0 is not accepted; expected a whole number from 1 to 86400',
    ],
    [
      'with too much tax',
      { ratePerMinute: '1', taxPercent: '1000.1' },
      'rateTables[0].rates[0].taxPercent: "1000.1" is not accepted; expected a percentage from "0" to "1000"',
    ],
    [
      'that expires before it begins',
      {
        ratePerMinute: '1',
        effectiveAt: '2026-02-01T00:00:00Z',
        expiresAt: '2026-02-01T00:00:00Z',
      },
      'rateTables[0].rates[0].expiresAt: "2026-02-01T00:00:00Z" is not accepted; expected a time after effectiveAt',
    ],
    [
      'of an unknown type',
      { ratePerMinute: '1', callType: 'mobile' },
      'rateTables[0].rates[0].callType: "mobile" is not accepted; expected net, local, national or international',
    ],
  ];
  for (const [what, fields, text] of refusals) {
    it(`is refused ${what}`, () => assert.deepEqual(problemsOf(rate(fields)), [text]));
  }

  it('may follow or lie within another of its prefix, not end within a later one', () => {
    const rates = (...times: [string | undefined, string | undefined][]): object => ({
      rateTables: [
        {
          name: 't',
          rates: times.map(([effectiveAt, expiresAt]) => ({
            prefix: '44',
            ratePerMinute: '1',
            ...(effectiveAt && { effectiveAt: `${effectiveAt}T00:00:00Z` }),
            ...(expiresAt && { expiresAt: `${expiresAt}T00:00:00Z` }),
          })),
        },
      ],
    });
    const june: [string, string] = ['2026-06-01', '2026-07-01'];
    assert.deepEqual(problemsOf(rates([undefined, undefined], june)), []);
    assert.deepEqual(problemsOf(rates(june, ['2026-01-01', '2027-01-01'])), []);
    assert.deepEqual(problemsOf(rates(june, ['2026-07-01', undefined])), []);
    assert.deepEqual(problemsOf(rates(['2026-06-15', undefined], june)), [
      'rateTables[0].rates[1].expiresAt: "2026-07-01T00:00:00Z" is within a later rate of this prefix; expected one of them to end first',
    ]);
  });

  it('is told by a comparison as people speak of it', () => {
    const before = documentOf({ rateTables: [{ name: 't', rates: [] }] });
    const after = documentOf(rate({ ratePerMinute: '0.01', firstIncrementSeconds: 60 }));
    const diff = diffFull(before, after);
    assert.deepEqual(diff.rateTables.changed[0]?.lists[0]?.added, ['44 0.01+0 60/1']);
    assert.deepEqual(describeDiff(diff), ['~ rateTables t: rates: 1 added, 0 removed']);
    const locked = diffFull(after, documentOf(rate({ ratePerMinute: '0.01', locked: true })));
    assert.equal(locked.rateTables.changed[0]?.lists[0]?.addedCount, 1);
  });
});

describe('a calendar', () => {
  const calendar = (fields: object): object => ({ calendars: [{ name: 'c', ...fields }] });
  const refusals: [object, string][] = [
    [
      { timeZone: 'Europe/Lundon' },
      'calendars[0].timeZone: "Europe/Lundon" is not accepted; expected the name of a time zone like "Europe/London"',
    ],
    [
      { from: '08:00', to: '08:00' },
      'calendars[0].from: "08:00" is not accepted; expected another time than `to`; the whole day is from "00:00" to "24:00"',
    ],
    [
      { from: '24:30' },
      'calendars[0].from: "24:30" is not accepted; expected a time of day like "08:00", from "00:00" to "24:00"',
    ],
    [
      { holidays: ['2026-02-30'] },
      'calendars[0].holidays[0]: "2026-02-30" is not accepted; expected a date like "2026-12-25"',
    ],
    [
      { workingDays: ['Mon'] },
      'calendars[0].workingDays[0]: "Mon" is not accepted; expected a weekday like monday',
    ],
  ];
  for (const [fields, text] of refusals) {
    it(`is refused for ${text.slice(0, text.indexOf(' is not'))}`, () => {
      assert.deepEqual(problemsOf(calendar(fields)), [text]);
    });
  }
});

describe('a whole document', () => {
  const agent = (name: string, above?: string): object => ({
    name,
    kind: 'agent',
    ...(above !== undefined && { agent: above }),
  });

  it('has agents that exist, are agents and end at the top', () => {
    const accounts = [
      { name: 'a', kind: 'customer', agent: 'nobody' },
      { name: 'b', kind: 'customer', agent: 'a' },
      agent('x', 'y'),
      agent('y', 'x'),
    ];
    assert.deepEqual(findingsOf({ accounts }).problems, [
      'accounts[0].agent: "nobody" is below "nobody", which does not exist; expected an agent account',
      'accounts[1].agent: "a" is below "a", a customer account; expected an agent account',
      'accounts[2].agent: "y" is below "x" in a ring; expected agents that end at the top',
      'accounts[3].agent: "x" is below "y" in a ring; expected agents that end at the top',
    ]);
    const levels = (count: number): object[] =>
      Array.from({ length: count }, (_, level) =>
        agent(`l${level}`, level === 0 ? undefined : `l${level - 1}`),
      );
    assert.deepEqual(findingsOf({ accounts: levels(9) }).problems, []);
    assert.match(
      findingsOf({ accounts: levels(10) }).problems[0]!,
      /accounts\[9\].*at most 8 levels/,
    );
  });

  it('has accounts whose expiry is later than the one that it was extended from', () => {
    const problems = (fields: object): readonly string[] =>
      problemsOf({ accounts: [{ name: 'a', kind: 'customer', ...fields }] });
    const expiresAt = '2031-01-01T00:00:00Z';
    const extendedFrom = '2030-01-01T00:00:00Z';
    assert.deepEqual(problems({ expiresAt, extendedFrom }), []);
    for (const [fields, value] of [
      [{ extendedFrom }, extendedFrom],
      [{ expiresAt, extendedFrom: expiresAt }, expiresAt],
    ] as const) {
      assert.deepEqual(problems(fields), [
        `accounts[0].extendedFrom: "${value}" is not accepted; expected a time before expiresAt, which recharges have moved on from it`,
      ]);
    }
  });

  it('refers to calendars, period rates and packages that exist', () => {
    const { problems, warnings } = findingsOf({
      periodRates: [
        { name: 'p', calendar: 'c', workingRateTable: 'day', nonWorkingRateTable: 'night' },
      ],
      accounts: [
        { name: 'a', kind: 'customer', periodRate: 'q', packages: [{ package: 'none' }] },
        { name: 'b', kind: 'customer', privateRateTable: 'later' },
      ],
    });
    assert.deepEqual(problems, [
      'periodRates[0].calendar: "c" is no name of a calendar that exists; expected the name of a calendar',
      'accounts[0].periodRate: "q" is no name of a period rate that exists; expected the name of a period rate',
      'accounts[0].packages[0].package: "none" is no name of a package that exists; expected the name of a package',
    ]);
    assert.deepEqual(warnings, [
      'accounts[1].privateRateTable: "later" is no rate table that exists yet',
      'periodRates[0].workingRateTable: "day" is no rate table that exists yet',
      'periodRates[0].nonWorkingRateTable: "night" is no rate table that exists yet',
    ]);
  });

  it('is warned of day and night tables with different prefixes, and of too coarse a precision', () => {
    const table = (name: string, ...prefixes: string[]): object => ({
      name,
      rates: prefixes.map((prefix) => ({ prefix, ratePerMinute: '1' })),
    });
    const { warnings } = findingsOf({
      parameters: { SERVER_BILLING_HOLD_TIME_PRECISION: 6000 },
      rateTables: [table('day', '1', '44'), table('night', '44', '7', '8')],
      calendars: [{ name: 'c' }],
      periodRates: [
        { name: 'p', calendar: 'c', workingRateTable: 'day', nonWorkingRateTable: 'night' },
      ],
    });
    assert.deepEqual(warnings, [
      'periodRates[0]: rate table "day" lacks 2 prefixes of "night", the first is "7"',
      'periodRates[0]: rate table "night" lacks 1 prefixes of "day", the first is "1"',
      'parameters.SERVER_BILLING_HOLD_TIME_PRECISION: 6000 is taken as 1000 (ms); longer steps belong to the increments of a rate',
    ]);
  });
});

describe('billing parameters', () => {
  const read = (name: string, value: unknown): unknown => {
    const refused: string[] = [];
    const parsed = parseParameters({ [name]: value }, (parameter) => refused.push(parameter));
    return refused.length > 0 ? 'refused' : Object.values(parsed)[0];
  };

  it('read decimals as a number or a pattern, and the other spelling of their name', () => {
    assert.equal(read('SERVER_BILLING_FEE_PRECISION', '0.0000000'), 7);
    assert.equal(read('SERVER_BILLING_FEE_PRECISION', '2'), 2);
    assert.equal(read('SERVER_BILLING_FEE_PRECISTION', 0), 0);
    for (const bad of ['0.01', 9, -1, 1.5, '', null]) {
      assert.equal(read('SERVER_BILLING_FEE_PRECISION', bad), 'refused', String(bad));
    }
  });

  it('read a unit of money', () => {
    assert.equal(read('SERVER_BILLING_FEE_UNIT', '0.005'), '0.005');
    for (const bad of [0.005, '-1', '0.000000001', '1,5']) {
      assert.equal(read('SERVER_BILLING_FEE_UNIT', bad), 'refused', String(bad));
    }
  });

  it('read number patterns as a list or with commas', () => {
    assert.deepEqual(read('SERVER_BILLING_FREE_E164S', '112, 0800*'), ['112', '0800*']);
    assert.deepEqual(read('SERVER_BILLING_FREE_E164S', ''), []);
    assert.deepEqual(read('SERVER_BILLING_NO_CDR_E164S', ['1?2']), ['1?2']);
    for (const bad of ['1,,2', [1], [''], ['1 2'], new Array(1001).fill('1'), { 0: '1' }]) {
      assert.equal(read('SERVER_BILLING_FREE_E164S', bad), 'refused');
    }
  });
});

describe('fraud limits', () => {
  const acme = (fraudLimits: unknown, more: object = {}): object => ({
    accounts: [{ name: 'acme', kind: 'customer', fraudLimits, ...more }],
  });
  const refusals: [string, unknown, string][] = [
    [
      'that limit nothing',
      [{ prefix: '44' }],
      'accounts[0].fraudLimits[0]: an object is not accepted; expected at least one of callsAtOnce, callsPerMinute, minutesPerDay, moneyPerDay, callSeconds',
    ],
    [
      'that warn above what blocks',
      [{ callsAtOnce: { warn: 5, block: 4 } }],
      'accounts[0].fraudLimits[0].callsAtOnce.warn: 5 is not accepted; expected at most 4, which is the threshold that blocks',
    ],
    [
      'of money that warn above what blocks',
      [{ moneyPerDay: { warn: '10', block: '9.99' } }],
      'accounts[0].fraudLimits[0].moneyPerDay.warn: "10" is not accepted; expected at most 9.99, which is the threshold that blocks',
    ],
    [
      'of money as numbers',
      [{ moneyPerDay: { block: 9 } }],
      'accounts[0].fraudLimits[0].moneyPerDay.block: 9 is a number, which may lose digits; expected a decimal string like "0.0125" from "0" to "90000000000", at most 8 decimals',
    ],
    [
      'without a threshold',
      [{ callsPerMinute: {} }],
      'accounts[0].fraudLimits[0].callsPerMinute: an object is not accepted; expected an object of warn, block, or both',
    ],
    [
      'of one prefix twice',
      [
        { prefix: '44', callSeconds: { block: 60 } },
        { prefix: '44', callSeconds: { block: 90 } },
      ],
      'accounts[0].fraudLimits[1].prefix: "44" is limited twice; expected each prefix once',
    ],
    [
      'with a field that is none',
      [{ callsAtOnce: { block: 1 }, sequentialCalls: { block: 1 } }],
      'accounts[0].fraudLimits[0].sequentialCalls is no field that is known here',
    ],
    [
      'that end every call at once',
      [{ callSeconds: { block: 0 } }],
      'accounts[0].fraudLimits[0].callSeconds.block: 0 is not accepted; expected a whole number from 1 to 2592000',
    ],
  ];
  for (const [name, limits, problem] of refusals) {
    it(`${name} are refused`, () => assert.deepEqual(problemsOf(acme(limits)), [problem]));
  }

  it('of a clearing account are refused, and a zone that is none', () => {
    assert.match(
      problemsOf(acme([{ callsAtOnce: { block: 1 } }], { kind: 'clearing' }))[0]!,
      /^accounts\[0\]\.fraudLimits: .*expected none on a clearing account, which makes no calls$/,
    );
    assert.match(
      problemsOf(acme([], { timeZone: 'Mars/Olympus' }))[0]!,
      /^accounts\[0\]\.timeZone: "Mars\/Olympus" is not accepted; expected the name of a time zone/,
    );
  });

  it('beyond what there is room for are refused', () => {
    const limit = { callsPerMinute: { warn: 40_000, block: 60_000 } };
    const accounts = Array.from({ length: 34 }, (_, n) => ({
      name: `a${n}`,
      kind: 'customer',
      fraudLimits: [limit],
    }));
    assert.deepEqual(findingsOf({ accounts }).problems, [
      'accounts: 2040000 is the sum of callsPerMinute of all fraudLimits; expected at most 2000000',
    ]);
  });

  it('are kept as they are written, and compared', () => {
    const limits = [
      { prefix: '881', callsAtOnce: { warn: 2, block: 3 }, moneyPerDay: { block: '20' } },
    ];
    const before = documentOf(acme([]));
    const after = documentOf(acme(limits, { timeZone: 'Europe/Berlin' }));
    assert.deepEqual(after.accounts[0]!.fraudLimits, limits);
    assert.deepEqual(documentOf(JSON.parse(JSON.stringify(after))), after);
    assert.deepEqual(describeDiff(diffFull(before, after)).sort(), [
      '~ accounts acme: fraudLimits: 1 added, 0 removed',
      '~ accounts acme: timeZone: default -> "Europe/Berlin"',
    ]);
  });
});
