// The schemas of what billing needs: rate tables, calendars, period rates, packages, accounts. What they owe
// each other is document-checks.ts and billing-checks.ts.
import { z } from 'zod';
import {
  areaBytesMax,
  callSecondsMax,
  giftsPerPackageMax,
  holidaysPerCalendarMax,
  incrementSecondsMax,
  lineLimitMax,
  numbersPerAccountMax,
  packagesPerAccountMax,
  prefixesPerGiftMax,
  priorityMax,
  rentPercentMax,
  sectionsPerRateMax,
  usableSecondsMax,
} from '../../core/configuration/limits.ts';
import type {
  AccountDocument,
  CalendarDocument,
  PackageDocument,
  PackageOrderDocument,
  PeriodRateDocument,
  RateDocument,
  RateTableDocument,
} from '../../core/configuration/model.ts';
import { balanceUnitsMax, moneyText } from '../../core/money.ts';
import { problemsPerListMax } from './document-problem.ts';
import {
  decimal,
  flag,
  instant,
  integer,
  isPrefix,
  listOf,
  name,
  numbers,
  prefixes,
} from './field-schemas.ts';
import { fraudLimits } from './fraud-schemas.ts';
import { timeOfDay, weekday } from './schedule-schema.ts';
import { isTimeZone } from './time-zones.ts';

const anObject = { error: 'an object' };
export const callTypes = ['net', 'local', 'national', 'international'] as const;
export const callTypesError = 'net, local, national or international';
/** Thirty days of free seconds for a hundred lines. */
const giftSecondsMax = 259_200_000;
const packagePriorityDefault = 100;

const areaError = `a name of at most ${areaBytesMax} bytes`;
const area = z
  .string(areaError)
  .refine((text) => Buffer.byteLength(text) <= areaBytesMax, areaError);

const section = z.strictObject(
  { seconds: integer(1, incrementSecondsMax), fee: decimal('unsigned') },
  anObject,
);

const rate = z
  .strictObject(
    {
      prefix: z.string('a prefix').refine((text) => isPrefix(text, 32), 'a prefix without spaces'),
      area: area.optional(),
      callType: z.enum(callTypes, callTypesError).default('international'),
      ratePerMinute: decimal('unsigned').optional(),
      ratePerCycle: decimal('unsigned').optional(),
      cycleSeconds: integer(1, incrementSecondsMax).optional(),
      connectionFee: decimal('unsigned').default('0'),
      firstIncrementSeconds: integer(1, incrementSecondsMax).default(1),
      nextIncrementSeconds: integer(1, incrementSecondsMax).default(1),
      sections: z
        .array(section, 'a list of sections')
        .max(sectionsPerRateMax, `at most ${sectionsPerRateMax} sections`)
        .optional(),
      taxPercent: decimal('unsigned')
        .refine((text) => Number(text) <= 1000, 'a percentage from "0" to "1000"')
        .default('0'),
      locked: flag.default(false),
      effectiveAt: instant.optional(),
      expiresAt: instant.optional(),
    },
    anObject,
  )
  .superRefine(checkRate);

export const rateTable: z.ZodType<RateTableDocument> = z.strictObject(
  { name, rates: listOf(rate, 'a list of rates').superRefine(refuseOverlappingRates) },
  anObject,
);

const timeZone = z
  .string('the name of a time zone like "Europe/London"')
  .refine(isTimeZone, 'the name of a time zone like "Europe/London"')
  .optional();

const window = { from: timeOfDay.default('00:00'), to: timeOfDay.default('24:00') };

const dateError = 'a date like "2026-12-25"';

export const calendar: z.ZodType<CalendarDocument> = z
  .strictObject(
    {
      name,
      timeZone,
      workingDays: z
        .array(weekday, 'a list of weekdays')
        .max(7, 'at most 7 weekdays')
        .default(['monday', 'tuesday', 'wednesday', 'thursday', 'friday']),
      ...window,
      holidays: z
        .array(z.iso.date(dateError), 'a list of dates')
        .max(holidaysPerCalendarMax, `at most ${holidaysPerCalendarMax} dates`)
        .default([]),
    },
    anObject,
  )
  .superRefine(checkWindow);

export const periodRate: z.ZodType<PeriodRateDocument> = z.strictObject(
  { name, calendar: name, workingRateTable: name, nonWorkingRateTable: name },
  anObject,
);

const gift = z
  .strictObject(
    {
      prefixes: prefixes.refine(
        (list) => list.length <= prefixesPerGiftMax,
        `at most ${prefixesPerGiftMax} prefixes`,
      ),
      ...window,
      seconds: integer(1, giftSecondsMax),
      cycleSeconds: integer(1, incrementSecondsMax).default(1),
    },
    anObject,
  )
  .superRefine(checkWindow);

