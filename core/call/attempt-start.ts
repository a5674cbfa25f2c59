// Begins an attempt: takes the gateway's line and its place in the second, and sends the INVITE made anew
// for this side (RFC 3261 13.2.1; what crosses from the caller's INVITE stands in header-policy.ts).
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { awayReason } from '../routing/gateway-availability.ts';
import type { Candidate } from '../routing/gateway-ranking.ts';
import type { Hop } from '../sip/hop.ts';
import { Method } from '../sip/method.ts';
import { type RequestParts, writeRequest } from '../sip/write-message.ts';
import { armAttempt, finishLeg, timeoutsOf } from './attempt-end.ts';
import type { Call, Fork, InviteFacts, OutboundLeg } from './call.ts';
import { OutboundState, OwnerKind } from './call.ts';
import { keepOwnLeg } from './call-table.ts';
import { crossingLines } from './crossing-lines.ts';
import { limitOf } from './emergency.ts';
import { type CallEnvironment, wallTime } from './environment.ts';
import { gatewayHop, gatewayText } from './gateway-text.ts';
import { giveGroupLinesBack, takeGroupLines } from './group-lines.ts';
import { escapeUser } from './header-policy.ts';
import { listenerOf, mintBranch, mintLegCallId, mintTag } from './local-identity.ts';
import { maxForwardsOut } from './max-forwards.ts';
import { numbersOut } from './numbers-out.ts';
import { takePoolNumbers } from './pool-numbers.ts';
import { mayCarry, tooLongFailure } from './too-long.ts';
import { returnVendor, takeVendor } from './vendor-billing.ts';

/** What became of a candidate. `noRoom`: it is full or away, and may have room later; `unfit`: it does not take this
 *  call, now or later. Nothing is held but by an attempt that was sent. */
export const AttemptStart = { sent: 0, noRoom: 1, unfit: 2 } as const;
export type AttemptStart = (typeof AttemptStart)[keyof typeof AttemptStart];

/** Sends the INVITE. */
export function startAttempt(env: CallEnvironment, call: Call, candidate: Candidate): AttemptStart {
  const { gateway } = candidate;
  const invite = call.inbound.invite!;
  const listener = listenerOf(env.identity, gateway, invite.hop.listener);
  if (listener < 0) {
    env.effects.count(Counter.skippedListener);
    return AttemptStart.unfit;
  }
  if (awayReason(env.effects, gateway) !== undefined) {
    env.effects.count(Counter.skippedAway);
    return AttemptStart.noRoom;
  }
  if (!takeLines(env, call, candidate)) {
    env.effects.count(Counter.skippedLines);
    return AttemptStart.noRoom;
  }
  if (!numbersOut(env, call, gateway)) {
    giveLinesBack(env, gateway);
    return AttemptStart.unfit;
  }
  const vendor = takeVendor(env, call, gateway);
  if (typeof vendor === 'string') {
    giveLinesBack(env, gateway);
    return AttemptStart[vendor];
  }
  if (!env.effects.acquireCps(gateway.slot, limitOf(call, gateway.cpsLimit))) {
    giveLinesBack(env, gateway);
    if (vendor !== null) returnVendor(env, vendor, 0n);
    env.effects.count(Counter.skippedCps);
    return AttemptStart.noRoom;
  }
  const pooled = takePoolNumbers(env, call, gateway);
  if (pooled.caller !== undefined) call.callerOut = pooled.caller.number;
  const leg = createLeg(env, call, gateway, gatewayHop(gateway, listener));
  leg.vendor = vendor;
  leg.callerLine = pooled.caller?.line ?? -1;
  leg.forwardingLine = pooled.forwarding?.line ?? -1;
  call.outbound = leg;
  env.effects.count(Counter.attempts);
  env.effects.noteAttempt(gateway.slot);
  if (!sendInvite(env, leg, crossingLines(env, call, gateway, pooled))) {
    failTooLarge(env, leg);
    return AttemptStart.unfit;
  }
  armAttempt(env, leg, inviteWaitSeconds(leg));
  return AttemptStart.sent;
}

/** One of the gateway's own and one of each of its groups, or none. */
function takeLines(env: CallEnvironment, call: Call, { gateway, lineLimit }: Candidate): boolean {
  if (!env.effects.acquireLine(gateway.slot, limitOf(call, lineLimit))) return false;
  if (takeGroupLines(env.effects, call, gateway.groups)) return true;
  env.effects.releaseLine(gateway.slot);
  return false;
}

function giveLinesBack(env: CallEnvironment, gateway: RoutingGateway): void {
  env.effects.releaseLine(gateway.slot);
  giveGroupLinesBack(env.effects, gateway.groups);
}

