// Whether routing gateways are there: one worker sends each of them an OPTIONS every SS_SIP_OPTIONS_CHECK_PERIOD,
// one after the other, so that they are spread over the period. A gateway is offline when its OPTIONS stays without
// an answer, or is answered 408 or 503, and back with the next other answer. Calls read the mark in shared memory.
import { allRoutingGateways } from '../configuration/open-snapshot.ts';
import { RoutingFlag, type RoutingGateway, type Snapshot } from '../configuration/snapshot.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { Method } from '../sip/method.ts';
import { writeRequest } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { ClientTransaction } from '../transaction/transaction.ts';
import { optionsOutsideLines } from './allow.ts';
import { OwnerKind } from './call.ts';
import type { CallEnvironment } from './environment.ts';
import { gatewayHop, gatewayText } from './gateway-text.ts';
import { listenerOf, mintBranch, mintLegCallId, mintTag } from './local-identity.ts';

export interface OptionsChecks {
  /** By due time, from `next` on and round again. */
  checked: readonly CheckedGateway[];
  /** Whose turn it is. */
  next: number;
  timer: number;
  /** That the due times were set by, milliseconds. */
  periodMs: number;
  /** When an OPTIONS was sent last, of the monotonic clock. */
  sentMs: number;
}

/** Owner of an OPTIONS of ours. It outlives a configuration that says of its gateway's name and place the same. */
export interface CheckedGateway {
  readonly kind: typeof OwnerKind.optionsCheck;
  /** As the present configuration has it. */
  gateway: RoutingGateway;
  /** Of the monotonic clock. */
  dueMs: number;
  /** Sent and not yet answered. */
  pending: ClientTransaction | undefined;
}

/** Among so many workers one checks. */
const checkingWorker = 0;
const optionsMaxForwards = 70;
/** What says that nobody is there, though something answers for it. */
const goneCodes: readonly number[] = [408, 503];

export function createOptionsChecks(): OptionsChecks {
  return { checked: [], next: 0, timer: 0, periodMs: 0, sentMs: Number.NEGATIVE_INFINITY };
}

/** Takes up a new configuration. A gateway that stays where it is keeps its turn and the OPTIONS that it has not
 *  answered yet: however often a configuration comes, each gateway is asked once a period. */
export function planOptionsChecks(env: CallEnvironment, snapshot: Snapshot): void {
  const { optionsChecks: checks } = env;
  checks.timer = env.wheel.cancel(checks.timer);
  const isOn =
    env.identity.workerIndex === checkingWorker &&
    !env.draining &&
    (snapshot.routingFlags & RoutingFlag.optionsCheck) !== 0;
  const periodMs = snapshot.parameters.SS_SIP_OPTIONS_CHECK_PERIOD * 1000;
  const known = new Map(checks.checked.map((check) => [check.gateway.name, check]));
  const kept: CheckedGateway[] = [];
  const added: CheckedGateway[] = [];
  for (const gateway of isOn ? gatewaysToCheck(snapshot) : []) {
    const check = known.get(gateway.name);
    if (check !== undefined && isSamePlace(check.gateway, gateway)) {
      known.delete(gateway.name);
      check.gateway = gateway;
      check.dueMs = env.nowMs + ((check.dueMs - env.nowMs) * periodMs) / checks.periodMs;
      kept.push(check);
    } else {
      added.push({ kind: OwnerKind.optionsCheck, gateway, dueMs: 0, pending: undefined });
    }
  }
  for (const gone of known.values()) forgetPending(env, gone);
  for (const [index, check] of added.entries()) {
    check.dueMs = env.nowMs + (periodMs * (index + 1)) / added.length;
  }
  checks.checked = [...kept, ...added].sort((left, right) => left.dueMs - right.dueMs);
  checks.next = 0;
  checks.periodMs = periodMs;
  armNext(env);
}

function gatewaysToCheck(snapshot: Snapshot): RoutingGateway[] {
  return allRoutingGateways(snapshot).filter(({ locked, optionsCheck }) => optionsCheck && !locked);
}

function isSamePlace(left: RoutingGateway, right: RoutingGateway): boolean {
  return (
    left.transport === right.transport && left.address === right.address && left.port === right.port
  );
}

function armNext(env: CallEnvironment): void {
  const { optionsChecks: checks } = env;
  const check = checks.checked[checks.next];
  if (check === undefined) return;
  // What has come close together, behind new gateways or a thread that was held up, moves apart again.
  const leastApartMs = checks.periodMs / checks.checked.length / 2;
  const atMs = Math.max(check.dueMs, checks.sentMs + leastApartMs);
  checks.timer = env.wheel.arm(checks, TimerName.optionsCheck, atMs - env.nowMs);
}

export function onOptionsCheckTimer(env: CallEnvironment): void {
  const { optionsChecks: checks } = env;
  checks.timer = 0;
  const check = checks.checked[checks.next];
  if (check === undefined) return;
  checks.next = (checks.next + 1) % checks.checked.length;
  checks.sentMs = env.nowMs;
  check.dueMs = env.nowMs + checks.periodMs;
  // A period is shorter than the time that a transaction waits: it has had its time.
  if (check.pending !== undefined) env.effects.noteCheck(check.gateway.slot, false);
  forgetPending(env, check);
  sendOptions(env, check);
  armNext(env);
}

export function onOptionsAnswer(
  env: CallEnvironment,
  check: CheckedGateway,
  statusCode: number,
): void {
  if (statusCode < 200) return;
  check.pending = undefined;
  env.effects.noteCheck(check.gateway.slot, !goneCodes.includes(statusCode));
}

export function onOptionsLost(env: CallEnvironment, check: CheckedGateway): void {
  check.pending = undefined;
  env.effects.noteCheck(check.gateway.slot, false);
}

/** RFC 3261 11.1. */
function sendOptions(env: CallEnvironment, check: CheckedGateway): void {
  const { gateway } = check;
  const listener = listenerOf(env.identity, gateway, 0);
  // Calls skip it for want of a socket; that is not the gateway's fault.
  if (listener < 0) return;
  const local = env.identity.listeners[listener]!;
  const { uriEnd, toEnd } = gatewayText(gateway);
  const parts = {
    method: Method.OPTIONS,
    requestUri: `sip:${uriEnd.slice(1)}`,
    sentBy: local.sentBy,
    branch: mintBranch(env.identity),
    from: `<sip:${local.host}>;tag=${mintTag(env.identity)}`,
    to: `<sip:${toEnd.slice(1)}`,
    callId: mintLegCallId(env.identity),
    cseq: 1,
    routes: '',
    maxForwards: optionsMaxForwards,
  };
  const text = writeRequest(parts, local.contact + optionsOutsideLines, '');
  env.effects.count(Counter.optionsChecks);
  check.pending = env.transactions.request(gatewayHop(gateway, listener), parts, text);
  check.pending.owner = check;
}

function forgetPending(env: CallEnvironment, check: CheckedGateway): void {
  if (check.pending === undefined) return;
  check.pending.owner = undefined;
  env.transactions.terminate(check.pending);
  check.pending = undefined;
}
