// What changes from one document to the next, entity by entity and field by field: what `apply` prints
// and what a version keeps of its making. Long lists are counted and shown by their first members.
import type {
  DocumentOf,
  MappingGatewayDocument,
  Parameters,
  RateDocument,
  RateTableDocument,
  RoutingGatewayDocument,
} from './model.ts';

export interface FieldChange {
  readonly field: string;
  /** Undefined: not set. */
  readonly before: unknown;
  readonly after: unknown;
}

/** A list field: members that came and went. */
export interface ListChange {
  readonly field: string;
  readonly addedCount: number;
  readonly removedCount: number;
  /** The first `listedMax` of each. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface EntityChange {
  readonly name: string;
  readonly fields: readonly FieldChange[];
  readonly lists: readonly ListChange[];
}

export interface CollectionDiff {
  readonly addedCount: number;
  readonly removedCount: number;
  readonly changedCount: number;
  /** The first `listedMax` of each. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly EntityChange[];
}

export interface ConfigurationDiff {
  readonly parameters: readonly FieldChange[];
  /** Absent in versions of before there were any. */
  readonly rateTemplates?: CollectionDiff;
  readonly rateTables: CollectionDiff;
  readonly calendars: CollectionDiff;
  readonly periodRates: CollectionDiff;
  readonly packages: CollectionDiff;
  readonly accounts: CollectionDiff;
  /** Absent in versions of before there were any. */
  readonly numberTransforms?: CollectionDiff;
  readonly mobileAreas?: CollectionDiff;
  readonly numberGroups?: CollectionDiff;
  readonly gatewayGroups?: CollectionDiff;
  readonly mappingGateways: CollectionDiff;
  readonly routingGateways: CollectionDiff;
}

/** Names and members spelled out; the rest is counted. */
export const listedMax = 100;

const collections = [
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

/** What differs in the rates of two tables of one name; undefined: nothing. */
export type RatesDiff<Table> = (before: Table, after: Table) => ListChange | undefined;

export function diffDocuments<Table extends { readonly name: string } = RateTableDocument>(
  before: DocumentOf<Table>,
  after: DocumentOf<Table>,
  diffRates: RatesDiff<Table>,
): ConfigurationDiff {
  return {
    parameters: diffParameters(before.parameters, after.parameters),
    rateTemplates: diffCollection(before.rateTemplates, after.rateTemplates),
    rateTables: diffCollection(before.rateTables, after.rateTables, (old, table) => {
      const change = diffRates(old, table);
      return { fields: [], lists: change === undefined ? [] : [change] };
    }),
    calendars: diffCollection(before.calendars, after.calendars),
    periodRates: diffCollection(before.periodRates, after.periodRates),
    packages: diffCollection(before.packages, after.packages),
    accounts: diffCollection(before.accounts, after.accounts),
    // A version that was stored before there were any has none.
    numberTransforms: diffCollection(before.numberTransforms ?? [], after.numberTransforms ?? []),
    mobileAreas: diffCollection(before.mobileAreas ?? [], after.mobileAreas ?? []),
    numberGroups: diffCollection(before.numberGroups ?? [], after.numberGroups ?? []),
    // A version that was stored before there were groups has none.
    gatewayGroups: diffCollection(before.gatewayGroups ?? [], after.gatewayGroups ?? []),
    mappingGateways: diffCollection<MappingGatewayDocument>(
      before.mappingGateways,
      after.mappingGateways,
    ),
    routingGateways: diffCollection<RoutingGatewayDocument>(
      before.routingGateways,
      after.routingGateways,
    ),
  };
}

const nothing: CollectionDiff = {
  addedCount: 0,
  removedCount: 0,
  changedCount: 0,
  added: [],
  removed: [],
  changed: [],
};

export function isEmptyDiff(diff: ConfigurationDiff): boolean {
  return (
    diff.parameters.length === 0 &&
    collections.every((name) => {
      const { addedCount, removedCount, changedCount } = diff[name] ?? nothing;
      return addedCount + removedCount + changedCount === 0;
    })
  );
}

/** One line a change, for a terminal: "+" added, "-" removed, "~" changed. */
export function describeDiff(diff: ConfigurationDiff): string[] {
  const lines = diff.parameters.map((change) => `~ parameters.${describeField(change)}`);
  for (const collection of collections) {
    const { added, removed, changed, ...counts } = diff[collection] ?? nothing;
    for (const name of added) lines.push(`+ ${collection} ${name}`);
    pushRest(lines, `+ ${collection}`, counts.addedCount - added.length);
    for (const name of removed) lines.push(`- ${collection} ${name}`);
    pushRest(lines, `- ${collection}`, counts.removedCount - removed.length);
    for (const change of changed) lines.push(...describeEntity(collection, change));
    pushRest(lines, `~ ${collection}`, counts.changedCount - changed.length);
  }
  return lines;
}

function diffParameters(
  before: Partial<Parameters>,
  after: Partial<Parameters>,
): readonly FieldChange[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return (
    [...new Set([...old.keys(), ...now.keys()])]
      .map((field) => ({ field, before: old.get(field), after: now.get(field) }))
      // A list is one value here: its order means something (SS_SIP_RESEND_INTERVAL).
      .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after))
  );
}

