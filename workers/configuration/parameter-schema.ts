// The system parameters that take effect: unit, range, and how their values may be written. Defaults are
// in core/configuration/model.ts. On, Off, true, false, 1 and 0 are switches; None is 0; a list is an
// array or "0.5,1,2".

import { watchedEventsMax } from '../../core/admission/number-watch.ts';
import {
  attemptSecondsMax,
  cpsLimitMax,
  numberPatternsMax,
  protectDelaySecondsMax,
} from '../../core/configuration/limits.ts';
import {
  defaultParameters,
  type Parameters,
  sortPositions,
} from '../../core/configuration/model.ts';
import { dynamicRunModes, forwardingSteps } from '../../core/configuration/number-model.ts';
import { candidatesMax } from '../../core/routing/gateway-ranking.ts';
import { problemsPerListMax } from './document-problem.ts';
import { decimal, isPrefix } from './field-schemas.ts';
import { isMediaParameter, isUnsupportedParameter, parameterAliases } from './parameter-names.ts';
import { mediaNotYet } from './unsupported-fields.ts';

export type ParameterRule =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  /** A whole number, or none, which is 0. */
  | { readonly kind: 'limit'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly kind: 'switch' }
  /** One of these words, in any case. */
  | { readonly kind: 'word'; readonly words: readonly string[] }
  /** Some of these words, each once, as a list or with commas. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** A number of decimals, also as the pattern "0.0000000". */
  | { readonly kind: 'decimals'; readonly max: number }
  | { readonly kind: 'money' }
  /** Number patterns, as a list or with commas. */
  | { readonly kind: 'numbers'; readonly lengthMax: number }
  | {
      readonly kind: 'list';
      readonly min: number;
      readonly max: number;
      readonly lengthMax: number;
      readonly unit: string;
    };

const monthSeconds = 2_592_000;
/** Values above 1000 are taken as 1000, and told of. */
const holdMsMax = 86_400_000;
const freeSecondsMax = 86_400;
const numberPatternBytesMax = 64;

/** Of one batch: all of it is in memory at once. */
const writeRecordsMax = 20_000;
const daysMax = 36_500;

const keepDays: ParameterRule = { kind: 'integer', min: 0, max: daysMax, unit: 'days' };
const timeout: ParameterRule = { kind: 'integer', min: 1, max: attemptSecondsMax, unit: 's' };
const onOff: ParameterRule = { kind: 'switch' };
const watchedCalls: ParameterRule = { kind: 'limit', min: 2, max: watchedEventsMax, unit: 'calls' };
const watchedTime: ParameterRule = { kind: 'integer', min: 1, max: monthSeconds, unit: 's' };
const windowTime: ParameterRule = { kind: 'integer', min: 300, max: 86_400, unit: 's' };
const windowSegments: ParameterRule = { kind: 'integer', min: 5, max: 24, unit: 'segments' };
const sortPosition: ParameterRule = { kind: 'word', words: sortPositions };

