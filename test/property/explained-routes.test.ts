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
import {
  addressOf,
  documentOf,
  type Progress,
  type Scene,
  scene,
  withoutReserves,
  withoutSchedules,
} from './route-scene.ts';

/** The stage's clock as a call begins. */
const startedAt = 1_700_000_000_000 + 1000;

function isRinging(progress: Progress): boolean {
  return progress === 'ringing' || progress === 'both';
}

function isHeard(progress: Progress): boolean {
  return progress === 'sdp' || progress === 'both';
}

function respond(
  send: (status: number, body?: string) => void,
  progress: Progress,
  code: number,
): void {
  if (isRinging(progress)) send(180);
  if (isHeard(progress)) send(183, answer);
  if (code > 0) send(code, code === 200 ? answer : '');
}

/** Whether the call may leave a gateway for the next one after what that sent before it failed: no analysis is told
 *  of it. */
function letsGo({ gateways, progress, untilConnect, sdpStops }: Scene, index: number): boolean {
  const { switchUntilConnect, switchAllowRing, switchAllowSdp } = gateways[index]!;
  if (isHeard(progress[index]!) && !(switchAllowSdp ?? !sdpStops)) return false;
  const afterRinging = switchAllowRing ?? (switchUntilConnect || untilConnect);
  return !isRinging(progress[index]!) || afterRinging;
}

/** Looked at so often what the switch has sent. */
const turnMs = 500;

/** Plays the carriers until one answers or the call is over; the gateways that were tried. */
function play(stage: Stage, peers: readonly Peer[], { codes, callee, progress }: Scene): number[] {
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
        const send = (status: number, body = ''): void =>
          peer.send(responseTo(invite, status, { tag: `t${index}`, body }));
        respond(send, progress[index]!, codes[index]!);
      }
    }
    if (tried.length === triedBefore) stage.pass(turnMs);
  }
  return tried;
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
  const mapping = mappingGatewayByName(snapshot, 'in')!;
  const members = new Set(mapping.groups.map(({ slot }) => slot));
  for (const index of gateways.keys()) {
    const { slot, groups } = routingGatewayByName(snapshot, `g${index}`)!;
    take(slot, lines[index]!);
    for (const group of groups) members.add(group.slot);
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
  for (const group of members) take(group, drawn.groupLimit - drawn.groupFree);
  take(mapping.slot, drawn.ingressUsed);
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

/** Who is tried, and whether the last of them takes the call. */
function expectedOf(
  { order, protect, winner, endReason }: RouteExplanation,
  drawn: Scene,
): { readonly tried: string[]; readonly taken: string[]; readonly held: boolean } {
  if (endReason !== null) return { tried: [], taken: [], held: false };
  const tried: string[] = [];
  for (const name of [...order, ...protect]) {
    tried.push(name);
    if (name === winner) return { tried, taken: [name], held: false };
    if (!letsGo(drawn, Number(name.slice(1)))) return { tried, taken: [], held: true };
  }
  return { tried, taken: [], held: false };
}

function decisionOf({ order, protect, candidates }: RouteExplanation): string {
  const skipped = candidates.map(({ gateway, skipped }) => `${gateway}: ${skipped !== undefined}`);
  return JSON.stringify([order, protect, skipped.sort()]);
}

describe('routing analysis, for any gateways', () => {
  it('names the gateways that a call goes to, the one that takes it, and why it is refused', () => {
    const outcomes = new Map<string, number>();
    const saw = (outcome: string): void =>
      void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    fc.assert(
      fc.property(scene, (drawn) => {
        const document = documentOf(drawn);
        const stage = createStage(document);
        const snapshot = snapshotOf(document);
        prepare(stage, snapshot, drawn);
        const explained = explain(stage, snapshot, drawn);
        assert.deepEqual(explain(stage, snapshot, drawn), explained);
        const otherwise = (name: string, other: Scene): void => {
          const told = explain(stage, snapshotOf(documentOf(other)), other);
          if (decisionOf(told) !== decisionOf(explained)) saw(name);
        };
        otherwise('decided by the clock', withoutSchedules(drawn));
        otherwise('decided by reserved lines', withoutReserves(drawn));
        const peers = drawn.gateways.map((_, at) => stage.peerAt(`g${at}`, addressOf(at)));
        const tried = play(stage, peers, drawn).map((index) => `g${index}`);
        const { answers, ends } = stage.effects;
        const expected = expectedOf(explained, drawn);
        assert.deepEqual(tried, expected.tried);
        assert.deepEqual(
          answers.map(({ cdr }) => cdr.routingGateway),
          expected.taken,
        );
        if (explained.endReason !== null) {
          assert.deepEqual(
            ends.map(({ endReason, sipCode }) => [endReason, sipCode]),
            [[explained.endReason, explained.sipCode]],
          );
        }
        if (expected.held) saw('held after ringing or SDP');
        saw(explained.endReason ?? (expected.taken.length === 0 ? 'failed' : 'taken'));
      }),
      { numRuns: 400 },
    );
    // What never came about has not been compared.
    const wanted = [
      'taken',
      'failed',
      'held after ringing or SDP',
      'decided by the clock',
      'decided by reserved lines',
      'Account locked',
      'No matching rate',
    ];
    for (const outcome of wanted) {
      assert.ok(outcomes.has(outcome), `${outcome}: ${JSON.stringify([...outcomes])}`);
    }
  });
});
