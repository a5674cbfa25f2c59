// What routing may ask of billing: the price of a minute of a call, by a carrier and by the customer.
import type { BillingRules } from '../billing/billing-rules.ts';
import { ratedNumber } from '../billing/call-billing.ts';
import { accountMinutePrice, termsMinutePrice } from '../billing/minute-price.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
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

/** NaN: the carrier's account has no rate for the number, or a locked one. */
export function vendorMinutePrice(
  rules: BillingRules,
  gateway: RoutingGateway,
  { snapshot, callee, at }: RouteQuestion,
): number {
  const number = gateway.rateCalleeOut ? gateway.calleePrefix + callee : ratedNumber(callee, rules);
  return accountMinutePrice(snapshot, gateway.accountRow, number, at);
}

/** Of a call whose rates are found; NaN: nobody is charged for it. */
export function sellPrice(billing: CallBilling | null): number {
  if (billing === null || billing.free || billing.payers.length === 0) return Number.NaN;
  return termsMinutePrice(billing.payers[0]!.rate);
}
