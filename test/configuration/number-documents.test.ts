// What a document may say about numbers: bad rules by their place, references, and the way of it all through
// a stored version into a snapshot, and out again as it was written.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { explainRoute } from '../../core/call/explain-route.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { compileConfiguration } from '../../workers/tasks/compile-configuration.ts';
import { idleReadings } from '../doubles/route-question.ts';

const ports = {
  at: 0,
  readings: idleReadings,
  node: 'edge-1',
  unreachable: () => undefined,
};
const mapping = { name: 'in', addresses: ['192.0.2.1'] };
const routing = { name: 'out', address: '192.0.2.9', prefixes: ['44'] };

function problemsOf(document: object): string[] {
  const parsed = parseDocument(document);
  return parsed.ok ? [] : parsed.problems.map(({ text }) => text);
}

describe('rules about numbers in a document', () => {
  const rows: readonly [object, string][] = [
    [
      { calleeLengths: [65] },
      'calleeLengths[0]: 65 is not accepted; expected a whole number from 0 to 64',
    ],
    [
      { calleeLengths: [] },
      'calleeLengths: a list of 0 is not accepted; expected at least one length',
    ],
    [
      { callerPrefixes: { prefixes: [] } },
      'callerPrefixes.prefixes: a list of 0 is not accepted; expected at least one prefix ("" matches every number)',
    ],
    [{ callerPrefixes: ['44'] }, 'callerPrefixes: a list of 1 is not accepted; expected an object'],
    [
      { scheduledPrefixes: [{ days: ['monday'], number: 'both', allow: false, prefixes: ['1'] }] },
      'scheduledPrefixes[0].number: "both" is not accepted; expected caller or callee',
    ],
    [
      { scheduledPrefixes: [{ from: '24:00', number: 'caller', allow: false, prefixes: ['1'] }] },
      'scheduledPrefixes[0].from: "24:00" is not accepted; expected another time than `to`; the whole day is from "00:00" to "24:00"',
    ],
    [
      {
        scheduledPrefixes: [
          { calendar: 'c', days: ['monday'], number: 'caller', allow: true, prefixes: ['1'] },
        ],
      },
      'scheduledPrefixes[0].calendar: "c" is not accepted; expected either a calendar, or days, from and to',
    ],
    [
      { proportionalPrefixes: [{ prefix: 'A', proportion: 0 }] },
      'proportionalPrefixes[0].proportion: 0 is not accepted; expected a whole number from 1 to 1000000',
    ],
    [
      { callLevel: 'mobile' },
      'callLevel: "mobile" is not accepted; expected net, local, national or international',
    ],
    [
      { calleeKinds: ['fixed'] },
      'calleeKinds[0]: "fixed" is not accepted; expected city, mobile or other',
    ],
    [
      { callerCallee: { pairs: ['025'] } },
      'callerCallee.pairs[0]: "025" is not accepted; expected "CALLER:CALLEE", a prefix of at most 32 bytes on either side',
    ],
    [
      { mobileArea: { codes: [] } },
      'mobileArea.codes: a list of 0 is not accepted; expected at least one prefix ("" matches every number)',
    ],
    [{ numberTransform: 'yes' }, 'numberTransform: "yes" is not accepted; expected true or false'],
  ];
  for (const [fields, problem] of rows) {
    it(`are refused by name: ${JSON.stringify(fields)}`, () => {
      assert.deepEqual(problemsOf({ mappingGateways: [{ ...mapping, ...fields }] }), [
        `mappingGateways[0].${problem}`,
      ]);
    });
  }

  it('are refused in pools and accounts', () => {
    const pool = (callerPool: unknown) =>
      problemsOf({ routingGateways: [{ ...routing, callerPool }] });
    assert.deepEqual(pool({ group: 'g', mode: 'turn' }), [
      'routingGateways[0].callerPool.mode: "turn" is not accepted; expected random or poll',
    ]);
    assert.deepEqual(pool(7), [
      'routingGateways[0].callerPool: 7 is not accepted; expected the name of a number group, or an object with group, mode and multiplexes',
    ]);
    assert.deepEqual(pool({ group: 'g', multiplexes: -1 }), [
      'routingGateways[0].callerPool.multiplexes: -1 is not accepted; expected a whole number from 0 to 1000000',
    ]);
    const accounts = [{ name: 'a', kind: 'customer', numbers: ['1', '1'] }];
    assert.deepEqual(problemsOf({ accounts }), [
      'accounts[0].numbers[1]: "1" is in this list already; expected each number once',
    ]);
  });

  it('are refused in mobile areas', () => {
    assert.deepEqual(
      problemsOf({ mobileAreas: [{ name: 'x', areaCode: '', prefixes: ['1', '1', ''] }] }),
      [
        'mobileAreas[0].areaCode: "" is not accepted; expected 1 to 32 bytes without spaces or control characters',
        'mobileAreas[0].prefixes[1]: "1" is in this list already; expected each prefix once',
        'mobileAreas[0].prefixes: a list of 3 is not accepted; expected prefixes of at least one character',
      ],
    );
    assert.deepEqual(problemsOf({ routingGateways: [{ ...routing, assertedDialPlan: '1' }] }), [
      'routingGateways[0].assertedDialPlan: "1" is no dial plan: rule 1, "1", has 0 colons; expected one, as in original:target ("\\:" is the character)',
    ]);
  });

  it('are refused in groups and transforms', () => {
    assert.deepEqual(
      problemsOf({ numberGroups: [{ name: 'g', list: 'grey', numbers: ['1', '1', ''] }] }),
      [
        'numberGroups[0].list: "grey" is not accepted; expected white, black, callerBlack or calleeBlack',
        'numberGroups[0].numbers[1]: "1" is in this list already; expected each number once',
        'numberGroups[0].numbers[2]: "" is not accepted; expected a number as text, 1 to 64 bytes without spaces or control characters',
      ],
    );
    assert.deepEqual(problemsOf({ numberGroups: [{ name: 'g', numbers: [44] }] }), [
      'numberGroups[0].numbers[0]: 44 is not accepted; expected a number as text, 1 to 64 bytes without spaces or control characters',
    ]);
    assert.deepEqual(problemsOf({ numberTransforms: [{ name: '44' }] }), [
      'numberTransforms[0].caller is missing; expected this or callee',
    ]);
  });
});

