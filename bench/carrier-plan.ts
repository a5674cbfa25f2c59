// Configurations with the carriers of a wholesale operator: many gateways, a share of the prefixes each, rates of
// their own, quality windows and least cost. The suites' own gateways stay in them, so that calls go on.

import type { PeerPorts } from './peers/system-under-test.ts';
import { type BenchDocument, benchDocument } from './peers/tandem.ts';
import { type DeckRandom, deckRandom, largeDeck } from './rate-deck.ts';

/** Carriers that take the suites' numbers, too, at a higher price. */
const rivals = 10;
const ratesPerCarrier = 500;

export interface CarrierPlan {
  readonly prefixes: number;
  readonly gateways: number;
  /** The first prefix; each next one is one more. */
  readonly from: number;
}

/** Every gateway a share of the numbers. */
export function carriers({ prefixes, gateways, from }: CarrierPlan): CarrierGateway[] {
  const own: string[][] = Array.from({ length: gateways }, () => []);
  for (let i = 0; i < prefixes; i++) own[i % gateways]!.push(String(from + i));
  return own.map((list, i) => ({
    name: `carrier-${i}`,
    address: `127.0.0.1:${20_000 + i}`,
    prefixes: list,
    priority: 5,
    lineLimit: 0,
    cpsLimit: 0,
  }));
}

interface CarrierGateway {
  readonly name: string;
  readonly address: string;
  readonly prefixes: string[];
  readonly priority: number;
  readonly lineLimit: number;
  readonly cpsLimit: number;
}

/** One way in and one way out: no rates, no quality windows, nothing to choose from. */
export function singleDocument(ports: PeerPorts): BenchDocument {
  const { parameters, mappingGateways } = benchDocument(ports);
  const answer = { name: 'answer', address: `127.0.0.1:${ports.answer}`, prefixes: ['44'] };
  return { parameters, mappingGateways, routingGateways: [answer] };
}

/** The suites' gateways alone, each with an account, a rate, quality windows and the order by price. */
export function pricedDocument(ports: PeerPorts): PricedDocument {
  const document = benchDocument(ports);
  return {
    parameters: {
      ...document.parameters,
      SS_GATEWAY_ASR_CALCULATE: 'On',
      SS_GATEWAY_ACD_CALCULATE: 'On',
      SS_GATEWAY_FEE_RATE_CALCULATE: 'On',
    },
    rateTables: [{ name: 'own', rates: [{ prefix: '', ratePerMinute: '0.001' }] }],
    accounts: [{ name: 'own', kind: 'clearing', rateTable: 'own' }],
    mappingGateways: document.mappingGateways.map((gateway) => ({
      ...gateway,
      firstRoutePolicy: 'rate',
      secondRoutePolicy: 'asr',
    })),
    routingGateways: document.routingGateways.map((gateway) => ({ ...gateway, account: 'own' })),
  };
}

export interface PricedDocument {
  readonly parameters: object;
  readonly rateTables: object[];
  readonly accounts: object[];
  readonly mappingGateways: object[];
  readonly routingGateways: object[];
}

/** The same with the carriers beside them. */
export function carrierDocument(ports: PeerPorts, plan: CarrierPlan): PricedDocument {
  const document = pricedDocument(ports);
  const random = deckRandom();
  for (const [index, gateway] of carriers(plan).entries()) {
    const { name } = gateway;
    document.rateTables.push({ name, rates: carrierRates(random) });
    document.accounts.push({ name, kind: 'clearing', rateTable: name });
    if (index < rivals) gateway.prefixes.push('44');
    document.routingGateways.push({ ...gateway, account: name });
  }
  return document;
}

/** None as cheap as the suites' own. */
function carrierRates(random: DeckRandom): object[] {
  const deck = largeDeck(ratesPerCarrier, random).map(({ prefix }) => ({
    prefix,
    ratePerMinute: `0.${1000 + random.below(9000)}`,
  }));
  return [{ prefix: '', ratePerMinute: '0.5' }, ...deck];
}
