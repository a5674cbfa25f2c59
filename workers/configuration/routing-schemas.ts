// The schemas of what decides where a call goes: gateway groups, and the fields of gateways in
// core/configuration/routing-model.ts. What they owe each other is routing-checks.ts.
import { z } from 'zod';
import { canonicalAddress } from '../../core/access/ip-address.ts';
import {
  attemptSecondsMax,
  failureCodesMax,
  groupsPerGatewayMax,
  lineLimitMax,
  namesPerListMax,
  priorityMax,
  protectDelaySecondsMax,
  schedulesPerGatewayMax,
  weightMax,
} from '../../core/configuration/limits.ts';
import type {
  GatewayGroupDocument,
  MappingRouteFields,
  NameListDocument,
  RoutingRouteFields,
  ScheduledCapacityDocument,
  ScheduledPriorityDocument,
} from '../../core/configuration/routing-model.ts';
import { isFailureCode } from './failure-codes.ts';
import { decimal, flag, integer, name } from './field-schemas.ts';
import { checkSchedule, scheduleFields } from './schedule-schema.ts';

const anObject = { error: 'an object' };

export const gatewayGroup: z.ZodType<GatewayGroupDocument> = z.strictObject(
  { name, lineLimit: integer(0, lineLimitMax).default(0) },
  anObject,
);

function namesOf(min: 0 | 1, max: number): z.ZodType<string[]> {
  return z
    .array(name, 'a list of names')
    .min(min, 'at least one name')
    .max(max, `at most ${max} names`)
    .refine((names) => new Set(names).size === names.length, 'each name once');
}

const nameList: z.ZodType<NameListDocument> = z.strictObject(
  { allow: flag.default(true), names: namesOf(1, namesPerListMax) },
  anObject,
);

const scheduledCapacity: z.ZodType<ScheduledCapacityDocument> = z
  .strictObject({ ...scheduleFields, lineLimit: integer(0, lineLimitMax) }, anObject)
  .superRefine(checkSchedule);
const scheduledPriority: z.ZodType<ScheduledPriorityDocument> = z
  .strictObject({ ...scheduleFields, priority: integer(0, priorityMax) }, anObject)
  .superRefine(checkSchedule);

function scheduled<Entry>(entry: z.ZodType<Entry>): z.ZodOptional<z.ZodType<Entry[]>> {
  return z
    .array(entry, 'a list of scheduled values')
    .max(schedulesPerGatewayMax, `at most ${schedulesPerGatewayMax} scheduled values`)
    .optional();
}

const profitError = 'a percentage from "-10000" to "10000", at most 8 decimals';
/** People write 10 as often as "10": a whole number loses nothing. */
const profitPercent = z
  .union([decimal('signed'), z.number().int()], profitError)
  .transform(String)
  .refine((text) => Math.abs(Number(text)) <= 10_000, profitError);

const shared = {
  groups: namesOf(0, groupsPerGatewayMax).optional(),
  reservedLines: integer(0, lineLimitMax).optional(),
  scheduledCapacity: scheduled(scheduledCapacity),
  minProfitPercent: profitPercent.optional(),
  maxRatePerMinute: decimal('unsigned').optional(),
};

const policyError = 'none, asr, acd or rate';
const routePolicy = z.enum(['none', 'asr', 'acd', 'rate'], policyError).optional();
const routeQuality = z.enum(['default', 'on', 'off'], 'default, on or off').optional();
const failureCodeError =
  '"REASON:CODE": a SIP code, an end reason or 0 (any other), and the SIP code to send or 0 (as it is)';

/** A schema for every field of the model. */
type Shape<Fields> = {
  readonly [Field in keyof Fields]-?: z.ZodOptional<z.ZodType<Exclude<Fields[Field], undefined>>>;
};

export const mappingRouteShape: Shape<MappingRouteFields> = {
  ...shared,
  routingGroups: nameList.optional(),
  routingGateways: nameList.optional(),
  firstRoutePolicy: routePolicy,
  secondRoutePolicy: routePolicy,
  calculateRouteQuality: routeQuality,
  protectRouteDelaySeconds: integer(0, protectDelaySecondsMax).optional(),
  callFailedSipCode: z
    .array(z.string(failureCodeError).refine(isFailureCode, failureCodeError), 'a list')
    .max(failureCodesMax, `at most ${failureCodesMax} entries`)
    .optional(),
};

const attemptSeconds = integer(0, attemptSecondsMax).optional();
const localIpError = 'an IP address of this node';

export const routingRouteShape: Shape<RoutingRouteFields> = {
  ...shared,
  weight: integer(1, weightMax).optional(),
  protect: flag.optional(),
  feerateRestrict: flag.optional(),
  leastCostRouting: flag.optional(),
  calculateRouteQuality: routeQuality,
  scheduledPriority: scheduled(scheduledPriority),
  mappingGroups: nameList.optional(),
  mappingGateways: nameList.optional(),
  switchAllowRing: flag.optional(),
  switchAllowSdp: flag.optional(),
  switchAllowBusy: flag.optional(),
  timeoutInvite: attemptSeconds,
  timeoutTrying: attemptSeconds,
  timeoutSessionProgress: attemptSeconds,
  timeoutSessionProgressSdp: attemptSeconds,
  timeoutRinging: attemptSeconds,
  localIp: z
    .string(localIpError)
    .refine((text) => canonicalAddress(text) !== undefined, localIpError)
    .optional(),
  optionsCheck: flag.optional(),
};

const prefixModes: ReadonlyMap<string, 'terminate' | 'continue'> = new Map([
  ['terminate', 'terminate'],
  ['terminal', 'terminate'],
  ['expiration', 'terminate'],
  ['prefix', 'terminate'],
  ['continue', 'continue'],
  ['continual', 'continue'],
  ['extension', 'continue'],
  ['carrythrough', 'continue'],
]);
const prefixModeError = 'terminate (also Expiration, Terminal) or continue (also Extension)';

/** Every name that manuals have for the two modes, in any case. */
export const prefixMode: z.ZodType<'terminate' | 'continue'> = z
  .string(prefixModeError)
  .transform((text, context) => {
    const mode = prefixModes.get(text.toLowerCase().replaceAll(/[\s-]/g, ''));
    if (mode === undefined) context.addIssue(prefixModeError);
    return mode ?? 'continue';
  });
