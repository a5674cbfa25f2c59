// Compiles accounts, calendars, period rates and packages of a checked document into the text rows of a
// snapshot: names become rows, money units, local times seconds of the day.
import type {
  AccountDocument,
  CalendarDocument,
  DocumentOf,
  PackageDocument,
  PeriodRateDocument,
} from '../../core/configuration/model.ts';
import { weekdays } from '../../core/configuration/routing-model.ts';
import {
  type Account,
  type Calendar,
  CallTypes,
  type DayWindow,
  type Package,
  type PeriodRate,
} from '../../core/configuration/snapshot.ts';
import { compareNames } from '../../core/routing/gateway-order.ts';
import { byteString } from './byte-string.ts';
import {
  type AccountFraudLimit,
  type CompiledFraudLimits,
  compileFraudLimits,
} from './compile-fraud-limits.ts';
import { type AccountPackage, type CompiledPackages, compilePackages } from './compile-packages.ts';
import { type CompiledRates, creditUnits, units } from './compile-rates.ts';
import type { PackageCounter } from './package-counters.ts';
import { textRows } from './text-rows.ts';
import { nodeTimeZone, zoneOffsets } from './time-zones.ts';

/** What the balance block must hold for the accounts; index: the account. */
export interface AccountCells {
  readonly slots: Uint32Array;
  /** Opening balances and credit limits, units of money. */
  readonly openings: BigInt64Array;
  readonly credits: BigInt64Array;
}

export interface CompiledBilling {
  readonly accountRows: Uint32Array;
  readonly rateShapeRows: Uint32Array;
  readonly rateAreaRows: Uint32Array;
  readonly rateTableNameRows: Uint32Array;
  readonly calendarRows: Uint32Array;
  readonly periodRateRows: Uint32Array;
  readonly packageRows: Uint32Array;
  readonly zoneRows: Uint32Array;
  readonly billingText: Uint8Array;
}

export interface BillingOutput {
  readonly sections: CompiledBilling;
  readonly cells: AccountCells;
  readonly fraudLimits: readonly AccountFraudLimit[];
  readonly packages: readonly AccountPackage[];
  /** Row of the account of this name; -1: none. */
  readonly accountRow: (name: string | undefined) => number;
}

/** Where counters are. */
export interface BillingSlots {
  readonly account: (account: string) => number;
  readonly fraudLimit: (account: string, prefix: string) => number;
  readonly packageCounter: (account: string, key: string, counter: PackageCounter) => number;
}

interface CompiledLimits {
  readonly fraud: CompiledFraudLimits;
  readonly packages: CompiledPackages;
}

type RowOf = (name: string | undefined) => number;

/** As their numbers go. */
const dayMs = 86_400_000;

/** `calendarDocuments`: those of the document first; others may follow. */
export function compileBilling(
  document: DocumentOf<{ readonly name: string }>,
  rates: CompiledRates,
  calendarDocuments: readonly CalendarDocument[],
  slots: BillingSlots,
): BillingOutput {
  const accounts = document.accounts.toSorted((left, right) => compareNames(left.name, right.name));
  const rows: AccountRows = {
    tables: rowsOf(document.rateTables),
    periodRates: rowsOf(document.periodRates),
    accounts: rowsOf(accounts),
    slotOf: slots.account,
  };
  const limits: CompiledLimits = {
    fraud: compileFraudLimits(accounts, slots.fraudLimit),
    packages: compilePackages(document, slots.packageCounter),
  };
  const calendars = rowsOf(document.calendars);
  const { rows: tables, bytes } = textRows([
    accounts.map((account) => compileAccount(account, rows, limits)),
    rates.shapes,
    rates.areas,
    rates.tableNames,
    calendarDocuments.map(compileCalendar),
    document.periodRates.map((each) => compilePeriodRate(each, calendars, rows.tables)),
    document.packages.map(compilePackage),
    limits.fraud.zones,
  ]);
  const sections = {
    accountRows: tables[0]!,
    rateShapeRows: tables[1]!,
    rateAreaRows: tables[2]!,
    rateTableNameRows: tables[3]!,
    calendarRows: tables[4]!,
    periodRateRows: tables[5]!,
    packageRows: tables[6]!,
    zoneRows: tables[7]!,
    billingText: bytes,
  };
  return {
    sections,
    cells: cellsOf(accounts, slots.account),
    fraudLimits: limits.fraud.all,
    packages: limits.packages.all,
    accountRow: rows.accounts,
  };
}