const periodsError = 'day, month, year or once';

export const packageSchema: z.ZodType<PackageDocument> = z
  .strictObject(
    {
      name,
      timeZone,
      period: z.enum(['day', 'month', 'year', 'once'], periodsError).default('month'),
      usableSeconds: integer(1, usableSecondsMax).optional(),
      rentFee: decimal('unsigned').default('0'),
      partialFirstPeriod: flag.default(false),
      gifts: z
        .array(gift, 'a list of gifts')
        .max(giftsPerPackageMax, `at most ${giftsPerPackageMax} gifts`)
        .default([]),
      giftMoney: decimal('unsigned').default('0'),
      minConsumption: decimal('unsigned').default('0'),
      lowerConsumption: decimal('unsigned').default('0'),
    },
    anObject,
  )
  .superRefine(checkPackage);

const packageOrder: z.ZodType<PackageOrderDocument> = z
  .strictObject(
    {
      package: name,
      priority: integer(0, priorityMax).default(packagePriorityDefault),
      startsAt: instant.optional(),
      expiresAt: instant.optional(),
      rentUnpaid: z.enum(['wait', 'skip', 'drop'], 'wait, skip or drop').default('wait'),
      rentPercent: integer(0, rentPercentMax).default(100),
    },
    anObject,
  )
  .superRefine(checkTerm);

function checkPackage(each: PackageDocument, context: z.RefinementCtx): void {
  const { period, usableSeconds, partialFirstPeriod } = each;
  const refuse = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (period === 'once' && usableSeconds === undefined) {
    refuse('usableSeconds', 'how long an order is usable, as period is once');
  }
  if (period !== 'once' && usableSeconds !== undefined) {
    refuse('usableSeconds', 'none unless period is once');
  }
  if (period === 'once' && partialFirstPeriod) {
    refuse('partialFirstPeriod', 'false where period is once, which begins with each order');
  }
}

const unlimited = 'unlimited';
const balanceMax = BigInt(moneyText(balanceUnitsMax));

/** As of the node file. */
const nodeName = /^[A-Za-z0-9._-]{1,64}$/;
const nodeError = 'the name of a node: 1 to 64 letters, digits, ".", "_" or "-"';

/** A carrier of whose money a document says nothing is one on invoice: nothing limits it. */
function fillCreditLimit(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const { kind, balance, creditLimit } = given as Record<string, unknown>;
  const isOnInvoice = kind === 'clearing' && balance === undefined && creditLimit === undefined;
  return isOnInvoice ? { ...given, creditLimit: unlimited } : given;
}

const accountFields = z
  .strictObject(
    {
      name,
      kind: z.enum(['customer', 'clearing', 'agent'], 'customer, clearing or agent'),
      balance: decimal('signed', { max: balanceMax }).default('0'),
      creditLimit: decimal('unsigned', { word: unlimited, max: balanceMax }).default('0'),
      rateTable: name.optional(),
      privateRateTable: name.optional(),
      periodRate: name.optional(),
      agent: name.optional(),
      callLevel: z.enum(callTypes, callTypesError).default('international'),
      lineLimit: integer(0, lineLimitMax).default(0),
      locked: flag.default(false),
      node: z.string(nodeError).regex(nodeName, nodeError).optional(),
      startsAt: instant.optional(),
      expiresAt: instant.optional(),
      extendedFrom: instant.optional(),
      maxCallSeconds: integer(0, callSecondsMax).optional(),
      packages: z
        .array(packageOrder, 'a list of package orders')
        .max(packagesPerAccountMax, `at most ${packagesPerAccountMax} packages`)
        .default([]),
      timeZone,
      fraudLimits: fraudLimits.default([]),
      numbers: numbers
        .refine(
          (list) => list.length <= numbersPerAccountMax,
          `at most ${numbersPerAccountMax} numbers`,
        )
        .optional(),
    },
    anObject,
  )
  .superRefine(checkTerm)
  .superRefine(checkExtension)
  .superRefine(refuseVendorLimits);

function checkExtension(
  { expiresAt, extendedFrom }: AccountDocument,
  context: z.RefinementCtx,
): void {
  if (extendedFrom === undefined) return;
  if (expiresAt !== undefined && isBefore(extendedFrom, expiresAt)) return;
  const message = 'a time before expiresAt, which recharges have moved on from it';
  context.addIssue({ code: 'custom', path: ['extendedFrom'], message });
}

