// The routing gateways that could take a call, in the order in which they are tried. A gateway is a candidate
// once, under its longest prefix. Protect routes are a list of their own, in the same order.
import { routingGatewayAt } from '../configuration/open-snapshot.ts';
import {
  type MappingGateway,
  RoutingFlag,
  type RoutingGateway,
  type Snapshot,
} from '../configuration/snapshot.ts';
import {
  gatewayCountOf,
  gatewayRowOf,
  longestPrefix,
  prefixLengthOf,
  shorterPrefix,
} from '../number/prefix-table.ts';
import { orderPlan } from './gateway-order.ts';
import { listRefusal, priceRefusal, rateMissing } from './gateway-permits.ts';
import {
  type Candidate,
  candidatesMax,
  consideredMax,
  GatewayRanking,
  type KeysTrace,
  type RankingInput,
} from './gateway-ranking.ts';

export interface RouteQuestion extends RankingInput {
  readonly mapping: MappingGateway;
  /** A byte string, after the ingress dial plan. */
  readonly callee: string;
  /** A call for help, which no price stops. */
  readonly emergency: boolean;
  /** Price of a minute of this call by a gateway, in units of money; NaN: not known. */
  readonly minutePrice: (gateway: RoutingGateway, question: RouteQuestion) => number;
  /** What the customer pays for a minute; NaN: nobody does. */
  readonly sellPrice: number;
}

export interface Routes {
  readonly normal: readonly Candidate[];
  readonly protect: readonly Candidate[];
  /** There are more normal ones. */
  readonly cut: boolean;
  /** Some gateway was left out for its price. */
  readonly priceLimited: boolean;
}

/** Told of all that a call does not keep. */
export interface RouteTrace {
  readonly found: (gateway: RoutingGateway, prefixLength: number, minutePrice: number) => void;
  readonly leftOut: (
    gateway: RoutingGateway,
    prefixLength: number,
    left: { readonly reason: string; readonly minutePrice: number },
  ) => void;
  readonly keys: KeysTrace;
}

const noCandidates: readonly Candidate[] = [];

/** One question at a time: used again for every call. */
const normal = new GatewayRanking();
const protect = new GatewayRanking();
/** By row of the gateway: the number of the last question that met it. */
let met = new Uint32Array(0);
let questions = 0;

/** `most`: of each list. */
export function candidateGateways(
  question: RouteQuestion,
  trace?: RouteTrace,
  most: number = candidatesMax,
): Routes {
  const { snapshot, mapping } = question;
  const plan = orderPlan(snapshot, mapping);
  const hasProtect = (snapshot.routingFlags & RoutingFlag.protect) !== 0;
  const hasLimit = !question.emergency && hasPriceLimit(snapshot, mapping);
  const search: Search = {
    question,
    trace,
    hasLimit,
    needsPrice: plan.priced || hasLimit,
    priceLimited: false,
  };
  normal.clear();
  protect.clear();
  collect(search);
  const kept = { most, trace: trace?.keys };
  return {
    normal: normal.rank(question, plan, kept),
    protect: hasProtect ? protect.rank(question, plan, kept) : noCandidates,
    cut: normal.count > most,
    priceLimited: search.priceLimited,
  };
}

interface Search {
  readonly question: RouteQuestion;
  readonly trace: RouteTrace | undefined;
  readonly hasLimit: boolean;
  readonly needsPrice: boolean;
  priceLimited: boolean;
}

function collect(search: Search): void {
  const { snapshot, callee } = search.question;
  const table = snapshot.prefixes;
  beginQuestion(snapshot.routingGateways.rows.length / 2);
  for (let entry = longestPrefix(table, callee); entry >= 0; entry = shorterPrefix(table, entry)) {
    const count = gatewayCountOf(table, entry);
    const prefixLength = prefixLengthOf(table, entry);
    for (let index = 0; index < count; index++) {
      const row = gatewayRowOf(table, entry, index);
      // Rows are in list order, locked gateways last.
      if (row >= snapshot.unlockedRoutingRows && search.trace === undefined) break;
      consider(search, row, prefixLength);
    }
  }
}

function consider(search: Search, row: number, prefixLength: number): void {
  const { question, trace } = search;
  const gateway = routingGatewayAt(question.snapshot, row);
  const list = gateway.protect ? protect : normal;
  let refusal = refusalOf(question, gateway, row, list);
  let price = Number.NaN;
  // Whoever asks why is told the price of each.
  const isPriced = search.needsPrice || gateway.rateRequired;
  if ((refusal === undefined && isPriced) || trace !== undefined) {
    price = gateway.account === null ? 0 : question.minutePrice(gateway, question);
    refusal ??= refusalByPrice(search, gateway, price);
  }
  if (refusal !== undefined) {
    trace?.leftOut(gateway, prefixLength, { reason: refusal, minutePrice: price });
    return;
  }
  trace?.found(gateway, prefixLength, price);
  list.add(gateway, prefixLength, price);
}

function refusalByPrice(
  search: Search,
  gateway: RoutingGateway,
  price: number,
): string | undefined {
  const { question, hasLimit } = search;
  if (gateway.rateRequired && Number.isNaN(price) && !question.emergency) return rateMissing;
  if (!hasLimit) return undefined;
  const refusal = priceRefusal(question.mapping, gateway, price, question.sellPrice);
  search.priceLimited ||= refusal !== undefined;
  return refusal;
}

function refusalOf(
  { snapshot, mapping }: RouteQuestion,
  gateway: RoutingGateway,
  row: number,
  list: GatewayRanking,
): string | undefined {
  const known = met[row] === questions;
  met[row] = questions;
  if (row >= snapshot.unlockedRoutingRows) return 'locked';
  if (known) return 'has a longer prefix that matches';
  if (list.count === consideredMax) return `more than ${consideredMax} gateways match`;
  return listRefusal(mapping, gateway);
}

/** Whether prices can rule a gateway out for calls of this mapping gateway. */
export function hasPriceLimit(snapshot: Snapshot, mapping: MappingGateway): boolean {
  if ((snapshot.routingFlags & RoutingFlag.priceLimit) !== 0) return true;
  return mapping.minProfit !== null || mapping.maxMinutePrice >= 0;
}

function beginQuestion(rows: number): void {
  questions = (questions + 1) >>> 0;
  if (met.length < rows || questions === 0) {
    met = new Uint32Array(rows);
    questions = 1;
  }
}