/** The smaller of SS_SIP_TIMER_B and SS_SIP_TIMEOUT_INVITE rules. */
function inviteWaitSeconds(leg: OutboundLeg): number {
  const { SS_SIP_TIMEOUT_INVITE: invite } = timeoutsOf(leg);
  const { SS_SIP_TIMER_B: timerB } = leg.call.parameters;
  return invite === 0 ? timerB : Math.min(invite, timerB);
}

function createLeg(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
  hop: Hop,
): OutboundLeg {
  const { cdr } = call;
  const invite = call.inbound.invite!;
  const localTag = mintTag(env.identity);
  const parts = inviteParts(env, call, gateway, { hop, localTag });
  const record = {
    gateway: gateway.name,
    callId: parts.callId,
    sipCode: 0,
    endReason: '',
    startedAt: wallTime(call, env.nowMs),
    tookMs: 0,
  };
  // Nearly always the only one, and kept for the whole call: without the room that `push` makes.
  cdr.attempts = cdr.attempts.length === 0 ? [record] : [...cdr.attempts, record];
  cdr.routingGateway = gateway.name;
  cdr.clearingAccount = gateway.account;
  cdr.calleeCallId = parts.callId;
  cdr.calleeAddress = gatewayText(gateway).address;
  cdr.calleeOut = call.calleeOut;
  cdr.callerOut = call.callerOut;
  const leg: OutboundLeg = {
    slot: 0,
    kind: OwnerKind.outboundLeg,
    call,
    gateway,
    record,
    parts,
    localTag,
    hop,
    startedMs: env.nowMs,
    transaction: undefined,
    state: OutboundState.calling,
    forks: noForks,
    strays: noTags,
    ack: { cseq: parts.cseq, payload: undefined },
    ringing: false,
    sdpSeen: false,
    cause: 0,
    offered: invite.payload.body !== '',
    timer: 0,
    lineHeld: true,
    callerLine: -1,
    forwardingLine: -1,
    vendor: null,
  };
  keepOwnLeg(env.table, leg);
  return leg;
}

/** A name that is the number is the number that leaves. */
function displayOut({ callerOut, cdr }: Call, { display }: InviteFacts): string {
  if (callerOut === cdr.callerAccess || display !== `"${cdr.callerAccess}" `) return display;
  return `"${callerOut}" `;
}

/** Shared by all legs: lists of forks and strays are replaced, never changed. */
const noForks: readonly Fork[] = [];
const noTags: readonly string[] = [];

function inviteParts(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
  leg: { hop: Hop; localTag: string },
): RequestParts {
  const invite = call.inbound.invite!;
  const local = env.identity.listeners[leg.hop.listener]!;
  const callee = escapeUser(call.calleeOut);
  const { uriEnd, toEnd } = gatewayText(gateway);
  const caller = escapeUser(call.callerOut);
  // RFC 3323 4.1.1.3: an anonymous caller has no host that could be hidden.
  const callerHost = caller === 'anonymous' ? 'anonymous.invalid' : local.host;
  const callerUri = caller === '' ? callerHost : `${caller}@${callerHost}`;
  return {
    method: Method.INVITE,
    requestUri: `sip:${callee}${uriEnd}`,
    sentBy: local.sentBy,
    branch: mintBranch(env.identity),
    from: `${displayOut(call, invite)}<sip:${callerUri}>;tag=${leg.localTag}`,
    to: `<sip:${callee}${toEnd}`,
    callId: mintLegCallId(env.identity),
    cseq: 1,
    routes: '',
    maxForwards: maxForwardsOut(invite.maxForwards),
  };
}

/** False when it is longer than the gateway's transport carries. */
function sendInvite(env: CallEnvironment, leg: OutboundLeg, crossing: string): boolean {
  const invite = leg.call.inbound.invite!;
  let headers = env.identity.listeners[leg.hop.listener]!.contactLines;
  if (invite.supports100rel) headers += 'Supported: 100rel\r\n';
  if (invite.requires100rel) headers += 'Require: 100rel\r\n';
  headers += crossing + invite.payload.lines;
  const text = writeRequest(leg.parts, headers, invite.payload.body);
  if (!mayCarry(env, leg.hop, text)) return false;
  const transaction = env.transactions.request(leg.hop, leg.parts, text);
  transaction.owner = leg;
  leg.transaction = transaction;
  return true;
}

/** The attempt is over before it began; the call goes on to the next gateway, or ends with 513. */
function failTooLarge(env: CallEnvironment, leg: OutboundLeg): void {
  env.effects.count(Counter.attemptsFailed);
  leg.record.endReason = tooLongFailure.reason.key;
  leg.call.lastFailure = tooLongFailure;
  finishLeg(env, leg);
}