export const parameterRules: { readonly [name in keyof Parameters]: ParameterRule } = {
  SS_MAXCPS: { kind: 'integer', min: 0, max: cpsLimitMax, unit: 'calls/s' },
  SS_MAX_CALL_DURATION: { kind: 'integer', min: 0, max: monthSeconds, unit: 's' },
  SS_SIP_NO_TIMER_REINVITE_INTERVAL: { kind: 'integer', min: 0, max: monthSeconds, unit: 's' },
  SS_SIP_RESEND_INTERVAL: { kind: 'list', min: 0.05, max: 32, lengthMax: 16, unit: 's' },
  SS_SIP_TIMER_T1: { kind: 'integer', min: 100, max: 4000, unit: 'ms' },
  SS_SIP_TIMER_B: { kind: 'integer', min: 4, max: 64, unit: 's' },
  SS_SIP_TIMEOUT_INVITE: timeout,
  SS_SIP_TIMEOUT_TRYING: timeout,
  SS_SIP_TIMEOUT_SESSION_PROGRESS: timeout,
  SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: timeout,
  SS_SIP_TIMEOUT_RINGING: timeout,
  SS_SIP_STOP_SWITCH_AFTER_SDP: onOff,
  SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: onOff,
  SS_GATEWAY_SWITCH_UNTIL_CONNECT: onOff,
  SS_GATEWAY_SWITCH_LIMIT: { kind: 'integer', min: 0, max: candidatesMax, unit: 'attempts' },
  SS_GATEWAY_SWITCH_STRICT: onOff,
  SS_GATEWAY_ASR_CALCULATE: onOff,
  SS_GATEWAY_ASR_RESERVE_TIME: windowTime,
  SS_GATEWAY_ASR_RESERVE_SEPARATE: windowSegments,
  SS_GATEWAY_ACD_CALCULATE: onOff,
  SS_GATEWAY_ACD_RESERVE_TIME: windowTime,
  SS_GATEWAY_ACD_RESERVE_SEPARATE: windowSegments,
  SS_GATEWAY_QUALITY_RESERVE_TIME: windowTime,
  SS_GATEWAY_QUALITY_RESERVE_SEPARATE: windowSegments,
  SS_GATEWAY_QUALITY_MEAN_OF_SEGMENTS: onOff,
  SS_GATEWAYASRROUTESORTCONFIG: sortPosition,
  SS_GATEWAYFEERATEROUTESORTCONFIG: sortPosition,
  SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: onOff,
  SS_GATEWAY_FEE_RATE_CALCULATE: onOff,
  SS_TRY_PROTECT_ROUTE_DELAY: { kind: 'integer', min: 0, max: protectDelaySecondsMax, unit: 's' },
  SS_SIP_OPTIONS_CHECK_PERIOD: { kind: 'integer', min: 5, max: 3600, unit: 's' },
  SS_REPLY_UNAUTHORIZED: onOff,
  SERVER_BILLING_RECORD_ILLEGAL_CALL: onOff,
  SERVER_BILLING_FEE_PRECISION: { kind: 'decimals', max: 8 },
  SERVER_BILLING_FEE_UNIT: { kind: 'money' },
  SERVER_BILLING_HOLD_TIME_PRECISION: { kind: 'integer', min: 1, max: holdMsMax, unit: 'ms' },
  SERVER_BILLING_FREE_TIME: { kind: 'integer', min: 0, max: freeSecondsMax, unit: 's' },
  SERVER_BILLING_FREE_E164S: { kind: 'numbers', lengthMax: numberPatternsMax },
  SERVER_BILLING_NO_CDR_E164S: { kind: 'numbers', lengthMax: numberPatternsMax },
  SERVER_BILLING_GATEWAY_ROUTE_PREFIX: { kind: 'integer', min: 0, max: 32, unit: 'digits' },
  SERVER_BILLING_PREVENT_OVERDRAFT_ADVANCE_TIME: { kind: 'integer', min: 1, max: 15, unit: 'min' },
  SERVER_BILLING_RECORD_ZERO_HOLD_TIME: onOff,
  SERVER_BILLING_RECORD_SERVER_HANG_UP: onOff,
  SS_CDR_FILE_WRITE_MAX: { kind: 'integer', min: 1, max: writeRecordsMax, unit: 'records' },
  SS_CDR_FILE_WRITE_INTERVAL: { kind: 'integer', min: 1, max: 3600, unit: 's' },
  SS_CDR_LOG_KEEP_DAYS: keepDays,
  SS_CDR_HAND_OFF_KEEP_DAYS: keepDays,
  SS_CDR_RECORD_TO_FILE: onOff,
  SS_CDR_RECORD_NONCONNECT: onOff,
  SERVER_CDR_FILE_WRITE_INTERVAL: { kind: 'integer', min: 1, max: 3600, unit: 's' },
  SERVER_CDR_FILE_WRITE_MAX: { kind: 'integer', min: 0, max: 1_000_000, unit: 'files' },
  SERVER_CDR_KEEP_DAYS: keepDays,
  SERVER_PAY_DELAY_CUSTOMER_EXPIRE_DAY: keepDays,
  SERVER_QUERY_ONE_PAGE_SIZE: { kind: 'integer', min: 1, max: 1_000_000, unit: 'rows' },
  SERVER_QUERY_CDR_MAX_DAY_INTERVAL: { kind: 'integer', min: 1, max: daysMax, unit: 'days' },
  SS_DIAL_PLAN_STRICT: onOff,
  SS_DIAL_PLAN_L_INCLUSIVE: onOff,
  SS_EMERGENCY_E164S: { kind: 'numbers', lengthMax: numberPatternsMax },
  FORWARD_SIGNAL_REWRITE_SEQUENCE: { kind: 'words', words: forwardingSteps },
  SS_BLACK_LIST_DYNAMIC_RUN_MODE: { kind: 'word', words: dynamicRunModes },
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT: watchedCalls,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL: watchedTime,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE: watchedTime,
  // One call at a time would list whoever calls at all.
  SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT: { kind: 'limit', min: 2, max: 1000, unit: 'calls' },
  SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE: watchedTime,
  SS_BLACK_LIST_NO_ANSWER_LIMIT: watchedCalls,
  SS_BLACK_LIST_NO_ANSWER_PERIODS: watchedTime,
  SS_BLACK_LIST_NO_ANSWER_EXPIRE: watchedTime,
};

