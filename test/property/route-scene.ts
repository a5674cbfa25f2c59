// Gateways, groups, accounts, rules by the clock and the state they are in, drawn for explained-routes.test.ts.
import fc from 'fast-check';

const gatewaysMax = 6;
const past = '2020-01-01T00:00:00Z';

function often<Value>(usual: Value, ...rarely: Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(...rarely));
}

/** It is a Tuesday, 22:13 UTC: the night shift works, the office does not. */
const calendars = [
  { name: 'office', timeZone: 'UTC', from: '08:00', to: '18:00' },
  { name: 'night', timeZone: 'UTC', from: '20:00', to: '06:00' },
];
const schedule = fc.oneof(
  fc.record({ calendar: fc.constantFrom('office', 'night'), working: fc.boolean() }),
  // In the node's own zone, whichever that is.
  fc.constantFrom({ days: ['tuesday', 'wednesday'] }, { days: ['friday'] }, { from: '12:00' }),
);

/** Absent, or values of which each has its time. */
function scheduled<Fields extends object>(
  fields: fc.Arbitrary<Fields>,
): fc.Arbitrary<object[] | undefined> {
  const entry = fc.tuple(schedule, fields).map(([when, value]) => ({ ...when, ...value }));
  const entries = fc.array(entry, { minLength: 1, maxLength: 2 });
  return fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, entries);
}

const scheduledCapacity = scheduled(fc.record({ lineLimit: fc.integer({ min: 0, max: 3 }) }));
const prefixRule = fc.constantFrom(
  { number: 'callee', allow: true, prefixes: ['44'] },
  { number: 'callee', allow: false, prefixes: ['4420'] },
  { number: 'caller', allow: false, prefixes: ['1555'] },
  { number: 'caller', allow: true, prefixes: ['1'] },
);
const membership = fc.oneof(fc.constant({ groups: [], reservedLines: undefined }), {
  weight: 2,
  arbitrary: fc.record({
    groups: fc.constant(['g']),
    reservedLines: fc.constantFrom(undefined, 2, 4),
  }),
});

const carrierAccount = fc.record({
  rate: often('0.01', '0.04', '0.2', undefined),
  lockedRate: often(false, true),
  locked: often(false, true),
  lineLimit: often(0, 1),
  money: often(undefined, 0n, 1n, 100_000_000n),
  linesUsed: fc.integer({ min: 0, max: 1 }),
});
const gatewayFields = fc.record({
  membership,
  scheduledCapacity,
  scheduledPriority: scheduled(fc.record({ priority: fc.integer({ min: 0, max: 2 }) })),
  scheduledPrefixes: scheduled(prefixRule),
  switchUntilConnect: often(false, true),
  switchAllowRing: fc.constantFrom(undefined, undefined, true, false),
  switchAllowSdp: fc.constantFrom(undefined, undefined, true, false),
  prefixes: fc.uniqueArray(fc.constantFrom('', '44', '4420', '1'), { minLength: 1, maxLength: 2 }),
  priority: fc.integer({ min: 0, max: 2 }),
  prefixMode: fc.constantFrom('continue', 'continue', 'terminate'),
  weight: fc.constantFrom(50, 100),
  lineLimit: fc.constantFrom(0, 2),
  protect: fc.boolean(),
  locked: fc.constantFrom(false, false, true),
  stopCodes: fc.constantFrom([], [404], [408]),
  optionsCheck: fc.boolean(),
  leastCostRouting: fc.boolean(),
  rateCalleeOut: often(false, true),
  switchAllowBusy: fc.constantFrom(undefined, true, false),
  minProfitPercent: often(undefined, '10', '80'),
  maxRatePerMinute: often(undefined, '0.03'),
  calleeDialPlan: often(undefined, '44:0044', '*:', '4420:9'),
  calleeLengths: often(undefined, [11], [12]),
  callerPrefixes: often(undefined, { allow: false, prefixes: ['1555'] }),
});
const customer = fc.record({
  rate: fc.constantFrom('0.05', '0.05', '0.05', '0.01', undefined),
  lockedRate: often(false, true),
  locked: often(false, true),
  expiresAt: often(undefined, past),
  lineLimit: often(0, 1),
  money: often(undefined, 0n, 100n, 100_000_000n),
  linesUsed: fc.integer({ min: 0, max: 1 }),
  agentMoney: often(undefined, 0n),
  callsAtOnce: often(undefined, 0, 1),
});
/** What a gateway sends before its final response, if that comes. */
export type Progress = 'nothing' | 'ringing' | 'sdp' | 'both';

