// Configurations of one mapping gateway and some routing gateways, and the order in which those are tried.
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import type { RouteQuestion } from '../../core/routing/candidate-gateways.ts';
import { candidatesOf, stateOf } from './route-question.ts';
import { snapshotOf } from './snapshot-of.ts';

export function gateway(name: string, fields: object = {}): object {
  return { name, address: '192.0.2.1', prefixes: ['44'], account: 'seller', ...fields };
}

export interface Settings {
  parameters?: object;
  mapping?: object;
  calendars?: object[];
}

export function routes(
  gateways: object[],
  { parameters, mapping, calendars }: Settings = {},
): Snapshot {
  return snapshotOf({
    ...(parameters === undefined ? {} : { parameters }),
    ...(calendars === undefined ? {} : { calendars }),
    accounts: [{ name: 'seller', kind: 'clearing' }],
    mappingGateways: [{ name: 'in', addresses: ['192.0.2.1'], ...mapping }],
    routingGateways: gateways,
  });
}

export type Readings = Parameters<typeof stateOf>[1];

export function order(
  snapshot: Snapshot,
  readings: Readings = {},
  fields: Partial<RouteQuestion> = {},
): string {
  const state = stateOf(snapshot, readings);
  return candidatesOf(snapshot, '442079', { state, ...fields })
    .map((candidate) => candidate.gateway.name)
    .join(' ');
}

export function prices(named: Record<string, number>): RouteQuestion['minutePrice'] {
  return ({ name }) => named[name] ?? Number.NaN;
}
