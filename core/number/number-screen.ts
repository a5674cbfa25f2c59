// Which numbers may pass a gateway: by length, prefix, group, city and time. The rules of a mapping gateway
// refuse a call, those of a routing gateway leave the gateway out.
import type {
  NumberScreen,
  PrefixRule,
  PrefixSet,
  SideScreen,
} from '../configuration/number-rules.ts';
import type { Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import type { NumberContext, NumberTrace } from './dial-plans.ts';
import type { CallNumbers } from './ingress-numbers.ts';
import { mobileAreaCode, numberKind } from './number-areas.ts';
import { isInGroups } from './number-groups.ts';
import { isScheduled } from './schedule.ts';

type Side = 'caller' | 'callee';

/** Why the numbers may not pass; undefined: they may. */
export function screenRefusal(
  snapshot: Snapshot,
  screen: NumberScreen,
  numbers: CallNumbers,
  context: NumberContext,
): EndReason | undefined {
  const { trace } = context;
  if (
    screen.caller !== null &&
    !passesSide(snapshot, screen.caller, ['caller', numbers.caller], trace)
  ) {
    return EndReasons.callerNumberLimited;
  }
  if (
    screen.callee !== null &&
    !passesSide(snapshot, screen.callee, ['callee', numbers.callee], trace)
  ) {
    return EndReasons.calleeNumberLimited;
  }
  if (!passesPairs(screen, numbers, context)) return EndReasons.calleeNumberLimited;
  if (
    !passesCities(snapshot, screen, numbers, context) ||
    !passesMobileArea(snapshot, screen, numbers, context)
  ) {
    return EndReasons.sameCityMobileAreaLimited;
  }
  return passesSchedule(screen, numbers, context) ? undefined : EndReasons.timePeriodLimited;
}

/** Whether the number begins with a member. */
export function beginsWithOne({ lengths, members }: PrefixSet, number: string): boolean {
  return firstMember({ lengths, members }, number) !== undefined;
}

/** The longest member that the number begins with. */
function firstMember({ lengths, members }: PrefixSet, number: string): string | undefined {
  for (const length of lengths) {
    if (length > number.length) continue;
    const leading = number.slice(0, length);
    if (members.has(leading)) return leading;
  }
  return undefined;
}

function passesSide(
  snapshot: Snapshot,
  { lengths, prefixes, groups, kinds }: SideScreen,
  [side, number]: readonly [Side, string],
  trace: NumberTrace | undefined,
): boolean {
  const tell = (rule: string, passes: boolean): boolean => {
    trace?.(`${side} ${rule}`, `${number} ${passes ? 'passes' : 'is refused'}`);
    return passes;
  };
  if (lengths !== null && !tell('lengths', lengths[number.length] === true)) return false;
  if (prefixes !== null && !tell('prefixes', passesPrefixes(prefixes, number))) return false;
  if (kinds !== 0 && !tell('kinds', (numberKind(snapshot, number) & kinds) !== 0)) return false;
  if (groups === null) return true;
  return tell('groups', isInGroups(snapshot, groups.names, number) === groups.allow);
}

export function passesPrefixes({ allow, prefixes }: PrefixRule, number: string): boolean {
  return beginsWithOne(prefixes, number) === allow;
}

function passesPairs(
  { pairs }: NumberScreen,
  { caller, callee }: CallNumbers,
  { trace }: NumberContext,
): boolean {
  if (pairs === null) return true;
  const found = pairs.pairs.find(
    (pair) => caller.startsWith(pair.caller) && callee.startsWith(pair.callee),
  );
  const passes = (found !== undefined) === pairs.allow;
  const which = found === undefined ? 'no pair' : `${found.caller}:${found.callee}`;
  trace?.('caller and callee', `${which}: ${passes ? 'passes' : 'refused'}`);
  return passes;
}

/** Numbers that are no mobile ones are not asked. */
function passesMobileArea(
  snapshot: Snapshot,
  { mobileArea }: NumberScreen,
  { callee }: CallNumbers,
  { trace }: NumberContext,
): boolean {
  if (mobileArea === null) return true;
  const code = mobileAreaCode(snapshot, callee);
  if (code === undefined) return true;
  const passes = mobileArea.codes.members.has(code) === mobileArea.allow;
  trace?.('mobile area', `${callee} is of ${code}: ${passes ? 'passes' : 'refused'}`);
  return passes;
}

/** Of a mobile number its area's, if it is one of these; else the one that the number begins with. */
function cityOf(snapshot: Snapshot, codes: PrefixSet, number: string): string | undefined {
  const code = mobileAreaCode(snapshot, number);
  return code === undefined || !codes.members.has(code) ? firstMember(codes, number) : code;
}

/** A call within one city is one between numbers of the same code. */
function passesCities(
  snapshot: Snapshot,
  { sameCity }: NumberScreen,
  { caller, callee }: CallNumbers,
  { trace }: NumberContext,
): boolean {
  if (sameCity === null) return true;
  const code = cityOf(snapshot, sameCity.codes, callee);
  const within = code !== undefined && cityOf(snapshot, sameCity.codes, caller) === code;
  const passes = within === sameCity.allow;
  trace?.(
    'same city',
    `${within ? `both in ${code}` : 'not within one'}: ${passes ? 'passes' : 'refused'}`,
  );
  return passes;
}

/** Of the rules that hold now: a number passes unless one forbids it, or those that allow numbers of its
 *  side allow others. */
function passesSchedule(
  { scheduled }: NumberScreen,
  numbers: CallNumbers,
  { at, trace }: NumberContext,
): boolean {
  let limited = 0;
  let allowed = 0;
  for (const rule of scheduled) {
    if (!isScheduled(rule.schedule, at)) continue;
    const bit = rule.side === 'caller' ? 1 : 2;
    const begins = beginsWithOne(rule.prefixes, numbers[rule.side]);
    if (!rule.allow && begins) {
      trace?.(`scheduled ${rule.side} prefixes`, `${numbers[rule.side]} is forbidden now`);
      return false;
    }
    if (!rule.allow) continue;
    limited |= bit;
    if (begins) allowed |= bit;
  }
  const passes = allowed === limited;
  if (scheduled.length > 0) {
    trace?.('scheduled prefixes', passes ? 'pass' : 'allow other numbers now');
  }
  return passes;
}