interface Member {
  readonly membership: {
    readonly groups: readonly string[];
    readonly reservedLines: number | undefined;
  };
}

interface DrawnGateway extends Member {
  readonly switchUntilConnect: boolean;
  readonly switchAllowRing: boolean | undefined;
  readonly switchAllowSdp: boolean | undefined;
}

interface DrawnAccount {
  /** Of a minute. */
  readonly rate: string | undefined;
  readonly lockedRate: boolean;
  readonly locked: boolean;
  readonly lineLimit: number;
  readonly money: bigint | undefined;
  readonly linesUsed: number;
}

interface DrawnCustomer extends DrawnAccount {
  readonly expiresAt: string | undefined;
  readonly agentMoney: bigint | undefined;
  readonly callsAtOnce: number | undefined;
}

/** Lists of what the gateways are like are as long as there may be gateways. */
export interface Scene {
  readonly gateways: readonly DrawnGateway[];
  readonly accounts: readonly (DrawnAccount | undefined)[];
  readonly customer: DrawnCustomer | undefined;
  readonly mapping: Member;
  readonly callee: string;
  readonly ingressUsed: number;
  /** In use, of each gateway. */
  readonly lines: readonly number[];
  readonly closed: readonly boolean[];
  readonly offline: readonly boolean[];
  /** 0: no sample. */
  readonly asr: readonly number[];
  readonly acd: readonly number[];
  /** The code each answers with; 200: it takes the call; 0: it says nothing. */
  readonly codes: readonly number[];
  readonly progress: readonly Progress[];
  readonly groupLimit: number;
  /** Lines of the group that are left. */
  readonly groupFree: number;
  readonly untilConnect: boolean;
  readonly sdpStops: boolean;
  readonly limit: number;
  readonly asrCounts: boolean;
  readonly acdCounts: boolean;
  readonly busyStops: boolean;
}

export const scene: fc.Arbitrary<Scene> = fc.record({
  gateways: fc.array(gatewayFields, { minLength: 2, maxLength: gatewaysMax }),
  accounts: fc.array(fc.option(carrierAccount, { nil: undefined }), {
    minLength: gatewaysMax,
    maxLength: gatewaysMax,
  }),
  customer: fc.option(customer, { nil: undefined }),
  mapping: fc.record({
    locked: fc.integer({ min: 0, max: 15 }).map((drawn) => drawn === 0),
    lineLimit: often(0, 1),
    membership,
    scheduledCapacity,
    scheduledPrefixes: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      scheduled(prefixRule),
    ),
    firstRoutePolicy: fc.constantFrom('none', 'rate', 'asr', 'acd'),
    secondRoutePolicy: fc.constantFrom('none', 'rate', 'asr', 'acd'),
    calculateRouteQuality: fc.constantFrom('default', 'on', 'off'),
    minProfitPercent: often(undefined, '0', '60'),
    calleeDialPlan: often(undefined, '44:00', '4420:', '*:'),
    calleePrefixes: often(undefined, { allow: false, prefixes: ['4420'] }),
    routingGroups: often(undefined, { allow: false, names: ['g'] }),
    protectRouteDelaySeconds: fc.constantFrom(undefined, 3),
  }),
  callee: fc.constantFrom('442071234567', '44207123456', '112'),
  ingressUsed: fc.integer({ min: 0, max: 1 }),
  lines: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  closed: fc.array(often(false, true), { minLength: 6, maxLength: 6 }),
  offline: fc.array(often(false, true), { minLength: 6, maxLength: 6 }),
  asr: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  acd: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  codes: fc.array(fc.constantFrom(200, 200, 404, 486, 503, 503, 0), { minLength: 6, maxLength: 6 }),
  progress: fc.array(
    fc.constantFrom<Progress>('nothing', 'nothing', 'nothing', 'ringing', 'sdp', 'both'),
    {
      minLength: 6,
      maxLength: 6,
    },
  ),
  groupLimit: fc.constantFrom(4, 8),
  groupFree: fc.integer({ min: 1, max: 4 }),
  untilConnect: often(false, true),
  sdpStops: fc.boolean(),
  limit: fc.constantFrom(0, 2),
  asrCounts: fc.boolean(),
  acdCounts: fc.boolean(),
  busyStops: fc.boolean(),
});