/** `report(name, reason)` is called for each parameter that is refused. */
export function parseParameters(
  input: Record<string, unknown>,
  report: (name: string, reason: string) => void,
): Partial<Parameters> {
  const parsed: Record<string, unknown> = {};
  let refused = 0;
  for (const name of Object.keys(input)) {
    if (refused >= problemsPerListMax) break;
    const canonical = parameterAliases.get(name) ?? name;
    const rule = ruleOf(canonical);
    if (rule === undefined) {
      refused++;
      report(name, refusal(name, canonical));
      continue;
    }
    if (canonical !== name && Object.hasOwn(input, canonical)) continue;
    const value = parseValue(rule, input[name]);
    if (value !== undefined) {
      parsed[canonical] = value;
    } else {
      refused++;
      report(name, expectation(rule));
    }
  }
  return parsed as Partial<Parameters>;
}

/** JSON Schema of the `parameters` object. */
export function parametersJsonSchema(): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(parameterRules)) {
    properties[name] = {
      ...valueJsonSchema(rule),
      default: defaultParameters[name as keyof Parameters],
      description: expectation(rule),
    };
  }
  return { type: 'object', properties, additionalProperties: false };
}

export function expectation(rule: ParameterRule): string {
  switch (rule.kind) {
    case 'integer':
      return `a whole number from ${rule.min} to ${rule.max} (${rule.unit})${rule.min === 0 ? ', 0 or None for none' : ''}`;
    case 'limit':
      return `a whole number from ${rule.min} to ${rule.max} (${rule.unit}), or None`;
    case 'switch':
      return 'On or Off';
    case 'word':
      return rule.words.join(' or ');
    case 'words':
      return `some of ${rule.words.join(', ')}, each once, as a list or with commas`;
    case 'list':
      return `1 to ${rule.lengthMax} numbers from ${rule.min} to ${rule.max} (${rule.unit}), as a list or "0.5,1,2"`;
    case 'decimals':
      return `a number of decimals from 0 to ${rule.max}, or a pattern like "0.0000000"`;
    case 'money':
      return 'a decimal string like "0.01" with at most 8 decimals, "0" for none';
    case 'numbers':
      return `at most ${rule.lengthMax} numbers of at most ${numberPatternBytesMax} characters, "?" for any one and "*" for any run of them, as a list or "10086,800*"`;
  }
}

function ruleOf(name: string): ParameterRule | undefined {
  return Object.hasOwn(parameterRules, name) ? parameterRules[name as keyof Parameters] : undefined;
}

function refusal(name: string, canonical: string): string {
  if (isUnsupportedParameter(canonical)) {
    const older = canonical === name ? '' : ` (an older name of ${canonical})`;
    const why = isMediaParameter(canonical) ? mediaNotYet : '';
    return `is not supported by this version${older}${why}`;
  }
  return 'is unknown; expected the name of a system parameter (docs/configuration.md)';
}

type ParameterValue = number | boolean | string | number[] | string[];

function parseValue(rule: ParameterRule, value: unknown): ParameterValue | undefined {
  switch (rule.kind) {
    case 'integer': {
      const number = isNone(value) ? 0 : numberOf(value);
      const fits = Number.isInteger(number) && number >= rule.min && number <= rule.max;
      return fits ? number : undefined;
    }
    case 'limit': {
      const number = isNone(value) ? 0 : numberOf(value);
      const fits = Number.isInteger(number) && number >= rule.min && number <= rule.max;
      return fits || number === 0 ? number : undefined;
    }
    case 'switch':
      return switchOf(value);
    case 'word':
      return wordOf(rule.words, value);
    case 'words':
      return wordsOf(rule.words, value);
    case 'list':
      return listOf(rule, value);
    case 'decimals':
      return decimalsOf(rule.max, value);
    case 'money': {
      const parsed = decimal('unsigned').safeParse(value);
      return parsed.success ? parsed.data : undefined;
    }
    case 'numbers':
      return numberPatterns(rule.lengthMax, value);
  }
}

