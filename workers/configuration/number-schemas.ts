// The schemas of what a document says about numbers: dial plans, tech prefixes, and when they hold. What
// they owe the rest of the document is number-checks.ts.
import { z } from 'zod';
import {
  calleePrefixBytesMax,
  groupsPerRuleMax,
  lineLimitMax,
  numberBytesMax,
  numberPairsMax,
  prefixSharesMax,
  proportionMax,
  schedulesPerGatewayMax,
  screenPrefixesMax,
} from '../../core/configuration/limits.ts';
import {
  type CallerPoolDocument,
  type MappingNumbersDocument,
  type MobileAreaDocument,
  type NumberGroupDocument,
  type NumberTransformDocument,
  numberKinds,
  type RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import { prefixBytesMax } from '../../core/configuration/snapshot-layout.ts';
import { parseDialPlan } from '../../core/number/dial-plan-grammar.ts';
import { callTypes, callTypesError } from './billing-schemas.ts';
import { byteString } from './byte-string.ts';
import { flag, integer, isPrefix, name, numbers, prefixes } from './field-schemas.ts';
import { checkSchedule, scheduleFields } from './schedule-schema.ts';

const anObject = { error: 'an object' };

type OptionalFields<Document> = {
  [Field in keyof Required<Document>]: z.ZodOptional<z.ZodType<NonNullable<Document[Field]>>>;
};

export const techPrefixError: string = `at most ${calleePrefixBytesMax} bytes without spaces or control characters`;

const techPrefix = z
  .string(techPrefixError)
  .refine((text) => isPrefix(text, calleePrefixBytesMax), techPrefixError)
  .optional();

const dialPlanError = 'a dial plan like "00:,*:00*"';

/** "" is no plan. */
const dialPlan = z.string(dialPlanError).superRefine((text, context) => {
  const parsed = parseDialPlan(byteString(text));
  if (parsed.ok) return;
  const rule = Buffer.from(parsed.text, 'latin1').toString('utf8');
  context.addIssue(
    parsed.rule === 0
      ? parsed.reason
      : `is no dial plan: rule ${parsed.rule}, ${JSON.stringify(shortened(rule))}, ${parsed.reason}`,
  );
});

const shownCharsMax = 60;

function shortened(text: string): string {
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}...`;
}

const scheduledDialPlan = z
  .strictObject(
    { ...scheduleFields, calleeDialPlan: dialPlan.optional(), callerDialPlan: dialPlan.optional() },
    anObject,
  )
  .superRefine(checkSchedule)
  .superRefine((each, context) => {
    if (each.calleeDialPlan !== undefined || each.callerDialPlan !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['calleeDialPlan'],
      message: 'this or callerDialPlan',
    });
  });

const dialPlans = {
  calleeDialPlan: dialPlan.optional(),
  callerDialPlan: dialPlan.optional(),
  scheduledDialPlans: z
    .array(scheduledDialPlan, 'a list of scheduled dial plans')
    .max(schedulesPerGatewayMax, `at most ${schedulesPerGatewayMax} scheduled dial plans`)
    .optional(),
};

const list = { allow: flag.default(true) };
const somePrefixes = prefixes.refine(
  (texts) => texts.length <= screenPrefixesMax,
  `at most ${screenPrefixesMax} prefixes`,
);
const prefixRule = z.strictObject({ ...list, prefixes: somePrefixes }, anObject).optional();

const lengthsError = `a list of lengths from 0 to ${numberBytesMax}`;
const lengths = z
  .array(integer(0, numberBytesMax), lengthsError)
  .min(1, 'at least one length')
  .max(numberBytesMax + 1, lengthsError)
  .optional();

const groupRule = z
  .strictObject(
    {
      ...list,
      names: z
        .array(name, 'a list of names')
        .min(1, 'at least one name')
        .max(groupsPerRuleMax, `at most ${groupsPerRuleMax} names`),
    },
    anObject,
  )
  .optional();

const scheduledPrefixes = z
  .strictObject(
    {
      ...scheduleFields,
      number: z.enum(['caller', 'callee'], 'caller or callee'),
      allow: flag,
      prefixes: somePrefixes,
    },
    anObject,
  )
  .superRefine(checkSchedule);

const cityRule = (allow: boolean) =>
  z.strictObject({ allow: flag.default(allow), codes: somePrefixes }, anObject).optional();

const kindsError = 'a list of city, mobile and other';
const kinds = z
  .array(z.enum(numberKinds, 'city, mobile or other'), kindsError)
  .min(1, 'at least one kind')
  .max(numberKinds.length, kindsError)
  .optional();

const pairError = `"CALLER:CALLEE", a prefix of at most ${prefixBytesMax} bytes on either side`;
const pair = z.string(pairError).refine((text) => {
  const [caller, callee, more] = text.split(':');
  if (callee === undefined || more !== undefined || text === ':') return false;
  return isPrefix(caller, prefixBytesMax) && isPrefix(callee, prefixBytesMax);
}, pairError);

const screen = {
  callerPrefixes: prefixRule,
  calleePrefixes: prefixRule,
  callerLengths: lengths,
  calleeLengths: lengths,
  callerGroups: groupRule,
  calleeGroups: groupRule,
  sameCity: cityRule(false),
  callerKinds: kinds,
  calleeKinds: kinds,
  mobileArea: cityRule(true),
  callerCallee: z
    .strictObject(
      {
        allow: flag.default(false),
        pairs: z
          .array(pair, 'a list of pairs')
          .min(1, 'at least one pair')
          .max(numberPairsMax, `at most ${numberPairsMax} pairs`),
      },
      anObject,
    )
    .optional(),
  scheduledPrefixes: z
    .array(scheduledPrefixes, 'a list of scheduled prefix rules')
    .max(schedulesPerGatewayMax, `at most ${schedulesPerGatewayMax} scheduled prefix rules`)
    .optional(),
  numberTransform: flag.optional(),
};

const proportionalPrefix = z.strictObject(
  {
    prefix: z
      .string(techPrefixError)
      .refine((text) => isPrefix(text, calleePrefixBytesMax), techPrefixError),
    proportion: integer(1, proportionMax),
  },
  anObject,
);

/** Of a mapping gateway. */
export const mappingNumbers: OptionalFields<MappingNumbersDocument> = {
  ...dialPlans,
  ...screen,
  techPrefix,
  proportionalPrefixes: z
    .array(proportionalPrefix, 'a list of prefixes with their proportions')
    .max(prefixSharesMax, `at most ${prefixSharesMax} prefixes`)
    .optional(),
  addAreaCode: cityRule(true),
  ignoreBlackLists: flag.optional(),
  dynamicBlackList: flag.optional(),
  callLevel: z.enum(callTypes, callTypesError).optional(),
};

/** The name of a group alone is a pool by chance without a limit. */
const callerPool: z.ZodType<CallerPoolDocument> = z.preprocess(
  (given) => (typeof given === 'string' ? { group: given } : given),
  z.strictObject(
    {
      group: name,
      mode: z.enum(['random', 'poll'], 'random or poll').default('random'),
      multiplexes: integer(0, lineLimitMax).default(0),
    },
    { error: 'the name of a number group, or an object with group, mode and multiplexes' },
  ),
);

/** Of a routing gateway. */
export const routingNumbers: OptionalFields<RoutingNumbersDocument> = {
  ...dialPlans,
  ...screen,
  callerPool: callerPool.optional(),
  forwardingPool: callerPool.optional(),
  forwardPrefixes: prefixRule,
  assertedDialPlan: dialPlan.optional(),
};

const numberListError = 'white, black, callerBlack or calleeBlack';

export const numberGroup: z.ZodType<NumberGroupDocument> = z.strictObject(
  {
    name,
    list: z.enum(['white', 'black', 'callerBlack', 'calleeBlack'], numberListError).optional(),
    numbers,
  },
  anObject,
);

const numberError = `a number as text, 1 to ${numberBytesMax} bytes without spaces or control characters`;
const number = z
  .string(numberError)
  .refine((text) => text !== '' && isPrefix(text, numberBytesMax), numberError);

export const numberTransform: z.ZodType<NumberTransformDocument> = z
  .strictObject({ name: number, caller: number.optional(), callee: number.optional() }, anObject)
  .refine(({ caller, callee }) => caller !== undefined || callee !== undefined, {
    path: ['caller'],
    message: 'this or callee',
  });

/** An area code begins numbers as a prefix does. */
const areaCodeError = `1 to ${prefixBytesMax} bytes without spaces or control characters`;

export const mobileArea: z.ZodType<MobileAreaDocument> = z.strictObject(
  {
    name,
    areaCode: z
      .string(areaCodeError)
      .refine((text) => text !== '' && isPrefix(text, prefixBytesMax), areaCodeError),
    prefixes: prefixes.refine((texts) => !texts.includes(''), 'prefixes of at least one character'),
  },
  anObject,
);
