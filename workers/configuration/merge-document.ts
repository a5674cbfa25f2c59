// The document that would be in force after an `apply`: entities are created or replaced whole by their
// name, parameters one by one; with `replace`, what the document lacks goes.
import type {
  AccountDocument,
  ConfigurationDocument,
  DocumentOf,
} from '../../core/configuration/model.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';
import { keepPaidExpiries } from './paid-expiry.ts';

export interface Merged<Table extends Named> {
  readonly document: DocumentOf<Table>;
  readonly problems: readonly DocumentProblem[];
  readonly warnings: readonly string[];
}

interface Named {
  readonly name: string;
}

export function mergeDocument<Table extends Named>(
  current: DocumentOf<Table>,
  input: DocumentOf<Table>,
  replace: boolean,
): Merged<Table> {
  const warnings: string[] = [];
  const accounts = keepPaidExpiries(
    current.accounts,
    keepOpeningBalances(current.accounts, input.accounts, warnings),
    warnings,
  );
  const base: DocumentOf<Table> = replace ? { ...emptyDocument(), rateTables: [] } : current;
  const document: DocumentOf<Table> = {
    parameters: { ...base.parameters, ...input.parameters },
    rateTemplates: byName(base.rateTemplates, input.rateTemplates),
    rateTables: byName(base.rateTables, input.rateTables),
    calendars: byName(base.calendars, input.calendars),
    periodRates: byName(base.periodRates, input.periodRates),
    packages: byName(base.packages, input.packages),
    accounts: byName(base.accounts, accounts),
    // A version that was stored before there were any has none.
    numberTransforms: byName(base.numberTransforms ?? [], input.numberTransforms ?? []),
    mobileAreas: byName(base.mobileAreas ?? [], input.mobileAreas ?? []),
    numberGroups: byName(base.numberGroups ?? [], input.numberGroups ?? []),
    // A version that was stored before there were groups has none.
    gatewayGroups: byName(base.gatewayGroups ?? [], input.gatewayGroups ?? []),
    mappingGateways: byName(base.mappingGateways, input.mappingGateways),
    routingGateways: byName(base.routingGateways, input.routingGateways),
  };
  return { document, problems: refuseLostMoney(current, document), warnings };
}

export function emptyDocument(): ConfigurationDocument {
  return {
    parameters: {},
    rateTemplates: [],
    rateTables: [],
    calendars: [],
    periodRates: [],
    packages: [],
    accounts: [],
    numberTransforms: [],
    mobileAreas: [],
    numberGroups: [],
    gatewayGroups: [],
    mappingGateways: [],
    routingGateways: [],
  };
}

/** An account that has money cannot be removed with it. */
export function refuseLostMoney(
  current: Pick<ConfigurationDocument, 'accounts'>,
  next: Pick<ConfigurationDocument, 'accounts'>,
): readonly DocumentProblem[] {
  const kept = new Set(next.accounts.map((account) => account.name));
  return current.accounts
    .filter((account) => !kept.has(account.name) && /[1-9]/.test(account.balance))
    .slice(0, problemsMax)
    .map(({ name, balance }) =>
      documentProblem(
        `accounts[${name}]`,
        undefined,
        `is missing, but has a balance of "${balance}"; expected accounts with money to stay`,
      ),
    );
}

function byName<Entity extends { readonly name: string }>(
  base: readonly Entity[],
  input: readonly Entity[],
): Entity[] {
  const merged = new Map(base.map((entity) => [entity.name, entity]));
  for (const entity of input) merged.set(entity.name, entity);
  return [...merged.values()];
}

/** `balance` opens an account; after that only payments and calls move it. */
function keepOpeningBalances(
  current: readonly AccountDocument[],
  input: readonly AccountDocument[],
  warnings: string[],
): AccountDocument[] {
  const known = new Map(current.map((account) => [account.name, account.balance]));
  return input.map((account, index) => {
    const balance = known.get(account.name);
    if (balance === undefined || balance === account.balance) return account;
    if (warnings.length < problemsMax) {
      warnings.push(
        `accounts[${index}].balance: "${account.balance}" has no effect: the account exists, its opening balance stays "${balance}"`,
      );
    }
    return { ...account, balance };
  });
}
