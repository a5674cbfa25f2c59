// What routing may ask of billing: the price of a minute of a call, by a carrier and by the customer.
import type { BillingRules } from '../billing/billing-rules.ts';
import { isFree, ratedNumber } from '../billing/call-billing.ts';
import { accountMinutePrice, termsMinutePrice } from '../billing/minute-price.ts';
import type { MappingGateway, RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import type { Random32 } from '../number/dial-plan.ts';
import { calleeOutOf } from '../number/egress-numbers.ts';
import type { RouteQuestion } from '../routing/candidate-gateways.ts';
import type { CallBilling } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export type MinutePrice = RouteQuestion['minutePrice'];

/** The same function for all calls of a worker. */
export function createMinutePrice(
  environment: () => Pick<CallEnvironment, 'billing'>,
): MinutePrice {
  return (gateway, question) => vendorMinutePrice(environment().billing.rules, gateway, question);
}

/** A price is asked for before any number is drawn: where a dial plan takes a chance the first possibility counts,
 *  the same each time. The carrier that takes the call is paid by the number that left. */
const firstPossibility: Random32 = () => 0;

/** NaN: the carrier's account has no rate for the number, or a locked one. */
export function vendorMinutePrice(
  rules: BillingRules,
  gateway: RoutingGateway,
  question: RouteQuestion,
): number {
  const { snapshot, callee, at } = question;
  const number = gateway.rateCalleeOut
    ? calleeOutOf(snapshot, gateway, question, { at, random32: firstPossibility })
    : ratedNumber(callee, rules);
  return accountMinutePrice(snapshot, gateway.accountRow, number, at);
}

/** Of a call whose rates are found; NaN: nobody is charged for it. */
export function sellPrice(billing: CallBilling | null): number {
  if (billing === null || billing.free || billing.payers.length === 0) return Number.NaN;
  return termsMinutePrice(billing.payers[0]!.rate);
}

/** The same, for a call that is only asked about. */
export function customerMinutePrice(call: {
  readonly snapshot: Snapshot;
  readonly rules: BillingRules;
  readonly mapping: MappingGateway;
  readonly callee: string;
  readonly at: number;
}): number {
  const { snapshot, rules, mapping, callee, at } = call;
  if (mapping.account === null || isFree(callee, rules)) return Number.NaN;
  return accountMinutePrice(snapshot, mapping.accountRow, ratedNumber(callee, rules), at);
}