function wordOf(words: readonly string[], value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const asked = value.trim().toLowerCase();
  return words.find((word) => word.toLowerCase() === asked);
}

function wordsOf(words: readonly string[], value: unknown): string[] | undefined {
  if (typeof value === 'string' && value.trim() === '') return [];
  const parts = typeof value === 'string' ? value.split(',', words.length + 1) : asArray(value);
  const found = parts?.map((part) => wordOf(words, part));
  if (found === undefined || new Set(found).size !== found.length) return undefined;
  return found.every((word) => word !== undefined) ? found : undefined;
}

function decimalsOf(max: number, value: unknown): number | undefined {
  const pattern = typeof value === 'string' ? /^0\.(0*)$/.exec(value.trim()) : null;
  const decimals = pattern === null ? numberOf(value) : pattern[1]!.length;
  return Number.isInteger(decimals) && decimals >= 0 && decimals <= max ? decimals : undefined;
}

function numberPatterns(lengthMax: number, value: unknown): string[] | undefined {
  if (typeof value === 'string' && value.trim() === '') return [];
  const parts: readonly unknown[] | undefined =
    typeof value === 'string'
      ? value.split(',', lengthMax + 1).map((part) => part.trim())
      : asArray(value);
  if (parts === undefined || parts.length > lengthMax) return undefined;
  const isPattern = (part: unknown): part is string =>
    part !== '' && isPrefix(part, numberPatternBytesMax);
  return parts.every(isPattern) ? [...parts] : undefined;
}

function isNone(value: unknown): boolean {
  return typeof value === 'string' && value.trim().toLowerCase() === 'none';
}

/** NaN where it is no plain decimal number. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^\s*[0-9]{1,12}(\.[0-9]{1,6})?\s*$/.test(value))
    return Number.NaN;
  return Number(value);
}

function switchOf(value: unknown): boolean | undefined {
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  if (word === 'on' || word === 'true' || word === '1') return true;
  return word === 'off' || word === 'false' || word === '0' ? false : undefined;
}

function listOf(rule: ParameterRule & { kind: 'list' }, value: unknown): number[] | undefined {
  const parts: readonly unknown[] | undefined =
    typeof value === 'string' ? value.split(',', rule.lengthMax + 1) : asArray(value);
  if (parts === undefined || parts.length === 0 || parts.length > rule.lengthMax) return undefined;
  const numbers = parts.map(numberOf);
  return numbers.every((number) => number >= rule.min && number <= rule.max) ? numbers : undefined;
}

function asArray(value: unknown): readonly unknown[] | undefined {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) ? value : undefined;
}

function valueJsonSchema(rule: ParameterRule): Record<string, unknown> {
  const numeric = (range: { min: number; max: number }): Record<string, unknown> => ({
    minimum: range.min,
    maximum: range.max,
  });
  switch (rule.kind) {
    case 'integer':
      return { type: ['integer', 'string'], ...numeric(rule) };
    case 'limit':
      return { type: ['integer', 'string'], minimum: 0, maximum: rule.max };
    case 'word':
      return { enum: [...rule.words] };
    case 'words':
      return {
        type: ['array', 'string'],
        items: { enum: [...rule.words] },
        maxItems: rule.words.length,
      };
    case 'switch':
      return { enum: [true, false, 'On', 'Off', 'true', 'false', 1, 0] };
    case 'list':
      return {
        type: ['array', 'string', 'number'],
        items: { type: 'number', ...numeric(rule) },
        minItems: 1,
        maxItems: rule.lengthMax,
      };
    case 'decimals':
      return { type: ['integer', 'string'], minimum: 0, maximum: rule.max };
    case 'money':
      return { type: 'string' };
    case 'numbers':
      return {
        type: ['array', 'string'],
        items: { type: 'string', maxLength: numberPatternBytesMax },
        maxItems: rule.lengthMax,
      };
  }
}
