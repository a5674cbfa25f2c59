// The explanation is true: whatever the gateways and their state, a call goes to the gateways that the analysis
// names, in that order, and is taken by its winner.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { routingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { explainRoute, type RouteExplanation } from '../../core/routing/explain.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  answer,
  createStage,
  inviteText,
  type Peer,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

const gatewayFields = fc.record({
  prefixes: fc.uniqueArray(fc.constantFrom('', '44', '4420', '1'), { minLength: 1, maxLength: 2 }),
  priority: fc.integer({ min: 0, max: 2 }),
  prefixMode: fc.constantFrom('continue', 'continue', 'terminate'),
  weight: fc.constantFrom(50, 100),
  lineLimit: fc.constantFrom(0, 2),
  protect: fc.boolean(),
  locked: fc.constantFrom(false, false, true),
  groups: fc.constantFrom([], ['g']),
  stopCodes: fc.constantFrom([], [404]),
});
const scene = fc.record({
  gateways: fc.array(gatewayFields, { minLength: 1, maxLength: 6 }),
  lines: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
  closed: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  /** The code each answers with; 200: it takes the call. */
  codes: fc.array(fc.constantFrom(200, 404, 503, 503), { minLength: 6, maxLength: 6 }),
  allowed: fc.constantFrom(undefined, { allow: false, names: ['g'] }),
  limit: fc.constantFrom(0, 2),
});

function addressOf(index: number): string {
  return `127.0.1.${index + 1}`;
}

/** Plays the carriers until one answers or the call is over; the gateways that were tried. */
function play(stage: Stage, peers: readonly Peer[], codes: readonly number[]): number[] {
  const tried: number[] = [];
  stage.caller.send(inviteText({ callee: '442071234567' }).text);
  for (let met = true; met; ) {
    met = false;
    for (const [index, peer] of peers.entries()) {
      for (const message of peer.take()) {
        if (message.method !== 'INVITE') continue;
        met = true;
        tried.push(index);
        const status = codes[index]!;
        const body = status === 200 ? answer : '';
        peer.send(responseTo(message, status, { tag: `t${index}`, body }));
      }
    }
  }
  return tried;
}

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function documentOf({ gateways, allowed, limit }: Scene): object {
  const mapping = { name: 'in', addresses: ['127.0.0.2'] };
  return {
    parameters: { SS_MAXCPS: 0, SS_GATEWAY_SWITCH_LIMIT: limit },
    gatewayGroups: [{ name: 'g', lineLimit: 4 }],
    mappingGateways: [allowed === undefined ? mapping : { ...mapping, routingGroups: allowed }],
    routingGateways: gateways.map((fields, index) => ({
      ...fields,
      name: `g${index}`,
      address: `${addressOf(index)}:5060`,
    })),
  };
}

/** Lines taken and gateways paused, as the scene has them. */
function prepare({ effects }: Stage, snapshot: Snapshot, { gateways, lines, closed }: Scene): void {
  effects.countsLines = true;
  for (const index of gateways.keys()) {
    const { slot, groups } = routingGatewayByName(snapshot, `g${index}`)!;
    for (let held = 0; held < lines[index]!; held++) {
      effects.acquireLine(slot, 0);
      for (const group of groups) effects.acquireLine(group.slot, 0);
    }
    if (closed[index]!) effects.closeGateway(slot, 60);
  }
}

function explain(stage: Stage, snapshot: Snapshot, { gateways, codes }: Scene): RouteExplanation {
  const failing = [...gateways.keys()].filter((index) => codes[index] !== 200);
  const fail = Object.fromEntries(failing.map((index) => [`g${index}`, codes[index]!]));
  return explainRoute(
    snapshot,
    { gateway: 'in', callee: '442071234567', fail },
    {
      at: 0,
      state: stage.effects,
      minutePrice: () => Number.NaN,
      sellPrice: () => Number.NaN,
      unreachable: () => undefined,
    },
  )!;
}

function upToWinner({ order, protect, winner }: RouteExplanation): string[] {
  const whole = [...order, ...protect];
  return winner === null ? whole : whole.slice(0, whole.indexOf(winner) + 1);
}

describe('routing analysis, for any gateways', () => {
  it('names the gateways that a call goes to, and the one that takes it', () => {
    fc.assert(
      fc.property(scene, (drawn) => {
        const document = documentOf(drawn);
        const stage = createStage(document);
        const snapshot = snapshotOf(document);
        prepare(stage, snapshot, drawn);
        const explained = explain(stage, snapshot, drawn);
        const peers = drawn.gateways.map((_, at) => stage.peerAt(`g${at}`, addressOf(at)));
        const tried = play(stage, peers, drawn.codes).map((index) => `g${index}`);
        assert.deepEqual(tried, upToWinner(explained));
        const { answers, ends } = stage.effects;
        assert.deepEqual(
          answers.map(({ cdr }) => cdr.routingGateway),
          explained.winner === null ? [] : [explained.winner],
        );
        if (explained.endReason !== null) assert.equal(ends[0]!.endReason, explained.endReason);
      }),
      { numRuns: 150 },
    );
  });
});
