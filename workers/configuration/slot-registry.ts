// Which slot of the counter block (lines in use, CPS window) a gateway or a gateway group has, and which slot of the balance
// block (and line counter) an account. A name keeps its slot over
// snapshots, so its lines stay counted while configuration changes. The slot of a removed gateway is
// given to another name only when its last call is over, and only after a snapshot without that gateway
// runs everywhere: until then a worker on the old snapshot may still take a line of it.
import { gatewaysMax } from '../../core/configuration/limits.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { countersOf, orderedPackages, type PackageCounter } from './package-counters.ts';

export interface SlotRegistry {
  /** Slots for these names; nothing is removed yet. Undefined: too many slots are still in use by
   *  removed gateways with calls up. */
  assign(names: Iterable<string>): ReadonlyMap<string, number> | undefined;
  /** Every worker runs on a snapshot compiled with this assignment. */
  settle(assignment: ReadonlyMap<string, number>): void;
  /** Slots are below this. */
  readonly slotsMax: number;
}

export function mappingSlotName(gateway: string): string {
  return `mapping:${gateway}`;
}

export function routingSlotName(gateway: string): string {
  return `routing:${gateway}`;
}

/** Groups have slots among those of gateways. */
export function isGatewaySlotName(name: string): boolean {
  return ['mapping:', 'routing:', 'group:'].some((kind) => name.startsWith(kind));
}

export function groupSlotName(group: string): string {
  return `group:${group}`;
}

/** Slots of accounts are numbered apart from those of gateways. */
export function accountSlotName(account: string): string {
  return `account:${account}`;
}

export function isAccountSlotName(name: string): boolean {
  return name.startsWith('account:');
}

/** Slots of fraud limits are numbered apart from both. No name has a line feed. */
export function fraudSlotName(account: string, prefix: string): string {
  return `fraud:${account}\n${prefix}`;
}

export function isFraudSlotName(name: string): boolean {
  return name.startsWith('fraud:');
}

/** Slots of what is counted of packages are numbered apart too; `key`: of package-counters.ts. */
export function packageSlotName(account: string, key: string, counter: PackageCounter): string {
  return `gift:${account}\n${key}\n${counter}`;
}

export function isPackageSlotName(name: string): boolean {
  return name.startsWith('gift:');
}

/** Slots of numbers of caller pools are numbered apart, too. */
export function numberSlotName(number: string): string {
  return `number:${number}`;
}

export function isNumberSlotName(name: string): boolean {
  return name.startsWith('number:');
}

/** Every name of a document that needs a slot. */
export function slotNames(document: SlotOwners): string[] {
  const packages = new Map(document.packages.map((each) => [each.name, each]));
  return [
    ...document.mappingGateways.map((gateway) => mappingSlotName(gateway.name)),
    ...document.routingGateways.map((gateway) => routingSlotName(gateway.name)),
    ...document.accounts.map((account) => accountSlotName(account.name)),
    ...document.accounts.flatMap(({ name, fraudLimits = [] }) =>
      fraudLimits.map(({ prefix }) => fraudSlotName(name, prefix)),
    ),
    ...document.accounts.flatMap((account) =>
      orderedPackages(account, packages).flatMap((ordered) =>
        countersOf(ordered.document).map((counter) =>
          packageSlotName(account.name, ordered.key, counter),
        ),
      ),
    ),
    ...[...poolNumbers(document)].map(numberSlotName),
    ...(document.gatewayGroups ?? []).map((group) => groupSlotName(group.name)),
  ];
}

type SlotOwners = Pick<
  ConfigurationDocument,
  'mappingGateways' | 'routingGateways' | 'accounts' | 'packages' | 'numberGroups'
> &
  Partial<Pick<ConfigurationDocument, 'gatewayGroups'>>;

/** Names of the groups that are a caller pool of some gateway. */
export function poolGroups({ routingGateways }: Pick<SlotOwners, 'routingGateways'>): Set<string> {
  const groups = new Set<string>();
  for (const { callerPool, forwardingPool } of routingGateways) {
    if (callerPool !== undefined) groups.add(callerPool.group);
    if (forwardingPool !== undefined) groups.add(forwardingPool.group);
  }
  return groups;
}

/** Each once. */
export function poolNumbers(document: SlotOwners): Set<string> {
  const groups = poolGroups(document);
  const numbers = new Set<string>();
  for (const group of document.numberGroups ?? []) {
    if (groups.has(group.name)) for (const number of group.numbers) numbers.add(number);
  }
  return numbers;
}

/** `isIdle(slot)`: no line of it is taken. */
export function createSlotRegistry(
  isIdle: (slot: number) => boolean,
  slotsMax: number = gatewaysMax + 1,
): SlotRegistry {
  /** What runs now. */
  let settled: ReadonlyMap<string, number> = new Map();
  /** Removed, perhaps with calls up; a name that comes back gets its own slot again. */
  const retired = new Map<string, number>();
  /** Slots from here on have never been used. */
  let fresh = 1;

  function assign(names: Iterable<string>): ReadonlyMap<string, number> | undefined {
    const assignment = new Map<string, number>();
    const unplaced: string[] = [];
    for (const name of names) {
      const slot = settled.get(name) ?? retired.get(name);
      if (slot === undefined) unplaced.push(name);
      else assignment.set(name, slot);
    }
    const free = freeSlots(assignment, unplaced.length);
    if (free === undefined) return undefined;
    for (const [index, name] of unplaced.entries()) assignment.set(name, free[index]!);
    return assignment;
  }

  function freeSlots(assignment: ReadonlyMap<string, number>, count: number): number[] | undefined {
    const free: number[] = [];
    for (const [name, slot] of retired) {
      if (free.length === count) return free;
      if (!assignment.has(name) && isIdle(slot)) free.push(slot);
    }
    for (let slot = fresh; free.length < count; slot++) {
      if (slot >= slotsMax) return undefined;
      free.push(slot);
    }
    return free;
  }

  function settle(assignment: ReadonlyMap<string, number>): void {
    const inUse = new Set(assignment.values());
    for (const [name, slot] of settled) if (!inUse.has(slot)) retired.set(name, slot);
    for (const [name, slot] of retired) if (inUse.has(slot)) retired.delete(name);
    for (const slot of inUse) fresh = Math.max(fresh, slot + 1);
    settled = assignment;
  }

  return { assign, settle, slotsMax };
}
