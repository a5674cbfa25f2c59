// Accounts, rates' shapes and what else billing needs of a snapshot: decoded from its text on first use,
// kept as long as the snapshot. Money is a string of units in the text and a bigint here.
import { entityAt } from './read-text-rows.ts';
import type {
  Account,
  BillingTables,
  Calendar,
  FraudLimit,
  Package,
  PackageOrder,
  PeriodRate,
  RateShape,
  Snapshot,
  Threshold,
  ZoneOffsets,
} from './snapshot.ts';

export function accountAt(snapshot: Snapshot, row: number): Account {
  return entityAt(snapshot.billing.accounts, row, asAccount);
}

/** Row of the account of this name; -1: none. Accounts are in order of name. */
export function accountRowByName(snapshot: Snapshot, name: string): number {
  let low = 0;
  let high = snapshot.billing.accounts.rows.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = accountAt(snapshot, middle).name;
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export function rateShapeAt(billing: BillingTables, row: number): RateShape {
  return entityAt(billing.shapes, row, asRateShape);
}

export function rateAreaAt(billing: BillingTables, row: number): string {
  return entityAt(billing.areas, row, (parsed) => parsed as string);
}

export function rateTableNameAt(billing: BillingTables, row: number): string {
  return entityAt(billing.tableNames, row, (parsed) => parsed as string);
}

export function calendarAt(billing: BillingTables, row: number): Calendar {
  return entityAt(billing.calendars, row, (parsed) => parsed as Calendar);
}

export function periodRateAt(billing: BillingTables, row: number): PeriodRate {
  return entityAt(billing.periodRates, row, (parsed) => parsed as PeriodRate);
}

export function zoneAt(billing: BillingTables, row: number): ZoneOffsets {
  return entityAt(billing.zones, row, (parsed) => parsed as ZoneOffsets);
}

export function packageAt(billing: BillingTables, row: number): Package {
  return entityAt(billing.packages, row, asPackage);
}

/** What JSON makes of an entity: amounts of money are text, a missing instant is null. */
type Stored<Entity> = {
  readonly [field in keyof Entity]: Entity[field] extends bigint
    ? string
    : Entity[field] extends number
      ? Entity[field] | null
      : Entity[field] extends readonly (infer Item)[]
        ? Item extends object
          ? readonly Stored<Item>[]
          : Entity[field]
        : Entity[field];
};

function asAccount(parsed: unknown): Account {
  const row = parsed as Account & Stored<Account>;
  return {
    name: row.name,
    slot: row.slot,
    kind: row.kind,
    creditLimit: BigInt(row.creditLimit),
    lineLimit: row.lineLimit,
    locked: row.locked,
    node: row.node,
    startsAt: row.startsAt,
    expiresAt: row.expiresAt ?? Number.POSITIVE_INFINITY,
    maxCallSeconds: row.maxCallSeconds,
    agent: row.agent,
    rateTable: row.rateTable,
    privateRateTable: row.privateRateTable,
    periodRate: row.periodRate,
    callLevel: row.callLevel,
    packages: row.packages.map(
      (order): PackageOrder => ({
        ...order,
        expiresAt: order.expiresAt ?? Number.POSITIVE_INFINITY,
      }),
    ),
    zone: row.zone,
    fraudLimits: row.fraudLimits.map(asFraudLimit),
  };
}

/** As text: of its bigints JSON has made strings. */
export function asFraudLimit(stored: object): FraudLimit {
  const limit = stored as FraudLimit & {
    daySeconds: Threshold<string>;
    dayMoney: Threshold<string>;
  };
  return {
    slot: limit.slot,
    prefix: limit.prefix,
    callsAtOnce: limit.callsAtOnce,
    callsPerMinute: limit.callsPerMinute,
    daySeconds: asBigints(limit.daySeconds),
    dayMoney: asBigints(limit.dayMoney),
    callSeconds: limit.callSeconds,
  };
}

function asBigints({ warn, block }: Threshold<string>): Threshold<bigint> {
  return { warn: BigInt(warn), block: BigInt(block) };
}

function asRateShape(parsed: unknown): RateShape {
  const row = parsed as Omit<RateShape, 'sections'> & Stored<RateShape>;
  return {
    perSeconds: row.perSeconds,
    connectionFee: BigInt(row.connectionFee),
    firstIncrementSeconds: row.firstIncrementSeconds,
    nextIncrementSeconds: row.nextIncrementSeconds,
    sections: row.sections.map((each) => ({
      seconds: each.seconds as number,
      fee: BigInt(each.fee as string),
    })),
    taxPercent: BigInt(row.taxPercent),
    callType: row.callType,
    locked: row.locked,
  };
}

function asPackage(parsed: unknown): Package {
  const row = parsed as Package & Stored<Package>;
  return {
    name: row.name,
    zone: row.zone,
    period: row.period,
    gifts: row.gifts,
    rentFee: BigInt(row.rentFee),
    giftMoney: BigInt(row.giftMoney),
    minConsumption: BigInt(row.minConsumption),
    lowerConsumption: BigInt(row.lowerConsumption),
  };
}
