// What billing's parts of a whole document owe each other: agents that exist and form no ring, calendars
// and packages that exist; and what is accepted but probably not meant, such as a day and a night table with
// different prefixes. Rate tables may come after the accounts that use them, so a missing one is a warning.
import {
  agentLevelsMax,
  calendarsMax,
  callsPerMinuteAllMax,
  fraudLimitsMax,
  packageCountersMax,
  packagesMax,
  periodRatesMax,
  rateTemplatesMax,
} from '../../core/configuration/limits.ts';
import type { AccountDocument, PackageDocument } from '../../core/configuration/model.ts';
import type { PlaceOf } from './document-checks.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';
import { countersOf, orderedPackages, startDay } from './package-counters.ts';
import { comparePrefixes, type PackedRates, prefixAt } from './packed-rates.ts';
import type { RatesOf, StoredDocument } from './stored-document.ts';

interface Findings {
  readonly problems: DocumentProblem[];
  readonly warnings: string[];
}

/** SERVER_BILLING_HOLD_TIME_PRECISION beyond this is no precision any more. */
const carryMsMax = 1000;

export function checkBilling(
  document: StoredDocument,
  place: PlaceOf,
  findings: Findings,
  ratesOf: RatesOf,
): void {
  checkCounts(document, findings.problems);
  checkCounters(document, findings.problems);
  const refer = referenceCheck(findings.problems);
  const calendars = namesOf(document.calendars);
  const packages = new Map(document.packages.map((each) => [each.name, each]));
  const periodRates = namesOf(document.periodRates);
  for (const { name, calendar } of document.periodRates) {
    refer(`${place('periodRates', name)}.calendar`, calendar, calendars, 'a calendar');
  }
  const accounts = new Map(document.accounts.map((account) => [account.name, account]));
  for (const account of document.accounts) {
    const path = place('accounts', account.name);
    refer(`${path}.periodRate`, account.periodRate, periodRates, 'a period rate');
    for (const [index, order] of account.packages.entries()) {
      refer(`${path}.packages[${index}].package`, order.package, packages, 'a package');
    }
    checkOnceOrders(path, account, packages, findings.problems);
    checkAgents(`${path}.agent`, account, accounts, findings.problems);
  }
  warnOfRateTables(document, place, findings.warnings);
  warnOfDifferentPrefixes(document, { place, ratesOf }, findings.warnings);
  const carryMs = document.parameters.SERVER_BILLING_HOLD_TIME_PRECISION ?? 0;
  if (carryMs > carryMsMax) {
    findings.warnings.push(
      `parameters.SERVER_BILLING_HOLD_TIME_PRECISION: ${carryMs} is taken as ${carryMsMax} (ms); longer steps belong to the increments of a rate`,
    );
  }
}

function checkCounts(document: StoredDocument, problems: DocumentProblem[]): void {
  const limits = [
    ['rateTemplates', document.rateTemplates.length, rateTemplatesMax],
    ['calendars', document.calendars.length, calendarsMax],
    ['periodRates', document.periodRates.length, periodRatesMax],
    ['packages', document.packages.length, packagesMax],
  ] as const;
  for (const [path, count, max] of limits) {
    if (count <= max) continue;
    problems.push(documentProblem(path, count, `is the number of them; expected at most ${max}`));
  }
}

/** Their counters are of fixed size. */
function checkCounters({ accounts, packages }: StoredDocument, problems: DocumentProblem[]): void {
  let count = 0;
  let perMinute = 0;
  // A version that was stored before there were any has none.
  for (const { fraudLimits = [] } of accounts) {
    count += fraudLimits.length;
    for (const { callsPerMinute } of fraudLimits) {
      perMinute += Math.max(callsPerMinute?.warn ?? 0, callsPerMinute?.block ?? 0);
    }
  }
  const counted = countedOfPackages(accounts, packages);
  if (counted > packageCountersMax) {
    const reason = `is the number of gifts of all packages that accounts have, with those of rent, spending and gift money; expected at most ${packageCountersMax}`;
    problems.push(documentProblem('accounts', counted, reason));
  }
  if (count > fraudLimitsMax) {
    const reason = `is the number of fraudLimits; expected at most ${fraudLimitsMax}`;
    problems.push(documentProblem('accounts', count, reason));
  }
  if (perMinute > callsPerMinuteAllMax) {
    const reason = `is the sum of callsPerMinute of all fraudLimits; expected at most ${callsPerMinuteAllMax}`;
    problems.push(documentProblem('accounts', perMinute, reason));
  }
}

function countedOfPackages(
  accounts: readonly AccountDocument[],
  packages: readonly PackageDocument[],
): number {
  const known = new Map(packages.map((each) => [each.name, each]));
  let counted = 0;
  for (const account of accounts) {
    for (const { document } of orderedPackages(account, known)) {
      counted += countersOf(document).length;
    }
  }
  return counted;
}

type KnownPackages = ReadonlyMap<string, PackageDocument>;

