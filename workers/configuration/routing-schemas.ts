// The schemas of what decides where a call goes: gateway groups, and the fields of gateways in
// core/configuration/routing-model.ts. What they owe each other is routing-checks.ts.
import { z } from 'zod';
import { canonicalAddress } from '../../core/access/ip-address.ts';
import {
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
  ScheduleDocument,
  ScheduledCapacityDocument,
  ScheduledPriorityDocument,
} from '../../core/configuration/routing-model.ts';
import { isFailureCode } from './failure-codes.ts';
import { decimal, flag, integer, name } from './field-schemas.ts';

const anObject = { error: 'an object' };
const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

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

const timeOfDayError = 'a time of day like "08:00", from "00:00" to "24:00"';
const timeOfDay = z
  .string(timeOfDayError)
  .regex(/^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?|24:00(?::00)?)$/, timeOfDayError);

const schedule = {
  calendar: name.optional(),
  working: flag.optional(),
  days: z
    .array(z.enum(weekdays, 'a weekday like monday'), 'a list of weekdays')
    .min(1, 'at least one weekday')
    .max(7, 'at most 7 weekdays')
    .optional(),
  from: timeOfDay.optional(),
  to: timeOfDay.optional(),
};

const scheduledCapacity: z.ZodType<ScheduledCapacityDocument> = z
  .strictObject({ ...schedule, lineLimit: integer(0, lineLimitMax) }, anObject)
  .superRefine(checkSchedule);
const scheduledPriority: z.ZodType<ScheduledPriorityDocument> = z
  .strictObject({ ...schedule, priority: integer(0, priorityMax) }, anObject)
  .superRefine(checkSchedule);

function scheduled<Entry>(entry: z.ZodType<Entry>): z.ZodOptional<z.ZodType<Entry[]>> {
  return z
    .array(entry, 'a list of scheduled values')
    .max(schedulesPerGatewayMax, `at most ${schedulesPerGatewayMax} scheduled values`)
    .optional();
}

/** A calendar, or days and hours; not both, and not neither. */
function checkSchedule(entry: ScheduleDocument, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  const { calendar, working, days, from, to } = entry;
  const hasWindow = days !== undefined || from !== undefined || to !== undefined;
  if (calendar !== undefined && hasWindow) {
    refuse('calendar', 'either a calendar, or days, from and to');
  } else if (calendar === undefined && !hasWindow) {
    refuse('calendar', 'the name of a calendar, or days, from and to');
  }
  if (working !== undefined && calendar === undefined) refuse('working', 'a calendar beside it');
  const start = from ?? '00:00';
  if (start === (to ?? '24:00') || start.startsWith('24:')) {
    refuse('from', 'another time than `to`; the whole day is from "00:00" to "24:00"');
  }
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
  protectRouteDelaySeconds: integer(0, protectDelaySecondsMax).optional(),
  callFailedSipCode: z
    .array(z.string(failureCodeError).refine(isFailureCode, failureCodeError), 'a list')
    .max(failureCodesMax, `at most ${failureCodesMax} entries`)
    .optional(),
};

const localIpError = 'an IP address of this node';

export const routingRouteShape: Shape<RoutingRouteFields> = {
  ...shared,
  weight: integer(1, weightMax).optional(),
  protect: flag.optional(),
  leastCostRouting: flag.optional(),
  calculateRouteQuality: z.enum(['default', 'on', 'off'], 'default, on or off').optional(),
  scheduledPriority: scheduled(scheduledPriority),
  mappingGroups: nameList.optional(),
  mappingGateways: nameList.optional(),
  switchAllowRing: flag.optional(),
  switchAllowSdp: flag.optional(),
  switchAllowBusy: flag.optional(),
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
