// The walk of a rehearsed call over its candidates, as hunting.ts goes: each attempt fails, with the code asked for or by
// silence. What an attempt needs is looked at by the functions that take it, and given back at once.
import { accountLineSlot } from '../admission/line-limits.ts';
import { accountAt } from '../configuration/open-billing.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { awayReason, awayText, fullReason } from '../routing/gateway-availability.ts';
import type { Candidate } from '../routing/gateway-ranking.ts';
import { mayTryNext } from '../routing/gateway-switching.ts';
import { candidatePassed, candidateTried, huntProtect } from '../routing/hunt.ts';
import type { RouteRequest } from '../routing/route-explanation.ts';
import { closedReason } from './call-billing.ts';
import { numbersSkipText } from './explain-numbers.ts';
import { nextOf } from './find-routes.ts';
import { numbersOut } from './numbers-out.ts';
import type { RehearsedCall } from './rehearsed-call.ts';
import { returnVendor, takeVendor } from './vendor-billing.ts';

export interface Rehearsal {
  readonly order: readonly Candidate[];
  readonly protect: readonly Candidate[];
  /** The first that was not said to fail. */
  readonly winner: Candidate | undefined;
  /** Passed over when their turn came, and why. */
  readonly passed: ReadonlyMap<RoutingGateway, string>;
  /** The failure that ended the hunt before its end. */
  readonly stopped: { readonly gateway: RoutingGateway; readonly sipCode: number } | undefined;
}

interface Outage {
  readonly request: RouteRequest;
  readonly unreachable: (gateway: RoutingGateway) => string | undefined;
}

/** An end without a code of the gateway's own: no answer in time. */
const noAnswer = 408;

export function rehearseHunt(rehearsed: RehearsedCall, outage: Outage): Rehearsal {
  const { env, call } = rehearsed;
  const passed = new Map<RoutingGateway, string>();
  const lists: { order: Candidate[]; protect: Candidate[] } = { order: [], protect: [] };
  let winner: Candidate | undefined;
  let stopped: Rehearsal['stopped'];
  const { hunt } = call;
  const { protect } = hunt;
  const walk = (list: Candidate[]): void => {
    for (;;) {
      const next = nextOf(env, call, list.length);
      if (next === undefined) return;
      const reason = passedReason(rehearsed, next, outage);
      if (reason !== undefined) {
        passed.set(next.gateway, reason);
        continue;
      }
      candidateTried(hunt, next);
      list.push(next);
      const sipCode = failureAsked(outage.request, next.gateway.name);
      if (sipCode === undefined) winner ??= next;
      const attemptsMade = lists.order.length + lists.protect.length;
      const outcome = { ringing: false, sdpSeen: false, cause: 0, attemptsMade };
      const goesOn = mayTryNext(
        sipCode === undefined || sipCode === 0
          ? { kind: 'timeout', sipCode: 0, ...outcome }
          : { kind: 'response', sipCode, ...outcome },
        next.gateway,
        call.parameters,
      );
      if (goesOn) continue;
      stopped = { gateway: next.gateway, sipCode: sipCode || noAnswer };
      return;
    }
  };
  walk(lists.order);
  if (stopped === undefined && protect.length > 0) {
    huntProtect(hunt, protect);
    walk(lists.protect);
  }
  return { ...lists, winner, passed, stopped };
}

/** Names are anything, so only what was asked for itself counts. */
function failureAsked({ fail }: RouteRequest, name: string): number | undefined {
  return fail !== undefined && Object.hasOwn(fail, name) ? fail[name] : undefined;
}

/** In the order of attempt-start.ts. */
function passedReason(
  rehearsed: RehearsedCall,
  candidate: Candidate,
  { request, unreachable }: Outage,
): string | undefined {
  const { env, effects, call } = rehearsed;
  const { gateway } = candidate;
  const reason = unreachable(gateway);
  if (reason !== undefined) return reason;
  const proven = request.recorded?.attempted.includes(gateway.name) === true;
  const noRoom = noRoomReason(rehearsed, candidate, { request, proven });
  if (noRoom !== undefined) {
    candidatePassed(call.hunt, candidate);
    return noRoom;
  }
  if (!numbersOut(env, call, gateway)) return numbersSkipText(call.numbersRefused);
  effects.granting = proven;
  const vendor = vendorReason(rehearsed, candidate);
  effects.granting = false;
  return vendor;
}

/** A gateway left out as asked is one that is away. */
function noRoomReason(
  { effects, call }: RehearsedCall,
  candidate: Candidate,
  { request, proven }: { readonly request: RouteRequest; readonly proven: boolean },
): string | undefined {
  const { gateway } = candidate;
  if (request.without?.includes(gateway.name)) return 'left out as asked';
  if (proven) return undefined;
  const away = awayReason(effects, gateway);
  if (away !== undefined) return awayText(away, effects.closedSeconds(gateway.slot));
  return call.emergency ? undefined : fullReason(effects, candidate);
}

/** Why the carrier's account keeps the gateway from being called. */
function vendorReason(
  { env, effects, call }: RehearsedCall,
  candidate: Candidate,
): string | undefined {
  const { gateway } = candidate;
  const vendor = takeVendor(env, call, gateway);
  if (vendor === null) return undefined;
  if (typeof vendor !== 'string') {
    returnVendor(env, vendor, 0n);
    return undefined;
  }
  if (vendor === 'noRoom') candidatePassed(call.hunt, candidate);
  const account = accountAt(env.snapshot, gateway.accountRow);
  const why = `its account ${account.name}`;
  switch (effects.lastCounted) {
    case Counter.skippedLines:
      return `${why} is full: ${effects.linesUsed(accountLineSlot(account.slot))} of ${account.lineLimit} lines in use`;
    case Counter.skippedVendorBalance:
      return `${why} cannot pay for the first step`;
    default:
      return `${why}: ${(closedReason(account, env.node, call.cdr.startedAt) ?? EndReasons.rateLocked).key}`;
  }
}