function diffCollection<Entity extends { readonly name: string }>(
  before: readonly Entity[],
  after: readonly Entity[],
  diffOf: (old: Entity, entity: Entity) => Omit<EntityChange, 'name'> = diffFields,
): CollectionDiff {
  const known = new Map(before.map((entity) => [entity.name, entity]));
  const added: string[] = [];
  const changed: EntityChange[] = [];
  for (const entity of after) {
    const old = known.get(entity.name);
    known.delete(entity.name);
    if (old === undefined) {
      added.push(entity.name);
    } else if (old !== entity) {
      const { fields, lists } = diffOf(old, entity);
      if (fields.length + lists.length > 0) changed.push({ name: entity.name, fields, lists });
    }
  }
  const removed = [...known.keys()];
  return {
    addedCount: added.length,
    removedCount: removed.length,
    changedCount: changed.length,
    added: added.slice(0, listedMax),
    removed: removed.slice(0, listedMax),
    changed: changed.slice(0, listedMax),
  };
}

function diffFields(before: object, after: object): { fields: FieldChange[]; lists: ListChange[] } {
  const fields: FieldChange[] = [];
  const lists: ListChange[] = [];
  const old = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  for (const field of new Set([...old.keys(), ...now.keys()])) {
    const [left, right] = [old.get(field), now.get(field)];
    if (Array.isArray(left) && Array.isArray(right)) {
      const change = diffList(field, left, right);
      if (change !== undefined) lists.push(change);
    } else if (left !== right && JSON.stringify(left) !== JSON.stringify(right)) {
      fields.push({ field, before: left, after: right });
    }
  }
  return { fields, lists };
}

function diffList(
  field: string,
  before: readonly unknown[],
  after: readonly unknown[],
): ListChange | undefined {
  const old = countOf(before);
  const added: string[] = [];
  for (const member of after) {
    const key = memberText(member);
    const count = old.get(key) ?? 0;
    if (count === 0) added.push(key);
    else old.set(key, count - 1);
  }
  const removed: string[] = [];
  for (const [key, count] of old) for (let left = count; left > 0; left--) removed.push(key);
  if (added.length + removed.length === 0) return undefined;
  return {
    field,
    addedCount: added.length,
    removedCount: removed.length,
    added: added.slice(0, listedMax),
    removed: removed.slice(0, listedMax),
  };
}

function countOf(members: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const member of members) {
    const key = memberText(member);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function memberText(member: unknown): string {
  if (typeof member !== 'object' || member === null) return String(member);
  return JSON.stringify(member);
}

/** A rate as people speak of it. */
export function rateText(rate: RateDocument): string {
  const { prefix, ratePerMinute, ratePerCycle, connectionFee, ...rest } = rate;
  const { firstIncrementSeconds, nextIncrementSeconds, cycleSeconds, ...more } = rest;
  const { effectiveAt, expiresAt, area, ...others } = more;
  const steps = cycleSeconds ?? `${firstIncrementSeconds}/${nextIncrementSeconds}`;
  const since = effectiveAt === undefined ? '' : ` from ${effectiveAt}`;
  const until = expiresAt === undefined ? '' : ` until ${expiresAt}`;
  const isPlain =
    others.callType === 'international' &&
    others.taxPercent === '0' &&
    !others.locked &&
    others.sections === undefined;
  const other = isPlain ? '' : ` ${JSON.stringify(others)}`;
  const place = area === undefined ? '' : ` ${JSON.stringify(area)}`;
  return `${prefix} ${ratePerMinute ?? ratePerCycle}+${connectionFee} ${steps}${since}${until}${place}${other}`;
}

function describeEntity(collection: string, change: EntityChange): string[] {
  const where = `${collection} ${change.name}`;
  return [
    ...change.fields.map((field) => `~ ${where}: ${describeField(field)}`),
    ...change.lists.map(
      (list) => `~ ${where}: ${list.field}: ${list.addedCount} added, ${list.removedCount} removed`,
    ),
  ];
}

function describeField(change: FieldChange): string {
  return `${change.field}: ${valueText(change.before)} -> ${valueText(change.after)}`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'default' : JSON.stringify(value);
}

function pushRest(lines: string[], what: string, count: number): void {
  if (count > 0) lines.push(`${what}: and ${count} more`);
}