/** A carrier's account makes no calls. */
function refuseVendorLimits(account: AccountDocument, context: z.RefinementCtx): void {
  if (account.kind !== 'clearing') return;
  for (const field of ['fraudLimits', 'packages'] as const) {
    if (account[field].length === 0) continue;
    const message = 'none on a clearing account, which makes no calls';
    context.addIssue({ code: 'custom', path: [field], message });
  }
}

export const account: z.ZodType<AccountDocument> = z.preprocess(fillCreditLimit, accountFields);

/** A rate is per minute with increments, or per cycle, and then by whole cycles. */
function checkRate(rate: RateDocument, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  const { ratePerMinute, ratePerCycle, cycleSeconds, effectiveAt, expiresAt } = rate;
  const increments = ['firstIncrementSeconds', 'nextIncrementSeconds'] as const;
  if (ratePerMinute === undefined && ratePerCycle === undefined) {
    refuse('ratePerMinute', 'a decimal string like "0.0125", or ratePerCycle with cycleSeconds');
  } else if (ratePerMinute !== undefined && ratePerCycle !== undefined) {
    refuse('ratePerCycle', 'either ratePerMinute or ratePerCycle');
  }
  if ((ratePerCycle === undefined) !== (cycleSeconds === undefined)) {
    refuse('cycleSeconds', 'ratePerCycle and cycleSeconds together');
  }
  for (const increment of increments) {
    if (ratePerCycle !== undefined && rate[increment] !== 1) {
      refuse(increment, 'no increment beside ratePerCycle, which is charged by whole cycles');
    }
  }
  if ((rate.sections ?? []).length > 0 && rate.firstIncrementSeconds !== 1) {
    refuse('firstIncrementSeconds', 'no first increment beside sections, which come first');
  }
  if (expiresAt !== undefined && effectiveAt !== undefined && !isBefore(effectiveAt, expiresAt)) {
    refuse('expiresAt', 'a time after effectiveAt');
  }
}

function checkTerm(
  term: { readonly startsAt?: string | undefined; readonly expiresAt?: string | undefined },
  context: z.RefinementCtx,
): void {
  const { startsAt, expiresAt } = term;
  if (startsAt === undefined || expiresAt === undefined || isBefore(startsAt, expiresAt)) return;
  context.addIssue({ code: 'custom', path: ['expiresAt'], message: 'a time after startsAt' });
}

function checkWindow(
  { from, to }: { readonly from: string; readonly to: string },
  context: z.RefinementCtx,
): void {
  if (from !== to && from !== '24:00') return;
  const message = 'another time than `to`; the whole day is from "00:00" to "24:00"';
  context.addIssue({ code: 'custom', path: ['from'], message });
}

function isBefore(left: string, right: string): boolean {
  return Date.parse(left) < Date.parse(right);
}

interface Term {
  readonly index: number;
  readonly from: number;
  readonly until: number;
}

/** One prefix, one price at a time: rates of a prefix may follow or enclose each other, the later one then
 *  counting; the same beginning twice, or an end inside of a later rate, leaves the price to chance. */
function refuseOverlappingRates(rates: readonly RateDocument[], context: z.RefinementCtx): void {
  const timed = new Map<string, Term[]>();
  const seen = new Map<string, number>();
  let problems = 0;
  const refuse = (index: number, field: string, message: string): void => {
    if (problems++ >= problemsPerListMax) return;
    context.addIssue({ code: 'custom', path: [index, field], message });
  };
  for (const [index, { prefix, effectiveAt, expiresAt }] of rates.entries()) {
    const from = effectiveAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(effectiveAt);
    const key = effectiveAt === undefined ? prefix : `${prefix} ${from}`;
    if (seen.has(key)) {
      refuse(
        index,
        'prefix',
        'is rated twice from the same time on; expected each prefix once a time',
      );
    }
    seen.set(key, index);
    if (expiresAt === undefined && effectiveAt === undefined) continue;
    const until = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
    const terms = timed.get(prefix);
    if (terms === undefined) timed.set(prefix, [{ index, from, until }]);
    else terms.push({ index, from, until });
  }
  for (const terms of timed.values()) {
    for (const { index } of crossing(terms)) {
      refuse(
        index,
        'expiresAt',
        'is within a later rate of this prefix; expected one of them to end first',
      );
    }
  }
}

/** Terms that end while one that began later is still in effect. */
function crossing(terms: readonly Term[]): Term[] {
  const found: Term[] = [];
  const open: Term[] = [];
  for (const term of terms.toSorted((left, right) => left.from - right.from)) {
    while (open.length > 0 && open.at(-1)!.until <= term.from) open.pop();
    const enclosing = open.at(-1);
    if (enclosing !== undefined && enclosing.until < term.until) found.push(enclosing);
    open.push(term);
  }
  return found;
}