/** Such an order is known in the ledger by the day on which it begins. */
function checkOnceOrders(
  path: string,
  account: AccountDocument,
  packages: KnownPackages,
  problems: DocumentProblem[],
): void {
  const seen = new Set<string>();
  for (const [index, order] of account.packages.entries()) {
    const document = packages.get(order.package);
    if (document?.period !== 'once' || problems.length >= problemsMax) continue;
    const at = `${path}.packages[${index}].startsAt`;
    if (order.startsAt === undefined) {
      const reason = `is missing, but package ${JSON.stringify(order.package)} is of period once; expected a time`;
      problems.push(documentProblem(at, order.startsAt, reason));
      continue;
    }
    const key = `${order.package}\n${startDay(document, order.startsAt)}`;
    if (seen.has(key)) {
      const reason = `is on the day of another order of package ${JSON.stringify(order.package)}, which is of period once; expected another day`;
      problems.push(documentProblem(at, order.startsAt, reason));
    }
    seen.add(key);
  }
}

type ReferenceCheck = (
  path: string,
  name: string | undefined,
  known: { has(name: string): boolean },
  what: string,
) => void;

function referenceCheck(problems: DocumentProblem[]): ReferenceCheck {
  return (path, name, known, what) => {
    if (name === undefined || known.has(name) || problems.length >= problemsMax) return;
    const reason = `is no name of ${what} that exists; expected the name of ${what}`;
    problems.push(documentProblem(path, name, reason));
  };
}

/** Every account above is an agent, none comes twice, and there are not too many. */
function checkAgents(
  path: string,
  account: AccountDocument,
  accounts: ReadonlyMap<string, AccountDocument>,
  problems: DocumentProblem[],
): void {
  const above = new Set([account.name]);
  for (let agent = account.agent; agent !== undefined; agent = accounts.get(agent)!.agent) {
    const reason = agentProblem(agent, accounts, above);
    if (reason === undefined) {
      above.add(agent);
      continue;
    }
    if (problems.length < problemsMax) problems.push(documentProblem(path, account.agent, reason));
    return;
  }
}

function agentProblem(
  agent: string,
  accounts: ReadonlyMap<string, AccountDocument>,
  above: ReadonlySet<string>,
): string | undefined {
  const kind = accounts.get(agent)?.kind;
  const who = JSON.stringify(agent);
  if (kind === undefined) return `is below ${who}, which does not exist; expected an agent account`;
  if (kind !== 'agent') return `is below ${who}, a ${kind} account; expected an agent account`;
  if (above.has(agent)) return `is below ${who} in a ring; expected agents that end at the top`;
  return above.size > agentLevelsMax
    ? `has more agents above than can be charged; expected at most ${agentLevelsMax} levels`
    : undefined;
}

function warnOfRateTables(document: StoredDocument, place: PlaceOf, warnings: string[]): void {
  const tables = namesOf(document.rateTables);
  const warn = (path: string, name: string | undefined): void => {
    if (name === undefined || tables.has(name) || warnings.length >= problemsMax) return;
    warnings.push(`${path}: ${JSON.stringify(name)} is no rate table that exists yet`);
  };
  for (const account of document.accounts) {
    const path = place('accounts', account.name);
    warn(`${path}.rateTable`, account.rateTable);
    warn(`${path}.privateRateTable`, account.privateRateTable);
  }
  for (const { name, workingRateTable, nonWorkingRateTable } of document.periodRates) {
    const path = place('periodRates', name);
    warn(`${path}.workingRateTable`, workingRateTable);
    warn(`${path}.nonWorkingRateTable`, nonWorkingRateTable);
  }
}

/** A prefix that one of both tables lacks cannot be called for half of the time. */
function warnOfDifferentPrefixes(
  document: StoredDocument,
  { place, ratesOf }: { readonly place: PlaceOf; readonly ratesOf: RatesOf },
  warnings: string[],
): void {
  const tables = new Map(document.rateTables.map((table) => [table.name, table]));
  for (const { name, workingRateTable, nonWorkingRateTable } of document.periodRates) {
    const working = tables.get(workingRateTable);
    const nonWorking = tables.get(nonWorkingRateTable);
    if (working === undefined || nonWorking === undefined || working.id === nonWorking.id) continue;
    const rates = [ratesOf(working), ratesOf(nonWorking)] as const;
    const lacks = (lacking: string, having: string, lacked: Lacked): void => {
      if (lacked.count === 0 || warnings.length >= problemsMax) return;
      warnings.push(
        `${place('periodRates', name)}: rate table ${JSON.stringify(lacking)} lacks ${lacked.count} prefixes of ${JSON.stringify(having)}, the first is ${JSON.stringify(lacked.first)}`,
      );
    };
    lacks(working.name, nonWorking.name, prefixesBeyond(rates[1], rates[0]));
    lacks(nonWorking.name, working.name, prefixesBeyond(rates[0], rates[1]));
  }
}

interface Lacked {
  readonly count: number;
  readonly first: string;
}

/** Prefixes that only the first has. Both are in order. */
function prefixesBeyond(having: PackedRates, lacking: PackedRates): Lacked {
  let count = 0;
  let first = '';
  let other = 0;
  for (let row = 0; row < having.count; row++) {
    if (row > 0 && comparePrefixes(having, row - 1, having, row) === 0) continue;
    while (other < lacking.count && comparePrefixes(lacking, other, having, row) < 0) other++;
    if (other < lacking.count && comparePrefixes(lacking, other, having, row) === 0) continue;
    if (count++ === 0) first = prefixAt(having, row);
  }
  return { count, first };
}

function namesOf(entities: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set(entities.map(({ name }) => name));
}
