// The routing rules of a document: read, refused with their place, and given back as they were written.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkDocument } from '../../workers/configuration/document-checks.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { storedForm } from '../../workers/configuration/stored-document.ts';

function problemsOf(document: object): string[] {
  const parsed = parseDocument(document);
  if (!parsed.ok) return parsed.problems.map(({ text }) => text);
  const tables = new Map();
  const stored = storedForm(parsed.document, tables);
  const { problems } = checkDocument(stored, stored, ({ id }) => tables.get(id).rates);
  return problems.map(({ text }) => text);
}

const calendars = [{ name: 'office' }];
const gatewayGroups = [{ name: 'g', lineLimit: 10 }, { name: 'open' }];
const rules = {
  groups: ['g'],
  reservedLines: 3,
  scheduledCapacity: [{ calendar: 'office', lineLimit: 5 }],
  minProfitPercent: '12.5',
  maxRatePerMinute: '0.02',
};
const mappingRules = {
  ...rules,
  routingGroups: { allow: true, names: ['g'] },
  routingGateways: { allow: false, names: ['out'] },
  firstRoutePolicy: 'rate',
  calculateRouteQuality: 'off',
  secondRoutePolicy: 'asr',
  protectRouteDelaySeconds: 30,
  callFailedSipCode: ['Insufficient balance:402', '503:480', '0:0'],
};
const routingRules = {
  ...rules,
  weight: 300,
  protect: true,
  feerateRestrict: true,
  leastCostRouting: true,
  calculateRouteQuality: 'on',
  scheduledPriority: [{ days: ['sunday'], from: '08:00', to: '18:00', priority: 1 }],
  mappingGroups: { allow: true, names: ['g'] },
  mappingGateways: { allow: true, names: ['in'] },
  switchAllowRing: true,
  switchAllowSdp: false,
  switchAllowBusy: true,
  timeoutInvite: 5,
  timeoutTrying: 6,
  timeoutSessionProgress: 7,
  timeoutSessionProgressSdp: 0,
  timeoutRinging: 600,
  localIp: '192.0.2.5',
  optionsCheck: true,
};

function documentWith(mapping: object, routing: object): object {
  return {
    calendars,
    gatewayGroups,
    mappingGateways: [{ name: 'in', addresses: ['192.0.2.1'], ...mapping }],
    accounts: [{ name: 'seller', kind: 'clearing' }],
    routingGateways: [
      { name: 'out', account: 'seller', address: '192.0.2.9', prefixes: ['44'], ...routing },
    ],
  };
}

