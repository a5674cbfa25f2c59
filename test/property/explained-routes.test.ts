// The explanation is true: whatever the gateways, their accounts and rules and the state they are in, a call goes to the
// gateways that the analysis names, in that order, is taken by its winner, and is refused as it says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import { explainRoute } from '../../core/call/explain-route.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import {
  mappingGatewayByName,
  routingGatewayByName,
} from '../../core/configuration/open-snapshot.ts';
import type { Account, Snapshot } from '../../core/configuration/snapshot.ts';
import { StateWord, stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  answer,
  createStage,
  inviteText,
  type Peer,
  responseTo,
  type Seen,
  type Stage,
} from '../doubles/switch-stage.ts';

const gatewaysMax = 6;
/** The stage's clock as a call begins. */
const startedAt = 1_700_000_000_000 + 1000;
const past = '2020-01-01T00:00:00Z';

function often<Value>(usual: Value, ...rarely: Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...rarely));
}

const carrierAccount = fc.record({
  rate: often('0.01', '0.04', '0.2', undefined),
  lockedRate: often(false, true),
  locked: often(false, true),
  lineLimit: often(0, 1),
  money: often(undefined, 0n, 1n, 100_000_000n),
  linesUsed: fc.integer({ min: 0, max: 1 }),
});
const gatewayFields = fc.record({
  prefixes: fc.uniqueArray(fc.constantFrom('', '44', '4420', '1'), { minLength: 1, maxLength: 2 }),
  priority: fc.integer({ min: 0, max: 2 }),
  prefixMode: fc.constantFrom('continue', 'continue', 'terminate'),
  weight: fc.constantFrom(50, 100),
  lineLimit: fc.constantFrom(0, 2),
  protect: fc.boolean(),
  locked: fc.constantFrom(false, false, true),
  groups: fc.constantFrom([], ['g']),
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
  rate: often('0.05', '0.01', undefined),
  lockedRate: often(false, true),
  locked: often(false, true),
  expiresAt: often(undefined, past),
  lineLimit: often(0, 1),
  money: often(undefined, 0n, 100n, 100_000_000n),
  linesUsed: fc.integer({ min: 0, max: 1 }),
  agentMoney: often(undefined, 0n),
  callsAtOnce: often(undefined, 0, 1),
});
const scene = fc.record({
  gateways: fc.array(gatewayFields, { minLength: 1, maxLength: gatewaysMax }),
  accounts: fc.array(fc.option(carrierAccount, { nil: undefined }), {
    minLength: gatewaysMax,
    maxLength: gatewaysMax,
  }),
  customer: fc.option(customer, { nil: undefined }),
  mapping: fc.record({
    locked: fc.integer({ min: 0, max: 15 }).map((drawn) => drawn === 0),
    lineLimit: often(0, 1),
    groups: fc.constantFrom([], [], ['g']),
    firstRoutePolicy: fc.constantFrom('none', 'rate', 'asr', 'acd'),
    secondRoutePolicy: fc.constantFrom('none', 'rate', 'asr', 'acd'),
    minProfitPercent: often(undefined, '0', '60'),
    calleeDialPlan: often(undefined, '44:00', '4420:', '*:'),
    calleePrefixes: often(undefined, { allow: false, prefixes: ['4420'] }),
    routingGroups: fc.constantFrom(undefined, { allow: false, names: ['g'] }),
    protectRouteDelaySeconds: fc.constantFrom(undefined, 3),
  }),
  callee: fc.constantFrom('442071234567', '44207123456', '112'),
  ingressUsed: fc.integer({ min: 0, max: 1 }),
  lines: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  closed: fc.array(often(false, true), { minLength: 6, maxLength: 6 }),
  offline: fc.array(often(false, true), { minLength: 6, maxLength: 6 }),
  /** 0: no sample. */
  asr: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  acd: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  /** The code each answers with; 200: it takes the call; 0: it says nothing. */
  codes: fc.array(fc.constantFrom(200, 404, 486, 503, 503, 0), { minLength: 6, maxLength: 6 }),
  limit: fc.constantFrom(0, 2),
  asrCounts: fc.boolean(),
  busyStops: fc.boolean(),
});

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function addressOf(index: number): string {
  return `127.0.1.${index + 1}`;
}

/** Looked at so often what the switch has sent. */
const turnMs = 500;

/** Plays the carriers until one answers or the call is over; the gateways that were tried. */
function play(stage: Stage, peers: readonly Peer[], { codes, callee }: Scene): number[] {
  const tried: number[] = [];
  const known = new Set<string>();
  /** Each INVITE once; its repeats are left unanswered. */
  const newInvites = (peer: Peer): Seen[] =>
    peer.take().filter((message) => {
      const callId = message.header('Call-ID');
      if (message.method !== 'INVITE' || known.has(callId)) return false;
      known.add(callId);
      return true;
    });
  stage.caller.send(inviteText({ callee }).text);
  while (stage.effects.answers.length + stage.effects.ends.length === 0) {
    const triedBefore = tried.length;
    for (const [index, peer] of peers.entries()) {
      for (const invite of newInvites(peer)) {
        tried.push(index);
        const status = codes[index]!;
        const body = status === 200 ? answer : '';
        if (status > 0) peer.send(responseTo(invite, status, { tag: `t${index}`, body }));
      }
    }
    if (tried.length === triedBefore) stage.pass(turnMs);
  }
  return tried;
}

