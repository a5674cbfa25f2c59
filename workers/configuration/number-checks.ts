// What the rules about numbers owe the rest of a whole document: calendars and number groups that exist, one
// meaning for each number of the transform table, and limits.
import {
  mobileAreasMax,
  mobilePrefixesMax,
  numberGroupsMax,
  numbersMax,
  numberTransformsMax,
  poolNumbersMax,
} from '../../core/configuration/limits.ts';
import type {
  MappingNumbersDocument,
  RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import type { PlaceOf } from './document-checks.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';
import { poolNumbers } from './slot-registry.ts';
import type { StoredDocument } from './stored-document.ts';

type Report = (path: string, value: unknown, reason: string) => void;

export function checkNumbers(
  document: StoredDocument,
  place: PlaceOf,
  problems: DocumentProblem[],
): void {
  const report: Report = (path, value, reason) => {
    if (problems.length < problemsMax) problems.push(documentProblem(path, value, reason));
  };
  checkCounts(document, report);
  checkTransforms(document, place, report);
  checkAssigned(document, place, report);
  checkAreas(document, place, report);
  const calendars = new Set(document.calendars.map(({ name }) => name));
  const groups = new Set((document.numberGroups ?? []).map(({ name }) => name));
  for (const collection of ['mappingGateways', 'routingGateways'] as const) {
    for (const gateway of document[collection]) {
      const at = (field: string): string => `${place(collection, gateway.name)}.${field}`;
      checkCalendars(gateway, calendars, (path, value, reason) => report(at(path), value, reason));
      checkGroups(gateway, groups, (path, value, reason) => report(at(path), value, reason));
    }
  }
}

function checkCounts(document: StoredDocument, report: Report): void {
  const { numberGroups = [], numberTransforms = [], mobileAreas = [] } = document;
  const prefixes = mobileAreas.reduce((sum, area) => sum + area.prefixes.length, 0);
  const numbers = numberGroups.reduce((sum, group) => sum + group.numbers.length, 0);
  const limits = [
    ['numberGroups', 'number groups', numberGroups.length, numberGroupsMax],
    ['numberGroups', 'numbers of all number groups', numbers, numbersMax],
    ['numberGroups', 'numbers in caller pools', poolNumbers(document).size, poolNumbersMax],
    ['numberTransforms', 'number transforms', numberTransforms.length, numberTransformsMax],
    ['mobileAreas', 'mobile areas', mobileAreas.length, mobileAreasMax],
    ['mobileAreas', 'prefixes of all mobile areas', prefixes, mobilePrefixesMax],
  ] as const;
  for (const [path, what, count, max] of limits) {
    if (count > max) report(path, count, `is the number of ${what}; expected at most ${max}`);
  }
}

/** A caller stands for one number only. */
function checkTransforms(document: StoredDocument, place: PlaceOf, report: Report): void {
  const seen = new Map<string, string>();
  for (const { name, caller } of document.numberTransforms ?? []) {
    if (caller === undefined) continue;
    const other = seen.get(caller);
    seen.set(caller, name);
    if (other === undefined) continue;
    const reason = `is the caller of ${JSON.stringify(other)} already; expected each caller once`;
    report(`${place('numberTransforms', name)}.caller`, caller, reason);
  }
}

/** A number belongs to one account. */
function checkAssigned(document: StoredDocument, place: PlaceOf, report: Report): void {
  const owners = new Map<string, string>();
  for (const { name, numbers = [] } of document.accounts) {
    for (const [index, number] of numbers.entries()) {
      const owner = owners.get(number);
      owners.set(number, name);
      if (owner === undefined) continue;
      const reason = `is a number of account ${JSON.stringify(owner)} already; expected each number in one account`;
      report(`${place('accounts', name)}.numbers[${index}]`, number, reason);
    }
  }
}

/** A mobile number is at home in one area. */
function checkAreas(document: StoredDocument, place: PlaceOf, report: Report): void {
  const homes = new Map<string, string>();
  for (const { name, prefixes } of document.mobileAreas ?? []) {
    for (const [index, prefix] of prefixes.entries()) {
      const home = homes.get(prefix);
      homes.set(prefix, name);
      if (home === undefined) continue;
      const reason = `is a prefix of mobile area ${JSON.stringify(home)} already; expected each prefix in one area`;
      report(`${place('mobileAreas', name)}.prefixes[${index}]`, prefix, reason);
    }
  }
}

type Numbers = MappingNumbersDocument | RoutingNumbersDocument;

function checkCalendars(gateway: Numbers, known: ReadonlySet<string>, report: Report): void {
  for (const field of ['scheduledDialPlans', 'scheduledPrefixes'] as const) {
    for (const [index, { calendar }] of (gateway[field] ?? []).entries()) {
      if (calendar === undefined || known.has(calendar)) continue;
      const reason = 'is no name of a calendar that exists; expected the name of a calendar';
      report(`${field}[${index}].calendar`, calendar, reason);
    }
  }
}

function checkGroups(gateway: Numbers, known: ReadonlySet<string>, report: Report): void {
  for (const field of ['callerGroups', 'calleeGroups'] as const) {
    for (const [index, name] of (gateway[field]?.names ?? []).entries()) {
      if (known.has(name)) continue;
      const reason =
        'is no name of a number group that exists; expected the name of a number group';
      report(`${field}.names[${index}]`, name, reason);
    }
  }
  if ('address' in gateway) checkPools(gateway, known, report);
}

function checkPools(
  gateway: RoutingNumbersDocument,
  known: ReadonlySet<string>,
  report: Report,
): void {
  for (const field of ['callerPool', 'forwardingPool'] as const) {
    const group = gateway[field]?.group;
    if (group === undefined || known.has(group)) continue;
    const reason = 'is no name of a number group that exists; expected the name of a number group';
    report(`${field}.group`, group, reason);
  }
}
