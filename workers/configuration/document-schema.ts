// The schema of the configuration document, and its reading: every default filled in, or every problem
// with path, value and expectation. What the parts of a document owe each other (references, addresses
// shared) is document-checks.ts.
import { z } from 'zod';
import {
  addressesPerGatewayMax,
  calleePrefixBytesMax,
  callSecondsMax,
  cpsLimitMax,
  lineLimitMax,
  priorityMax,
} from '../../core/configuration/limits.ts';
import type { ConfigurationDocument, Parameters } from '../../core/configuration/model.ts';
import { account, calendar, packageSchema, periodRate, rateTable } from './billing-schemas.ts';
import {
  type DocumentProblem,
  documentProblem,
  pathText,
  problemsMax,
  problemsPerListMax,
} from './document-problem.ts';
import {
  carrierAddress,
  flag,
  integer,
  isPrefix,
  listOf,
  name,
  prefixes,
  sourceAddress,
} from './field-schemas.ts';
import {
  mappingNumbers,
  mobileArea,
  numberGroup,
  numberTransform,
  routingNumbers,
  techPrefixError,
} from './number-schemas.ts';
import { parametersJsonSchema, parseParameters } from './parameter-schema.ts';
import { rateTemplate } from './rate-template-schema.ts';
import {
  gatewayGroup,
  mappingRouteShape,
  prefixMode,
  routingRouteShape,
} from './routing-schemas.ts';
import { unsupportedField } from './unsupported-fields.ts';

export type ParsedDocument =
  | { readonly ok: true; readonly document: ConfigurationDocument }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** Gateways without a priority come after those that have been given one. */
const priorityDefault = 100;

const anObject = { error: 'an object' };

const lineLimit = integer(0, lineLimitMax).default(0);
const cpsLimit = integer(0, cpsLimitMax).default(0);
const maxCallSeconds = integer(0, callSecondsMax).optional();
const priority = integer(0, priorityMax).default(priorityDefault);

const mappingGateway = z.strictObject(
  {
    name,
    account: name.optional(),
    auth: z
      .custom<'ip'>()
      .superRefine(checkAuth)
      .meta({ enum: ['ip'] })
      .default('ip'),
    addresses: z
      .array(sourceAddress, 'a list of IP addresses with optional ports')
      .min(1, 'at least one address')
      .max(addressesPerGatewayMax, `at most ${addressesPerGatewayMax} addresses`),
    lineLimit,
    cpsLimit,
    priority,
    trusted: flag.default(false),
    maxCallSeconds,
    locked: flag.default(false),
    ...mappingNumbers,
    ...mappingRouteShape,
  },
  anObject,
);

const stopCode = integer(300, 699);

const routingGateway = z.strictObject(
  {
    name,
    account: name.optional(),
    address: carrierAddress,
    prefixes,
    prefixMode: prefixMode.default('continue'),
    priority,
    lineLimit,
    cpsLimit,
    calleePrefix: z
      .string(techPrefixError)
      .refine((text) => isPrefix(text, calleePrefixBytesMax), techPrefixError)
      .default(''),
    rateCalleeOut: flag.default(false),
    stopCodes: z.array(stopCode, 'a list of SIP codes').max(400, 'at most 400 codes').default([]),
    switchUntilConnect: flag.default(false),
    maxCallSeconds,
    locked: flag.default(false),
    ...routingNumbers,
    ...routingRouteShape,
  },
  anObject,
);

const parameters = z
  .custom<Record<string, unknown>>(isObject, 'an object')
  .meta(parametersJsonSchema())
  .transform(
    (input, context): Partial<Parameters> =>
      parseParameters(input, (parameter, message) => {
        context.issues.push({ code: 'custom', path: [parameter], message, input });
      }),
  );

const documentSchema = z.strictObject(
  {
    parameters: parameters.default({}),
    rateTemplates: listOf(rateTemplate, 'a list of rate templates').default([]),
    rateTables: listOf(rateTable, 'a list of rate tables').default([]),
    calendars: listOf(calendar, 'a list of calendars').default([]),
    periodRates: listOf(periodRate, 'a list of period rates').default([]),
    packages: listOf(packageSchema, 'a list of packages').default([]),
    accounts: listOf(account, 'a list of accounts').default([]),
    numberTransforms: listOf(numberTransform, 'a list of number transforms').default([]),
    mobileAreas: listOf(mobileArea, 'a list of mobile areas').default([]),
    numberGroups: listOf(numberGroup, 'a list of number groups').default([]),
    gatewayGroups: listOf(gatewayGroup, 'a list of gateway groups').default([]),
    mappingGateways: listOf(mappingGateway, 'a list of mapping gateways').default([]),
    routingGateways: listOf(routingGateway, 'a list of routing gateways').default([]),
  },
  anObject,
);

type Equal<Left, Right> =
  (<Type>() => Type extends Left ? 1 : 2) extends <Type>() => Type extends Right ? 1 : 2
    ? true
    : false;
/** Fails to compile when the schema and core/configuration/model.ts part. */
const schemaIsTheModel: Equal<z.output<typeof documentSchema>, ConfigurationDocument> = true;
void schemaIsTheModel;

export const collectionNames = [
  'rateTemplates',
  'rateTables',
  'calendars',
  'periodRates',
  'packages',
  'accounts',
  'numberTransforms',
  'mobileAreas',
  'numberGroups',
  'gatewayGroups',
  'mappingGateways',
  'routingGateways',
] as const;
export type CollectionName = (typeof collectionNames)[number];

export function parseDocument(input: unknown): ParsedDocument {
  const result = documentSchema.safeParse(input);
  const problems: DocumentProblem[] = [];
  if (!result.success) {
    for (const issue of result.error.issues) addProblems(problems, issue, input);
    return { ok: false, problems: problems.slice(0, problemsMax) };
  }
  refuseRepeatedNames(result.data, problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, document: result.data };
}

/** JSON Schema (2020-12) of the document as people write it. */
export function documentJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(documentSchema, { io: 'input', unrepresentable: 'any' });
}

function addProblems(problems: DocumentProblem[], issue: z.core.$ZodIssue, input: unknown): void {
  if (problems.length >= problemsMax) return;
  if (issue.code !== 'unrecognized_keys') {
    const path = pathText(issue.path);
    // A value that breaks several rules is told once.
    if (problems.some((known) => known.path === path)) return;
    problems.push(documentProblem(path, valueAt(input, issue.path), issue.message));
    return;
  }
  const collection = String(issue.path[0] ?? '');
  for (const field of issue.keys.slice(0, problemsPerListMax)) {
    const reason =
      unsupportedField(issue.path.length > 2 ? '-' : collection, field) ??
      'is no field that is known here';
    problems.push(documentProblem(pathText([...issue.path, field]), undefined, reason));
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function refuseRepeatedNames(document: ConfigurationDocument, problems: DocumentProblem[]): void {
  for (const collection of collectionNames) {
    const firstIndex = new Map<string, number>();
    for (const [index, entity] of document[collection].entries()) {
      const first = firstIndex.get(entity.name);
      if (first === undefined) firstIndex.set(entity.name, index);
      else if (problems.length < problemsMax) {
        const reason = `is the name of ${collection}[${first}] already; expected each name once`;
        problems.push(documentProblem(`${collection}[${index}].name`, entity.name, reason));
      }
    }
  }
}

function checkAuth(value: unknown, context: z.RefinementCtx): void {
  if (value === 'ip') return;
  const planned = value === 'password' || value === 'ipAndPassword';
  context.addIssue(planned ? 'is not supported by this version; expected ip' : 'ip');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
