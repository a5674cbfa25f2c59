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
  checked: readonly CheckedGateway[];
  /** Whose turn it is. */
  next: number;
  timer: number;
}

/** Owner of an OPTIONS of ours. */
export interface CheckedGateway {
  readonly kind: typeof OwnerKind.optionsCheck;
  readonly gateway: RoutingGateway;
  /** Sent and not yet answered. */
  pending: ClientTransaction | undefined;
}

/** Among so many workers one checks. */
const checkingWorker = 0;
const optionsMaxForwards = 70;
/** What says that nobody is there, though something answers for it. */
const goneCodes: readonly number[] = [408, 503];

export function createOptionsChecks(): OptionsChecks {
  return { checked: [], next: 0, timer: 0 };
}

/** Takes up a new configuration: a gateway that stays keeps its turn as nearly as may be. */
export function planOptionsChecks(env: CallEnvironment, snapshot: Snapshot): void {
  const { optionsChecks: checks } = env;
  checks.timer = env.wheel.cancel(checks.timer);
  for (const check of checks.checked) forgetPending(env, check);
  const isOn =
    env.identity.workerIndex === checkingWorker &&
    !env.draining &&
    (snapshot.routingFlags & RoutingFlag.optionsCheck) !== 0;
  checks.checked = isOn ? gatewaysToCheck(snapshot) : [];
  checks.next = checks.checked.length === 0 ? 0 : checks.next % checks.checked.length;
  armNext(env);
}

function gatewaysToCheck(snapshot: Snapshot): CheckedGateway[] {
  return allRoutingGateways(snapshot)
    .filter(({ locked, optionsCheck }) => optionsCheck && !locked)
    .map((gateway) => ({ kind: OwnerKind.optionsCheck, gateway, pending: undefined }));
}

function armNext(env: CallEnvironment): void {
  const { optionsChecks: checks, snapshot } = env;
  if (checks.checked.length === 0) return;
  const periodMs = snapshot.parameters.SS_SIP_OPTIONS_CHECK_PERIOD * 1000;
  const stepMs = periodMs / checks.checked.length;
  checks.timer = env.wheel.arm(checks, TimerName.optionsCheck, stepMs);
}

export function onOptionsCheckTimer(env: CallEnvironment): void {
  const { optionsChecks: checks } = env;
  checks.timer = 0;
  const check = checks.checked[checks.next];
  if (check === undefined) return;
  checks.next = (checks.next + 1) % checks.checked.length;
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