function documentOf(drawn: Scene): object {
  const { gateways, accounts, customer, limit } = drawn;
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
      SS_EMERGENCY_E164S: '112',
      SS_GATEWAY_ASR_CALCULATE: drawn.asrCounts,
      SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: drawn.busyStops,
      SS_SIP_TIMEOUT_INVITE: 2,
      SS_SIP_OPTIONS_CHECK_PERIOD: 3600,
    },
    rateTables: tables,
    accounts: all,
    gatewayGroups: [{ name: 'g', lineLimit: 4 }],
    mappingGateways: [
      {
        ...drawn.mapping,
        name: 'in',
        addresses: ['127.0.0.2'],
        ...(customer === undefined ? {} : { account: 'acme' }),
      },
    ],
    routingGateways: gateways.map((fields, index) => ({
      ...fields,
      name: `g${index}`,
      address: `${addressOf(index)}:5060`,
      ...(accounts[index] === undefined ? {} : { account: `a${index}` }),
    })),
  };
}

/** Lines taken, gateways paused or offline, money and quality as the scene has them. */
function prepare({ effects }: Stage, snapshot: Snapshot, drawn: Scene): void {
  const { gateways, lines, closed, offline, asr, acd, accounts, customer } = drawn;
  effects.countsLines = true;
  const take = (slot: number, count: number): void => {
    for (let held = 0; held < count; held++) effects.acquireLine(slot, 0);
  };
  const account = (name: string): Account => accountAt(snapshot, accountRowByName(snapshot, name));
  const fund = (name: string, money: bigint | undefined): void => {
    if (money !== undefined) effects.money.set(account(name).slot, money);
  };
  for (const index of gateways.keys()) {
    const { slot, groups } = routingGatewayByName(snapshot, `g${index}`)!;
    take(slot, lines[index]!);
    for (const group of groups) take(group.slot, lines[index]!);
    if (closed[index]!) effects.closeGateway(slot, 600);
    if (offline[index]!) effects.noteCheck(slot, false);
    const state = slot * stateWordsPerSlot;
    effects.gatewayWords[state + StateWord.asr] = asr[index]! * 1000;
    effects.gatewayWords[state + StateWord.acd] = acd[index]! * 100;
    const carrier = accounts[index];
    if (carrier === undefined) continue;
    take(accountLineSlot(account(`a${index}`).slot), carrier.linesUsed);
    fund(`a${index}`, carrier.money);
  }
  take(mappingGatewayByName(snapshot, 'in')!.slot, drawn.ingressUsed);
  if (customer === undefined) return;
  take(accountLineSlot(account('acme').slot), customer.linesUsed);
  fund('acme', customer.money);
  fund('top', customer.agentMoney);
}

function explain(
  { effects }: Stage,
  snapshot: Snapshot,
  { gateways, codes, callee }: Scene,
): RouteExplanation {
  const failing = [...gateways.keys()].filter((index) => codes[index] !== 200);
  const fail = Object.fromEntries(failing.map((index) => [`g${index}`, codes[index]!]));
  const held = JSON.stringify([effects.lines, [...effects.usage.keys()]]);
  const money = [...effects.money.values()];
  const words = [...effects.gatewayWords];
  const readings = {
    ...effects,
    available: (slot: number) => effects.money.get(slot),
  };
  const explained = explainRoute(
    snapshot,
    { gateway: 'in', caller: '15551234', callee, fail },
    { at: startedAt, readings, node: 'edge-1', unreachable: () => undefined },
  )!;
  assert.equal(JSON.stringify([effects.lines, [...effects.usage.keys()]]), held);
  assert.deepEqual([...effects.money.values()], money);
  assert.deepEqual([...effects.gatewayWords], words);
  return explained;
}

function upToWinner({ order, protect, winner }: RouteExplanation): string[] {
  const whole = [...order, ...protect];
  return winner === null ? whole : whole.slice(0, whole.indexOf(winner) + 1);
}

describe('routing analysis, for any gateways', () => {
  it('names the gateways that a call goes to, the one that takes it, and why it is refused', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(scene, (drawn) => {
        const document = documentOf(drawn);
        const stage = createStage(document);
        const snapshot = snapshotOf(document);
        prepare(stage, snapshot, drawn);
        const explained = explain(stage, snapshot, drawn);
        const peers = drawn.gateways.map((_, at) => stage.peerAt(`g${at}`, addressOf(at)));
        const tried = play(stage, peers, drawn).map((index) => `g${index}`);
        const { answers, ends } = stage.effects;
        const refused = explained.endReason !== null;
        assert.deepEqual(tried, refused ? [] : upToWinner(explained));
        assert.deepEqual(
          answers.map(({ cdr }) => cdr.routingGateway),
          explained.winner === null ? [] : [explained.winner],
        );
        if (refused) {
          assert.deepEqual(
            ends.map(({ endReason, sipCode }) => [endReason, sipCode]),
            [[explained.endReason, explained.sipCode]],
          );
        }
        const outcome = explained.endReason ?? (explained.winner === null ? 'failed' : 'taken');
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 300 },
    );
    // What never came about has not been compared.
    for (const outcome of ['taken', 'failed', 'Account locked', 'No matching rate']) {
      assert.ok(outcomes.has(outcome), `${outcome}: ${JSON.stringify([...outcomes])}`);
    }
  });
});
