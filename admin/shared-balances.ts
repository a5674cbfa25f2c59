// Several nodes on one database: each admits calls against a balance of its own, so an account whose limit must
// hold is to name its node.
import type { AccountDocument } from '../core/configuration/model.ts';

const namesShown = 10;

export interface KnownNodes {
  /** Of nodes that changed the configuration. */
  readonly names: readonly string[];
  /** Shipped lately, one a node. */
  readonly logs: number;
}

/** A warning, or none. */
export function sharedBalances(
  accounts: readonly Pick<AccountDocument, 'name' | 'node' | 'creditLimit'>[],
  { names, logs }: KnownNodes,
): string[] {
  const nodes = new Set(names);
  for (const { node } of accounts) if (node !== undefined) nodes.add(node);
  if (nodes.size < 2 && logs < 2) return [];
  const shared = accounts.filter(
    ({ node, creditLimit }) => node === undefined && creditLimit !== 'unlimited',
  );
  if (shared.length === 0) return [];
  const shown = shared.slice(0, namesShown).map(({ name }) => name);
  const more = shared.length > namesShown ? ` and ${shared.length - namesShown} more` : '';
  return [
    `accounts[${shown.join(', ')}]${more}: each of several nodes on this database would spend the whole balance; expected node, the one that takes its calls`,
  ];
}