export function addressOf(index: number): string {
  return `127.0.1.${index + 1}`;
}

export function documentOf(drawn: Scene): object {
  const { gateways, accounts, customer, limit } = drawn;
  const { membership: ingress, ...mapping } = drawn.mapping;
  const rates = (ratePerMinute: string, locked: boolean) => [{ prefix: '', ratePerMinute, locked }];
  const tables: object[] = [{ name: 'agents', rates: rates('0.005', false) }];
  const all: object[] = [{ name: 'top', kind: 'agent', rateTable: 'agents' }];
  if (customer !== undefined) {
    const { rate, lockedRate, locked, expiresAt, lineLimit, callsAtOnce } = customer;
    tables.push({ name: 'acme', rates: rate === undefined ? [] : rates(rate, lockedRate) });
    all.push({
      name: 'acme',
      kind: 'customer',
      agent: 'top',
      rateTable: 'acme',
      locked,
      expiresAt,
      lineLimit,
      ...(callsAtOnce === undefined
        ? {}
        : { fraudLimits: [{ callsAtOnce: { block: callsAtOnce } }] }),
    });
  }
  for (const index of gateways.keys()) {
    const account = accounts[index];
    if (account === undefined) continue;
    const { rate, lockedRate, locked, lineLimit } = account;
    // By the number that leaves one carrier is cheap.
    const out = { prefix: '0044', ratePerMinute: '0.002' };
    const known = rate === undefined ? [] : [...rates(rate, lockedRate), out];
    tables.push({ name: `r${index}`, rates: known });
    all.push({ name: `a${index}`, kind: 'clearing', rateTable: `r${index}`, locked, lineLimit });
  }
  return {
    parameters: {
      SS_MAXCPS: 0,
      SS_GATEWAY_SWITCH_LIMIT: limit,
      SS_GATEWAY_SWITCH_UNTIL_CONNECT: drawn.untilConnect,
      SS_SIP_STOP_SWITCH_AFTER_SDP: drawn.sdpStops,
      SS_EMERGENCY_E164S: '112',
      SS_GATEWAY_ASR_CALCULATE: drawn.asrCounts,
      SS_GATEWAY_ACD_CALCULATE: drawn.acdCounts,
      SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: drawn.busyStops,
      SS_SIP_TIMEOUT_INVITE: 2,
      SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: 2,
      SS_SIP_TIMEOUT_RINGING: 2,
      SS_SIP_OPTIONS_CHECK_PERIOD: 3600,
    },
    rateTables: tables,
    accounts: all,
    calendars,
    gatewayGroups: [{ name: 'g', lineLimit: drawn.groupLimit }],
    mappingGateways: [
      {
        ...mapping,
        ...ingress,
        name: 'in',
        addresses: ['127.0.0.2'],
        ...(customer === undefined ? {} : { account: 'acme' }),
      },
    ],
    routingGateways: gateways.map(({ membership: egress, ...fields }, index) => ({
      ...fields,
      ...egress,
      name: `g${index}`,
      address: `${addressOf(index)}:5060`,
      ...(accounts[index] === undefined ? {} : { account: `a${index}` }),
    })),
  };
}

/** The same without what the calendars say. */
export function withoutSchedules(drawn: Scene): Scene {
  const none = { scheduledCapacity: undefined, scheduledPrefixes: undefined };
  return {
    ...drawn,
    mapping: { ...drawn.mapping, ...none },
    gateways: drawn.gateways.map((each) => ({ ...each, ...none, scheduledPriority: undefined })),
  };
}

/** The same without lines that members of the group leave to others. */
export function withoutReserves(drawn: Scene): Scene {
  const free = <Each extends Member>(each: Each): Each => ({
    ...each,
    membership: { ...each.membership, reservedLines: undefined },
  });
  return { ...drawn, mapping: free(drawn.mapping), gateways: drawn.gateways.map(free) };
}