describe('routing rules of a document', () => {
  it('are read and come back as they were', () => {
    const document = documentWith(mappingRules, routingRules);
    assert.deepEqual(problemsOf(document), []);
    const parsed = parseDocument(document);
    assert.ok(parsed.ok);
    const { mappingGateways, routingGateways } = parsed.document;
    const picked = (from: object, like: object): object =>
      Object.fromEntries(
        Object.keys(like).map((key) => [key, (from as Record<string, unknown>)[key]]),
      );
    assert.deepEqual(picked(mappingGateways[0]!, mappingRules), mappingRules);
    assert.deepEqual(picked(routingGateways[0]!, routingRules), routingRules);
    assert.deepEqual(parsed.document.gatewayGroups[1], { name: 'open', lineLimit: 0 });
    assert.deepEqual(parseDocument(parsed.document), parsed);
  });

  it('know the prefix modes by every name', () => {
    const mode = (prefixMode: string): unknown => {
      const parsed = parseDocument(documentWith({}, { prefixMode }));
      return parsed.ok && parsed.document.routingGateways[0]!.prefixMode;
    };
    for (const name of ['continue', 'Extension', 'Continual', 'Carry through']) {
      assert.equal(mode(name), 'continue', name);
    }
    for (const name of ['terminate', 'Expiration', 'Terminal', 'Prefix']) {
      assert.equal(mode(name), 'terminate', name);
    }
    assert.equal(mode('sometimes'), false);
  });

  const refusals: [string, object, object, ...string[]][] = [
    [
      'a group that does not exist',
      { groups: ['g', 'h'] },
      {},
      'mappingGateways[0].groups[1]: "h" is no gateway group that exists; expected the name of a gateway group',
    ],
    [
      'reserved lines above the capacity',
      {},
      { groups: ['g'], reservedLines: 11 },
      'routingGateways[0].reservedLines: 11 is above the 10 lines of group "g"; expected at most 10',
    ],
    [
      'reserved lines of a group without a limit',
      {},
      { groups: ['open'], reservedLines: 1 },
      'routingGateways[0].reservedLines: 1 is of group "open", which has no lineLimit; expected one',
    ],
    [
      'reserved lines of no group',
      {},
      { reservedLines: 1 },
      'routingGateways[0].reservedLines: 1 is of no group; expected groups beside it',
    ],
    [
      'an unknown routing gateway',
      { routingGateways: { names: ['out', 'gone'] } },
      {},
      'mappingGateways[0].routingGateways.names[1]: "gone" is no routing gateway that exists; expected the name of a routing gateway',
    ],
    [
      'an unknown mapping gateway',
      {},
      { mappingGateways: { names: ['out'] } },
      'routingGateways[0].mappingGateways.names[0]: "out" is no mapping gateway that exists; expected the name of a mapping gateway',
    ],
    [
      'vendor rates of no account',
      {},
      { account: undefined, feerateRestrict: true },
      'routingGateways[0].feerateRestrict: true is of a gateway without an account; expected account beside it',
    ],
    [
      'a call level of no account',
      { account: undefined, callLevel: 'national' },
      {},
      'mappingGateways[0].callLevel: "national" is of a gateway without an account; expected account beside it',
    ],
    [
      'a flag that is none',
      {},
      { feerateRestrict: 'sometimes' },
      'routingGateways[0].feerateRestrict: "sometimes" is not accepted; expected true or false',
    ],
    [
      'an unknown group in a list',
      { routingGroups: { names: ['x'] } },
      {},
      'mappingGateways[0].routingGroups.names[0]: "x" is no gateway group that exists; expected the name of a gateway group',
    ],
    [
      'an unknown calendar',
      {},
      { scheduledPriority: [{ calendar: 'night', priority: 1 }] },
      'routingGateways[0].scheduledPriority[0].calendar: "night" is no name of a calendar that exists; expected the name of a calendar',
    ],
    [
      'a schedule without a time',
      {},
      { scheduledCapacity: [{ lineLimit: 1 }] },
      'routingGateways[0].scheduledCapacity[0].calendar is missing; expected the name of a calendar, or days, from and to',
    ],
    [
      'a policy that there is not',
      { firstRoutePolicy: 'luck' },
      {},
      'mappingGateways[0].firstRoutePolicy: "luck" is not accepted; expected none, asr, acd or rate',
    ],
    [
      'a failure code that is none',
      { callFailedSipCode: ['503:200'] },
      {},
      'mappingGateways[0].callFailedSipCode[0]: "503:200" is not accepted; expected "REASON:CODE": a SIP code, an end reason or 0 (any other), and the SIP code to send or 0 (as it is)',
    ],
    [
      'a timeout that is too long',
      {},
      { timeoutSessionProgressSdp: 601 },
      'routingGateways[0].timeoutSessionProgressSdp: 601 is not accepted; expected a whole number from 0 to 600',
    ],
    [
      'a timeout of part of a second',
      {},
      { timeoutTrying: 0.5 },
      'routingGateways[0].timeoutTrying: 0.5 is not accepted; expected a whole number from 0 to 600',
    ],
    [
      'switching after RTP, which needs media',
      {},
      { switchAllowRtp: true },
      'routingGateways[0].switchAllowRtp is not supported by this version: media does not pass this node yet; expected: leave it out',
    ],
    [
      'a call rate in another unit than the second',
      { maxCallRateUnit: 'minute' },
      { maxCallRateUnit: 'minute' },
      'mappingGateways[0].maxCallRateUnit is not supported by this version: cpsLimit is in calls a second; expected: leave it out',
      'routingGateways[0].maxCallRateUnit is not supported by this version: cpsLimit is in calls a second; expected: leave it out',
    ],
  ];
  for (const [what, mapping, routing, ...texts] of refusals) {
    it(`are refused for ${what}`, () => {
      assert.deepEqual(problemsOf(documentWith(mapping, routing)), texts);
    });
  }
});
