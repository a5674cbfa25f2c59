// Every check of call setup, in order, one line each; the only place that knows the order. A check that
// says no names the end reason; the lines it took on the way are given back by the caller of this file.
// The rates come last, since a place in a second is not given back: a refused call uses none of the
// node's, and one that the node refuses at most its own gateway's.
import { cdrNumberBytesMax } from '../cdr/column-texts.ts';
import { nodeSlot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons, sipEndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { ingressNumbers, rewritesNumbers } from '../number/ingress-numbers.ts';
import { numbersRefusal, screensNumbers } from '../number/numbers-refusal.ts';
import { capacityOf } from '../routing/gateway-ranking.ts';
import { startHunt } from '../routing/hunt.ts';
import type { Call } from './call.ts';
import { findAccounts, findRates, setMoneyAside, takeAccountLines } from './call-billing.ts';
import { dynamicRefusal } from './dynamic-lists.ts';
import { limitOf } from './emergency.ts';
import type { CallEnvironment } from './environment.ts';
import { findRoutes } from './find-routes.ts';
import { findFraudLimits, setDaysAside, takeFraudLines, takeFraudMinute } from './fraud-watch.ts';
import { takeGroupLines } from './group-lines.ts';
import { numberContext } from './numbers-out.ts';

/** Times one call may pass through this node before it is taken for a loop (RFC 5393 is for proxies; a
 *  B2BUA has only its own legs to go by). */
const ownHopsMax = 4;

export interface Refusal {
  readonly reason: EndReason;
  readonly counter: number;
  /** It refuses whatever comes from this peer now, and will not in a moment: he may wait that long. */
  readonly retryLater?: true;
}

type Check = (env: CallEnvironment, call: Call) => Refusal | undefined;

/** By the names that routing analysis tells. */
const checks: Readonly<Record<string, Check>> = {
  'CDR log': cdrsCanBeWritten,
  loop: notLooping,
  lock: gatewayOpen,
  'number called': calleeGiven,
  'number length': numbersShort,
  'numbers rewritten': numbersRewritten,
  'number rules': numbersPass,
  'dynamic black lists': numbersNotListed,
  account: payerFound,
  rate: ratesFound,
  route: routeFound,
  'gateway lines': gatewayLines,
  'account lines': accountLines,
  'fraud limits, calls': fraudLines,
  balance: moneySetAside,
  'fraud limits, day': fraudDays,
  'fraud limits, calls a minute': fraudCallRate,
  'gateway calls a second': gatewayCallRate,
  'system calls a second': systemCallRate,
};

const setupOrder: readonly Check[] = Object.values(checks);
const checkNames: readonly string[] = Object.keys(checks);

/** `tell`: of each check that was made, for a call that is only asked about. */
export function firstRefusal(
  env: CallEnvironment,
  call: Call,
  tell?: (check: string, refusal: EndReason | undefined) => void,
): Refusal | undefined {
  for (let place = 0; place < setupOrder.length; place++) {
    const refusal = setupOrder[place]!(env, call);
    tell?.(checkNames[place]!, refusal?.reason);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function cdrsCanBeWritten(env: CallEnvironment): Refusal | undefined {
  if (env.effects.cdrLogAccepts()) return undefined;
  return { reason: EndReasons.systemOverload, counter: Counter.refusedDisk, retryLater: true };
}

function notLooping(_env: CallEnvironment, call: Call): Refusal | undefined {
  if (call.ownHops <= ownHopsMax) return undefined;
  return { reason: sipEndReason(482), counter: Counter.refusedLoop };
}

function gatewayOpen(_env: CallEnvironment, call: Call): Refusal | undefined {
  if (!call.mapping.locked) return undefined;
  return { reason: EndReasons.accountLocked, counter: Counter.refusedLocked };
}

function calleeGiven(_env: CallEnvironment, call: Call): Refusal | undefined {
  if (call.cdr.calleeAccess !== '') return undefined;
  return { reason: EndReasons.numberEmptyAfterTransform, counter: Counter.refusedNumber };
}

/** What is longer than a CDR could say is no number (RFC 3261 21.4.1, 21.4.12). */
function numbersShort(_env: CallEnvironment, call: Call): Refusal | undefined {
  const { callerAccess, calleeAccess } = call.cdr;
  if (calleeAccess.length > cdrNumberBytesMax) {
    return { reason: sipEndReason(414), counter: Counter.refusedNumber };
  }
  if (callerAccess.length <= cdrNumberBytesMax) return undefined;
  return { reason: sipEndReason(400), counter: Counter.refusedNumber };
}

function numbersRewritten(env: CallEnvironment, call: Call): Refusal | undefined {
  const { cdr, mapping } = call;
  if (!rewritesNumbers(env.snapshot, mapping)) return undefined;
  const access = { caller: cdr.callerAccess, callee: cdr.calleeAccess };
  const context = numberContext(env, call);
  const numbers = ingressNumbers(env.snapshot, mapping, access, context);
  call.callerRouted = numbers.caller;
  call.calleeRouted = numbers.callee;
  call.emergency = numbers.emergency;
  if (numbers.emergency) env.effects.count(Counter.emergencyCalls);
  if (numbers.callee !== '') return undefined;
  return { reason: EndReasons.numberEmptyAfterTransform, counter: Counter.refusedNumber };
}

function numbersPass(env: CallEnvironment, call: Call): Refusal | undefined {
  const { snapshot } = env;
  if (!screensNumbers(snapshot, call.mapping)) return undefined;
  const numbers = {
    caller: call.callerRouted,
    callee: call.calleeRouted,
    emergency: call.emergency,
  };
  const reason = numbersRefusal(snapshot, call.mapping, numbers, numberContext(env, call));
  if (reason === undefined) return undefined;
  const isListed =
    reason === EndReasons.callerBlacklisted || reason === EndReasons.calleeBlacklisted;
  return { reason, counter: isListed ? Counter.refusedBlackList : Counter.refusedNumberLimits };
}

/** By the dynamic lists; counts the call. */
function numbersNotListed(env: CallEnvironment, call: Call): Refusal | undefined {
  if (env.dynamicLists === null) return undefined;
  const reason = dynamicRefusal(env, call);
  return reason && { reason, counter: Counter.refusedBlackList };
}

function payerFound(env: CallEnvironment, call: Call): Refusal | undefined {
  if (call.mapping.account === null) return undefined;
  const reason = findAccounts(env, call);
  // A call for help goes through whatever its account is; then nobody is billed.
  if (call.emergency) return undefined;
  return reason && { reason, counter: Counter.refusedAccount };
}

/** No rate, a locked one, or one above the account's call level. */
function ratesFound(env: CallEnvironment, call: Call): Refusal | undefined {
  const reason = call.billing && findRates(env, call, call.billing);
  return reason ? { reason, counter: Counter.refusedRate } : undefined;
}

function routeFound(env: CallEnvironment, call: Call): Refusal | undefined {
  const routes = findRoutes(env, call);
  call.hunt = startHunt(routes);
  if (routes.normal.length > 0 || routes.protect.length > 0) return undefined;
  const reason = routes.priceLimited ? EndReasons.profitLimited : EndReasons.noAvailableRouter;
  return { reason, counter: Counter.refusedNoRoute };
}

function gatewayLines(env: CallEnvironment, call: Call): Refusal | undefined {
  const { mapping } = call;
  const lineLimit = limitOf(call, capacityOf(mapping, env.snapshot, call.cdr.startedAt));
  if (!env.effects.acquireLine(mapping.slot, lineLimit)) {
    return { reason: EndReasons.connectionLimitExceeded, counter: Counter.refusedLines };
  }
  if (!takeGroupLines(env.effects, call, mapping.groups)) {
    env.effects.releaseLine(mapping.slot);
    return { reason: EndReasons.connectionLimitExceeded, counter: Counter.refusedGroupLines };
  }
  // The node's own line is only counted: what the node carries is bounded by its rings and its CPS.
  env.effects.acquireLine(nodeSlot, 0);
  call.linesHeld = true;
  return undefined;
}

function accountLines(env: CallEnvironment, call: Call): Refusal | undefined {
  if (call.billing === null || takeAccountLines(env, call, call.billing)) return undefined;
  return { reason: EndReasons.connectionLimitExceeded, counter: Counter.refusedAccountLines };
}

function fraudLines(env: CallEnvironment, call: Call): Refusal | undefined {
  const { billing } = call;
  if (billing === null || call.emergency) return undefined;
  billing.fraud = findFraudLimits(env, call, billing);
  if (billing.fraud === null || takeFraudLines(env, billing.fraud)) return undefined;
  return { reason: EndReasons.connectionLimitExceeded, counter: Counter.refusedFraudCalls };
}

function moneySetAside(env: CallEnvironment, call: Call): Refusal | undefined {
  const reason = call.billing && setMoneyAside(env, call.billing);
  return reason ? { reason, counter: Counter.refusedBalance } : undefined;
}

function fraudDays(env: CallEnvironment, call: Call): Refusal | undefined {
  const { billing } = call;
  if (billing === null || billing.fraud === null) return undefined;
  const reason = setDaysAside(env, billing.fraud, billing);
  return reason && { reason, counter: Counter.refusedFraudDay };
}

function fraudCallRate(env: CallEnvironment, call: Call): Refusal | undefined {
  const watch = call.billing === null ? null : call.billing.fraud;
  if (watch === null || takeFraudMinute(env, watch)) return undefined;
  return { reason: EndReasons.callRateLimited, counter: Counter.refusedFraudRate };
}

function gatewayCallRate(env: CallEnvironment, call: Call): Refusal | undefined {
  if (env.effects.acquireCps(call.mapping.slot, limitOf(call, call.mapping.cpsLimit)))
    return undefined;
  return {
    reason: EndReasons.callRateLimited,
    counter: Counter.refusedGatewayCps,
    retryLater: true,
  };
}

function systemCallRate(env: CallEnvironment, call: Call): Refusal | undefined {
  if (env.effects.acquireCps(nodeSlot, limitOf(call, call.parameters.SS_MAXCPS))) return undefined;
  return { reason: EndReasons.callRateLimited, counter: Counter.refusedMaxCps, retryLater: true };
}