describe('a stored configuration of numbers', () => {
  let dataDir: string;
  let store: ConfigurationStore;
  let versions: ConfigurationVersions;

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tandem-numbers-'));
    store = await openConfigurationStore(dataDir);
    versions = new ConfigurationVersions(store);
  });

  after(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  function refusalsOf(document: object): string[] {
    const result = versions.apply(document);
    assert.equal(result.kind, 'refused');
    return result.kind === 'refused' ? result.problems.map(({ text }) => text) : [];
  }

  it('is refused where groups and calendars do not exist, or callers stand for two', () => {
    assert.deepEqual(
      refusalsOf({
        numberTransforms: [
          { name: '441', caller: '1' },
          { name: '442', caller: '1' },
        ],
        mappingGateways: [{ ...mapping, callerGroups: { names: ['nobody'] } }],
        routingGateways: [
          {
            ...routing,
            scheduledPrefixes: [
              { calendar: 'never', number: 'caller', allow: false, prefixes: ['1'] },
            ],
            scheduledDialPlans: [{ calendar: 'never', calleeDialPlan: '1:2' }],
          },
        ],
      }),
      [
        'numberTransforms[1].caller: "1" is the caller of "441" already; expected each caller once',
        'mappingGateways[0].callerGroups.names[0]: "nobody" is no name of a number group that exists; expected the name of a number group',
        'routingGateways[0].scheduledDialPlans[0].calendar: "never" is no name of a calendar that exists; expected the name of a calendar',
        'routingGateways[0].scheduledPrefixes[0].calendar: "never" is no name of a calendar that exists; expected the name of a calendar',
      ],
    );
  });

  it('is refused where a pool does not exist, or a number belongs to two accounts', () => {
    assert.deepEqual(
      refusalsOf({
        accounts: [
          { name: 'a', kind: 'customer', numbers: ['1'] },
          { name: 'b', kind: 'agent', numbers: ['2', '1'] },
        ],
        routingGateways: [{ ...routing, callerPool: 'nowhere', forwardingPool: { group: 'no' } }],
      }),
      [
        'accounts[1].numbers[1]: "1" is a number of account "a" already; expected each number in one account',
        'routingGateways[0].callerPool.group: "nowhere" is no name of a number group that exists; expected the name of a number group',
        'routingGateways[0].forwardingPool.group: "no" is no name of a number group that exists; expected the name of a number group',
      ],
    );
  });

  it('is refused where a mobile prefix is at home in two areas', () => {
    assert.deepEqual(
      refusalsOf({
        mobileAreas: [
          { name: 'a', areaCode: '010', prefixes: ['139', '138'] },
          { name: 'b', areaCode: '021', prefixes: ['137', '138'] },
        ],
      }),
      [
        'mobileAreas[1].prefixes[1]: "138" is a prefix of mobile area "a" already; expected each prefix in one area',
      ],
    );
  });

  it('has slots for the numbers of pools, and for no others', () => {
    const staged = versions.apply({
      numberGroups: [
        { name: 'p', numbers: ['4401', '4402'] },
        { name: 'q', numbers: ['4403'] },
      ],
      routingGateways: [{ ...routing, callerPool: { group: 'p', mode: 'poll', multiplexes: 2 } }],
    });
    assert.ok(staged.kind === 'staged');
    assert.deepEqual(versions.slotNames(staged.version), [
      'routing:out',
      'number:4401',
      'number:4402',
    ]);
    assert.deepEqual(versions.document(staged.version)!.routingGateways[0]!.callerPool, {
      group: 'p',
      mode: 'poll',
      multiplexes: 2,
    });
  });

  it('comes out as it went in, and calls see it', async () => {
    const scheduledPrefixes = [
      { days: ['monday'], number: 'callee', allow: false, prefixes: ['9'] },
    ];
    const document = {
      numberTransforms: [{ name: '4420', caller: '77', callee: '#1' }],
      mobileAreas: [{ name: 'london', areaCode: '4420', prefixes: ['4477', '"prefixes":['] }],
      numberGroups: [
        { name: 'friends', numbers: ['4420', '"é"', '"numbers":['] },
        { name: 'foes', list: 'black', numbers: ['4499'] },
      ],
      mappingGateways: [
        {
          ...mapping,
          numberTransform: true,
          callerGroups: { allow: true, names: ['friends'] },
          calleePrefixes: { allow: true, prefixes: ['44'] },
          addAreaCode: { allow: true, codes: ['4420'] },
          callerKinds: ['city', 'other'],
          callerCallee: { allow: false, pairs: ['9:9'] },
        },
      ],
      routingGateways: [
        {
          ...routing,
          callerPrefixes: { allow: false, prefixes: ['9', '8'] },
          forwardPrefixes: { allow: true, prefixes: ['1'] },
          assertedDialPlan: '1:2',
          mobileArea: { allow: true, codes: ['4420'] },
          scheduledPrefixes,
        },
        { ...routing, name: 'other', prefixes: ['4', '45'] },
      ],
    };
    const staged = versions.apply(document);
    assert.ok(staged.kind === 'staged', JSON.stringify(staged));
    const { version } = staged;
    const kept = versions.document(version)!;
    assert.deepEqual(kept.numberGroups, document.numberGroups);
    assert.deepEqual(kept.numberTransforms, document.numberTransforms);
    assert.deepEqual(kept.mobileAreas, document.mobileAreas);
    const { addAreaCode, callerKinds, callerCallee } = document.mappingGateways[0]!;
    const [keptMapping] = kept.mappingGateways;
    assert.deepEqual(
      [keptMapping!.addAreaCode, keptMapping!.callerKinds, keptMapping!.callerCallee],
      [addAreaCode, callerKinds, callerCallee],
    );
    const { forwardPrefixes, assertedDialPlan, mobileArea } = document.routingGateways[0]! as never;
    const [keptRouting] = kept.routingGateways;
    assert.deepEqual(
      [keptRouting!.forwardPrefixes, keptRouting!.assertedDialPlan, keptRouting!.mobileArea],
      [forwardPrefixes, assertedDialPlan, mobileArea],
    );
    assert.deepEqual(kept.routingGateways[0]!.scheduledPrefixes, scheduledPrefixes);
    const slots = new Map(versions.slotNames(version)!.map((name, index) => [name, index + 1]));
    const { arena } = await compileConfiguration({
      dataDir,
      version,
      slots,
      arena: null,
      behindCalls: false,
    });
    const ask = (caller: string, callee: string) =>
      explainRoute(openSnapshot(arena), { gateway: 'in', caller, callee }, ports)!;
    const passed = ask('77', '44123');
    assert.equal(passed.callerRouted, '4420');
    assert.deepEqual(passed.order, ['out', 'other']);
    assert.deepEqual(
      passed.steps.slice(1, 7).map(({ step, result }) => `${step}: ${result}`),
      [
        'caller transform: 77 is 4420',
        'caller kinds: 4420 passes',
        'caller groups: 4420 passes',
        'callee prefixes: 44123 passes',
        'caller and callee: no pair: passes',
        'black lists: neither number is caught',
      ],
    );
    assert.deepEqual(passed.candidates[0]!.numbers, [
      { step: 'caller prefixes', result: '4420 passes' },
      { step: 'scheduled prefixes', result: 'pass' },
    ]);
    assert.equal(ask('"é"', '4499').endReason, 'Callee blacklisted');
    assert.equal(ask('78', '44123').endReason, 'Caller number limited');
    assert.equal(ask('"numbers":[', '33').endReason, 'Callee number limited');
  });
});
