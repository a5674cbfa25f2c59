// A call that is only asked about: set up by the checks of calls, in their order, with effects that look at what is left
// now and take nothing. Nobody hears of it.
import { billingRules } from '../billing/billing-rules.ts';
import type { BillingState } from '../billing/call-billing.ts';
import { ratedNumber } from '../billing/call-billing.ts';
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import type { Random32 } from '../number/dial-plan.ts';
import type { NumberTrace } from '../number/dial-plans.ts';
import { ingressNumbers } from '../number/ingress-numbers.ts';
import type { RouteTrace } from '../routing/candidate-gateways.ts';
import { TimerWheel } from '../time/timer-wheel.ts';
import { timerValues } from '../transaction/timer-values.ts';
import type { TransactionPort } from '../transaction/transaction.ts';
import type { Call, InviteFacts } from './call.ts';
import { noPayload } from './call.ts';
import { callOf, createCallControl } from './call-control.ts';
import { newCdr } from './call-record.ts';
import { createCallTable } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { createInboundLeg } from './inbound-leg.ts';
import { createOptionsChecks } from './options-check.ts';
import { type CallReadings, type RehearsedEffects, rehearsedEffects } from './rehearsed-effects.ts';
import { createMinutePrice } from './route-prices.ts';
import { firstRefusal } from './setup-order.ts';

/** Numbers are byte strings. */
export interface RehearsalQuestion {
  readonly snapshot: Snapshot;
  readonly mapping: MappingGateway;
  readonly caller: string;
  readonly callee: string;
  /** Start of the call, ms since 1970. */
  readonly at: number;
  readonly readings: CallReadings;
  /** The node that is asked: an account may belong to another. */
  readonly node: string;
  /** By a CDR: lines and money were there. */
  readonly admitted: boolean;
  /** The rated number that the CDR has; null: none. */
  readonly calleeBilling: string | null;
  readonly route: RouteTrace;
  readonly tell: (check: string, refusal: EndReason | undefined, call: Call) => void;
}

export interface RehearsedCall {
  readonly env: CallEnvironment;
  readonly effects: RehearsedEffects;
  readonly call: Call;
  readonly refusal: EndReason | undefined;
  /** Told of what becomes of numbers from now on. */
  readonly traceNumbers: (trace: NumberTrace | undefined) => void;
}

/** `numbers` is told of what becomes of the numbers on the way in. */
export function rehearseCall(question: RehearsalQuestion, numbers: NumberTrace): RehearsedCall {
  const { snapshot, mapping, readings, admitted, at } = question;
  const effects = rehearsedEffects(readings);
  let told: NumberTrace | undefined = numbers;
  const trace = {
    number: (step: string, result: string) => told?.(step, result),
    route: question.route,
  };
  const env = environmentOf(snapshot, at, {
    effects,
    node: question.node,
    random32: drawsOf(question),
    trace,
  });
  const cdr = newCdr(env, {
    callId: '',
    mapping,
    caller: question.caller,
    callee: question.callee,
    callerAddress: '',
  });
  const inbound = createInboundLeg(undefined);
  inbound.invite = plainInvite;
  const call = callOf(env, inbound, { cdr, mapping, ownHops: 0 });
  effects.granting = admitted;
  const refusal = firstRefusal(env, call, (check, reason) => question.tell(check, reason, call));
  effects.granting = false;
  told = undefined;
  const traceNumbers = (next: NumberTrace | undefined): void => {
    told = next;
  };
  return { env, effects, call, refusal: refusal?.reason, traceNumbers };
}

/** What a caller may say beyond the numbers is not known. */
const plainInvite: InviteFacts = {
  from: '',
  fromTag: '',
  to: '',
  callId: '',
  contact: '',
  routeSet: { lines: '', first: '', strictTarget: '' },
  hop: { transport: 0, listener: 0, connection: 0, address: '', port: 0 },
  cseq: 1,
  maxForwards: 70,
  display: '',
  payload: noPayload,
  crossing: '',
  supports100rel: false,
  requires100rel: false,
};

function environmentOf(
  snapshot: Snapshot,
  at: number,
  own: Pick<CallEnvironment, 'effects' | 'node'> &
    Required<Pick<CallEnvironment, 'trace'>> & { readonly random32: Random32 },
): CallEnvironment {
  const { effects, node, trace, random32 } = own;
  const env: CallEnvironment = {
    effects,
    transactions: { ...noTransactions, timers: timerValues(snapshot.parameters) },
    wheel: new TimerWheel(0),
    table: createCallTable(),
    identity: { ...nobody, random32, sequence: 0 },
    control: createCallControl(() => env),
    node,
    runId: '',
    snapshot,
    billing: billingOf(snapshot),
    // They count each call that asks them.
    dynamicLists: null,
    minutePrice: createMinutePrice(() => env),
    optionsChecks: createOptionsChecks(),
    nowMs: 0,
    wallMs: at,
    waitedMs: 0,
    draining: false,
    callsUp: 0,
    callsAnsweredUp: 0,
    nextCallNumber: 0,
    current: undefined,
    trace,
  };
  return env;
}

/** What is left of packages comes from the effects, as for calls. */
function billingOf(snapshot: Snapshot): BillingState {
  return { snapshot, rules: billingRules(snapshot.parameters), packagesOf: () => [] };
}

const nobody = {
  listeners: [],
  workerIndex: 0,
  shardKey: Uint32Array.of(0, 0),
  scratch: Object.assign(new Uint8Array(0), { latin1Slice: () => '' }),
};

function never(): never {
  throw new Error('a rehearsed call has no transactions');
}

const noTransactions: Omit<TransactionPort, 'timers'> = {
  size: 0,
  onRequestMessage: never,
  onResponseMessage: never,
  onTimer: never,
  respond: never,
  respondPlainly: never,
  request: never,
  onTransportFailure: never,
  terminateRequest: never,
  terminate: never,
};

/** Draws tried to find those of a recorded call. */
const drawsMax = 65_536;

/** The first possibility each time; of a recorded call such draws that its number is rated as the CDR has it. */
function drawsOf({ snapshot, mapping, at, calleeBilling, ...access }: RehearsalQuestion): Random32 {
  const first: Random32 = () => 0;
  if (calleeBilling === null) return first;
  const rules = billingRules(snapshot.parameters);
  let drawn = false;
  const fits = (random32: Random32): boolean => {
    const context = {
      at,
      random32: () => {
        drawn = true;
        return random32();
      },
    };
    const { callee } = ingressNumbers(snapshot, mapping, access, context);
    return ratedNumber(callee, rules) === calleeBilling;
  };
  if (fits(first) || !drawn) return first;
  for (let seed = 1; seed <= drawsMax; seed++) if (fits(drawsFrom(seed))) return drawsFrom(seed);
  return first;
}

/** Uniform words that follow from a seed (splitmix32). */
function drawsFrom(seed: number): Random32 {
  let state = Math.imul(seed, 0x85ebca6b);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
}