function cellsOf(
  accounts: readonly AccountDocument[],
  slotOf: (account: string) => number,
): AccountCells {
  return {
    slots: Uint32Array.from(accounts, ({ name }) => slotOf(name)),
    openings: BigInt64Array.from(accounts, ({ balance }) => units(balance)),
    credits: BigInt64Array.from(accounts, ({ creditLimit }) => creditUnits(creditLimit)),
  };
}

interface AccountRows {
  readonly tables: RowOf;
  readonly periodRates: RowOf;
  readonly accounts: RowOf;
  readonly slotOf: (account: string) => number;
}

/** -1 for no name, and for a table that does not exist yet. */
function rowsOf(entities: readonly { readonly name: string }[]): RowOf {
  const rows = new Map(entities.map(({ name }, row) => [name, row]));
  return (name) => (name === undefined ? -1 : (rows.get(name) ?? -1));
}

function compileAccount(
  account: AccountDocument,
  rows: AccountRows,
  { fraud, packages }: CompiledLimits,
): Account {
  return {
    name: account.name,
    slot: rows.slotOf(account.name),
    kind: account.kind,
    creditLimit: creditUnits(account.creditLimit),
    // What a version lacks that was stored before these fields existed is their default.
    lineLimit: account.lineLimit ?? 0,
    locked: account.locked ?? false,
    node: account.node ?? '',
    startsAt: account.startsAt === undefined ? 0 : Date.parse(account.startsAt),
    expiresAt:
      account.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(account.expiresAt),
    maxCallSeconds: account.maxCallSeconds ?? 0,
    agent: rows.accounts(account.agent),
    rateTable: rows.tables(account.rateTable),
    privateRateTable: rows.tables(account.privateRateTable),
    periodRate: rows.periodRates(account.periodRate),
    callLevel: CallTypes[account.callLevel],
    packages: packages.of(account),
    ...fraud.of(account),
  };
}

function compileCalendar(calendar: CalendarDocument): Calendar {
  return {
    name: calendar.name,
    zone: zoneOffsets(calendar.timeZone ?? nodeTimeZone()),
    workingDays: weekdays.map((day) => calendar.workingDays.includes(day)),
    window: windowOf(calendar),
    holidays: [...new Set(calendar.holidays)].map((day) => Date.parse(day) / dayMs).sort(ascending),
  };
}

function compilePeriodRate(
  periodRate: PeriodRateDocument,
  calendars: RowOf,
  tables: RowOf,
): PeriodRate {
  return {
    name: periodRate.name,
    calendar: calendars(periodRate.calendar),
    workingRateTable: tables(periodRate.workingRateTable),
    nonWorkingRateTable: tables(periodRate.nonWorkingRateTable),
  };
}

function compilePackage(document: PackageDocument): Package {
  return {
    name: document.name,
    zone: zoneOffsets(document.timeZone ?? nodeTimeZone()),
    // A version that was stored before there were periods has none.
    period: document.period ?? 'month',
    gifts: document.gifts.map((gift) => ({
      prefixes: gift.prefixes.map(byteString),
      window: windowOf(gift),
      seconds: gift.seconds,
      cycleSeconds: gift.cycleSeconds,
    })),
    rentFee: units(document.rentFee ?? '0'),
    giftMoney: units(document.giftMoney),
    minConsumption: units(document.minConsumption),
    lowerConsumption: units(document.lowerConsumption),
  };
}

function windowOf({ from, to }: { readonly from: string; readonly to: string }): DayWindow {
  return { from: secondOfDay(from), to: secondOfDay(to) };
}

/** "08:30" or "08:30:15" of a checked document; "24:00" is the end of the day. */
function secondOfDay(text: string): number {
  const [hours, minutes, seconds = 0] = text.split(':').map(Number);
  return hours! * 3600 + minutes! * 60 + seconds;
}

function ascending(left: number, right: number): number {
  return left - right;
}
