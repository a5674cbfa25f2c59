// What the parts of a whole document owe each other: names referred to exist and fit, no two gateways
// claim one address with one priority, and the whole stays within its limits. Runs on the document that
// would be in force, after merging.
import type { Listener } from '../../core/call/local-identity.ts';
import {
  accountsMax,
  addressesMax,
  gatewaysMax,
  prefixesMax,
  ratesMax,
  rateTablesMax,
} from '../../core/configuration/limits.ts';
import type { AccountDocument } from '../../core/configuration/model.ts';
import { checkBilling } from './billing-checks.ts';
import { addressKeyOf } from './compile-addresses.ts';
import { routingTarget } from './compile-gateways.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';
import type { CollectionName } from './document-schema.ts';
import { checkNumbers } from './number-checks.ts';
import { unreachableReason } from './reachability.ts';
import { checkRouting } from './routing-checks.ts';
import type { RatesOf, StoredDocument } from './stored-document.ts';

type AccountKinds = readonly AccountDocument['kind'][];
/** Whose account a mapping gateway may have, and whose a routing gateway. */
const payers: AccountKinds = ['customer', 'agent'];
const payees: AccountKinds = ['clearing'];

export interface DocumentFindings {
  readonly problems: readonly DocumentProblem[];
  /** Accepted, but probably not meant. */
  readonly warnings: readonly string[];
}

/** `input`: the document as it was handed in, to name entities by their place in it. */
export function checkDocument(
  document: StoredDocument,
  input: StoredDocument,
  ratesOf: RatesOf,
): DocumentFindings {
  const problems: DocumentProblem[] = [];
  const warnings: string[] = [];
  checkLimits(document, problems);
  const place = placesIn(input);
  const accounts = new Map(document.accounts.map((account) => [account.name, account]));
  for (const gateway of document.mappingGateways) {
    const path = `${place('mappingGateways', gateway.name)}.account`;
    checkAccount(path, gateway.account, accounts, { kinds: payers, problems });
  }
  for (const gateway of document.routingGateways) {
    const path = `${place('routingGateways', gateway.name)}.account`;
    checkAccount(path, gateway.account, accounts, { kinds: payees, problems });
  }
  checkAddresses(document, place, problems);
  checkRouting(document, place, problems);
  checkBilling(document, place, { problems, warnings }, ratesOf);
  checkNumbers(document, place, problems);
  return { problems, warnings };
}

/** Where an entity stands, for messages. */
export type PlaceOf = (collection: CollectionName, name: string) => string;

const placed = [
  'periodRates',
  'accounts',
  'numberTransforms',
  'mobileAreas',
  'numberGroups',
  'mappingGateways',
  'routingGateways',
] as const;

/** "routingGateways[2]" where it stands in the input, else "routingGateways[carrier-a]". */
function placesIn(input: StoredDocument): PlaceOf {
  const places = new Map<string, number>();
  for (const collection of placed) {
    for (const [index, entity] of (input[collection] ?? []).entries()) {
      places.set(`${collection} ${entity.name}`, index);
    }
  }
  return (collection, name) => `${collection}[${places.get(`${collection} ${name}`) ?? name}]`;
}

function checkLimits(document: StoredDocument, problems: DocumentProblem[]): void {
  const { mappingGateways, routingGateways, rateTables } = document;
  const groups = document.gatewayGroups?.length ?? 0;
  const gateways = mappingGateways.length + routingGateways.length + groups;
  const rates = rateTables.reduce((sum, table) => sum + table.count, 0);
  const prefixes = routingGateways.reduce((sum, gateway) => sum + gateway.prefixes.length, 0);
  const addresses = mappingGateways.reduce((sum, gateway) => sum + gateway.addresses.length, 0);
  const limits: [string, string, number, number][] = [
    [
      'routingGateways',
      'mapping and routing gateways and gateway groups in all',
      gateways,
      gatewaysMax,
    ],
    ['accounts', 'accounts', document.accounts.length, accountsMax],
    ['rateTables', 'rate tables', rateTables.length, rateTablesMax],
    ['rateTables', 'rates in all rate tables', rates, ratesMax],
    ['routingGateways', 'prefixes of all routing gateways', prefixes, prefixesMax],
    ['mappingGateways', 'addresses of all mapping gateways', addresses, addressesMax],
  ];
  for (const [path, what, count, max] of limits) {
    if (count <= max) continue;
    problems.push(
      documentProblem(path, count, `is the number of ${what}; expected at most ${max}`),
    );
  }
}

function checkAccount(
  path: string,
  name: string | undefined,
  accounts: ReadonlyMap<string, AccountDocument>,
  expectation: { readonly kinds: AccountKinds; readonly problems: DocumentProblem[] },
): void {
  if (name === undefined || expectation.problems.length >= problemsMax) return;
  const account = accounts.get(name);
  const kinds = expectation.kinds.join(' or ');
  if (account === undefined) {
    const reason = `is no account that exists; expected the name of a ${kinds} account`;
    expectation.problems.push(documentProblem(path, name, reason));
  } else if (!expectation.kinds.includes(account.kind)) {
    const article = account.kind === 'agent' ? 'an' : 'a';
    const reason = `is the name of ${article} ${account.kind} account; expected a ${kinds} account`;
    expectation.problems.push(documentProblem(path, name, reason));
  }
}

/** Where addresses are shared, tech prefix and priority decide; equal ones would leave it to the alphabet. */
function checkAddresses(
  document: StoredDocument,
  place: PlaceOf,
  problems: DocumentProblem[],
): void {
  const owners = new Map<string, string>();
  for (const gateway of document.mappingGateways) {
    for (const [index, address] of gateway.addresses.entries()) {
      const key = `${addressKeyOf(address)} ${gateway.priority} ${gateway.techPrefix ?? ''}`;
      const owner = owners.get(key);
      owners.set(key, gateway.name);
      if (owner === undefined || problems.length >= problemsMax) continue;
      const reason =
        owner === gateway.name
          ? 'is in this list already; expected each address once'
          : `is an address of mapping gateway ${JSON.stringify(owner)} with the same priority; expected another priority, tech prefix or address`;
      const path = `${place('mappingGateways', gateway.name)}.addresses[${index}]`;
      problems.push(documentProblem(path, address, reason));
    }
  }
}

/** Not refused: the sockets are the node file's, and may follow. */
export function unreachableWarnings(
  document: Pick<StoredDocument, 'routingGateways'>,
  listeners: readonly Listener[] | undefined,
): string[] {
  const warnings: string[] = [];
  if (listeners === undefined) return warnings;
  for (const gateway of document.routingGateways) {
    if (gateway.locked) continue;
    if (warnings.length >= problemsMax) break;
    const { localIp } = gateway;
    const reason = unreachableReason({ ...routingTarget(gateway), localIp }, listeners);
    if (reason === undefined) continue;
    const { name, address } = gateway;
    warnings.push(`routing gateway ${JSON.stringify(name)} (${address}): ${reason}; calls skip it`);
  }
  return warnings;
}
