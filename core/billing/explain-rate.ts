// The price of a call and how it came about (`tandem rate`), by the functions that calls are charged with.
// Changes nothing. Texts in and out are people's text; inside they are byte strings.
import { byteStringOf, textOfByteString } from '../bytes/utf8-text.ts';
import { accountRowByName, packageAt } from '../configuration/open-billing.ts';
import type { Account, Snapshot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { moneyText } from '../money.ts';
import { type BillingRules, billingRules } from './billing-rules.ts';
import {
  type BillingState,
  type CallCharges,
  chargeCall,
  findPayers,
  findVendor,
  isFree,
  type Payer,
  ratedNumber,
} from './call-billing.ts';
import type { Charge } from './charge.ts';
import { fullPackages, giftSecondsMax } from './gifts.ts';
import { holdSeconds } from './hold-time.ts';
import { billedTime } from './price.ts';
import type { LookedIn } from './rate-lookup.ts';
import type { RateTerms } from './rate-terms.ts';

export interface RateRequest {
  /** Name of an account of any kind. */
  readonly account: string;
  /** As it is after the ingress dial plan. */
  readonly callee: string;
  /** From answer to end. */
  readonly holdMs: number;
  /** Start of the call, ms since 1970. */
  readonly at: number;
  /** Name of the account that the carrier is paid through: adds what the call costs, and the profit. */
  readonly clearingAccount?: string | undefined;
  /** As the carrier is sent it, where it is rated by that number (`rateCalleeOut`). */
  readonly calleeOut?: string | undefined;
}

export interface RateStep {
  readonly step: string;
  readonly result: string;
}

export interface AgentFee {
  readonly account: string;
  readonly fee: string;
  /** The part of the fee that gift money pays. */
  readonly giftMoney: string;
  readonly billedSeconds: number;
  readonly ratePrefix: string;
}

/** Null is what a refused call does not have. */
export interface RateExplanation {
  readonly configurationVersion: number;
  readonly account: string;
  readonly calleeBilling: string;
  readonly startedAt: string;
  readonly holdSeconds: number;
  /** All that the account pays, tax included. */
  readonly fee: string | null;
  readonly tax: string | null;
  readonly billedSeconds: number | null;
  readonly packageSeconds: number | null;
  /** The part of the fee that gift money pays. */
  readonly giftMoney: string | null;
  readonly connectionFee: string | null;
  readonly rateTable: string | null;
  readonly ratePrefix: string | null;
  readonly agentFees: readonly AgentFee[];
  /** What the clearing account is charged; null too where none was named, or it has no rate. */
  readonly cost: string | null;
  readonly clearingBilledSeconds: number | null;
  readonly clearingRatePrefix: string | null;
  /** `fee` less `cost`. */
  readonly profit: string | null;
  readonly endReason: string | null;
  readonly sipCode: number | null;
  readonly steps: readonly RateStep[];
}

/** A text where the request names an account that does not exist: for the person who asked. */
export function explainRate(snapshot: Snapshot, request: RateRequest): RateExplanation | string {
  const row = accountRowByName(snapshot, request.account);
  if (row < 0) return unknownAccount('account', request.account);
  const { clearingAccount } = request;
  const clearingRow =
    clearingAccount === undefined ? -1 : accountRowByName(snapshot, clearingAccount);
  if (clearingAccount !== undefined && clearingRow < 0) {
    return unknownAccount('clearingAccount', clearingAccount);
  }
  const rules = billingRules(snapshot.parameters);
  const callee = byteStringOf(request.callee);
  const steps: RateStep[] = [numberStep(callee, rules)];
  const state: BillingState = {
    snapshot,
    rules,
    packagesOf: (account) => fullPackages(snapshot.billing, account, request.at),
    trace: (account, looked) => steps.push(lookupStep(account, looked)),
  };
  const payers = findPayers(state, row, { callee, at: request.at });
  const told = {
    configurationVersion: snapshot.version,
    account: request.account,
    calleeBilling: textOfByteString(ratedNumber(callee, rules)),
    startedAt: new Date(request.at).toISOString(),
    holdSeconds: holdSeconds(request.holdMs, rules),
  };
  steps.push(holdStep(request.holdMs, rules));
  if ('sipCode' in payers) return { ...told, ...refused(payers, steps) };
  const vendor = clearingRow < 0 ? null : vendorOf(state, clearingRow, request);
  const paid = vendor === null || 'sipCode' in vendor ? null : vendor;
  const all = chargeCall(payers, paid, request.holdMs, { rules });
  const charges = all.payers;
  for (const [place, payer] of payers.entries()) {
    steps.push(...packageSteps(snapshot, payer.account, request.at));
    steps.push(...chargeSteps(payer, charges[place]!, told.holdSeconds, rules));
  }
  if (paid !== null) {
    steps.push(...chargeSteps(paid, all.vendor!, told.holdSeconds, rules));
    const fees = `${moneyText(charges[0]!.fee)} less ${moneyText(all.vendor!.fee)}`;
    steps.push({ step: 'profit', result: `${fees}: ${moneyText(all.profit)}` });
  } else if (vendor !== null) {
    steps.push({ step: `${clearingAccount}: rate`, result: (vendor as EndReason).key });
  }
  return { ...told, ...charged(payers, charges, steps), ...cleared(paid, all) };
}

function unknownAccount(field: string, name: string): string {
  return `${field}: ${JSON.stringify(name)}: expected the name of an account`;
}

function vendorOf(
  state: BillingState,
  row: number,
  { callee, calleeOut, at }: RateRequest,
): Payer | EndReason {
  const out = calleeOut === undefined ? undefined : byteStringOf(calleeOut);
  return findVendor(state, row, { callee: byteStringOf(callee), at }, out);
}

function cleared(
  paid: Payer | null,
  { vendor, profit }: CallCharges,
): Pick<RateExplanation, keyof typeof nothingCleared> {
  if (paid === null || vendor === null) return nothingCleared;
  return {
    cost: moneyText(vendor.fee),
    clearingBilledSeconds: vendor.billedSeconds,
    clearingRatePrefix: textOfByteString(paid.terms.rate.prefix),
    profit: moneyText(profit),
  };
}

const nothingCleared = {
  cost: null,
  clearingBilledSeconds: null,
  clearingRatePrefix: null,
  profit: null,
};

function refused(
  reason: EndReason,
  steps: readonly RateStep[],
): Omit<RateExplanation, keyof ToldOfCall> {
  return {
    fee: null,
    tax: null,
    billedSeconds: null,
    packageSeconds: null,
    giftMoney: null,
    connectionFee: null,
    rateTable: null,
    ratePrefix: null,
    agentFees: [],
    ...nothingCleared,
    endReason: reason.key,
    sipCode: reason.sipCode,
    steps: [...steps, { step: 'outcome', result: reason.key }],
  };
}

type ToldOfCall = Pick<
  RateExplanation,
  'configurationVersion' | 'account' | 'calleeBilling' | 'startedAt' | 'holdSeconds'
>;

function charged(
  payers: readonly Payer[],
  charges: readonly Charge[],
  steps: readonly RateStep[],
): Omit<RateExplanation, keyof ToldOfCall | keyof typeof nothingCleared> {
  const { rate } = payers[0]!.terms;
  const charge = charges[0]!;
  return {
    fee: moneyText(charge.fee),
    tax: moneyText(charge.tax),
    billedSeconds: charge.billedSeconds,
    packageSeconds: charge.packageSeconds,
    giftMoney: moneyText(charge.fee - charge.fromBalance),
    connectionFee: moneyText(rate.connectionFee),
    rateTable: rate.rateTable,
    ratePrefix: textOfByteString(rate.prefix),
    agentFees: payers.slice(1).map(({ account, terms }, place) => ({
      account: account.name,
      fee: moneyText(charges[place + 1]!.fee),
      giftMoney: moneyText(charges[place + 1]!.fee - charges[place + 1]!.fromBalance),
      billedSeconds: charges[place + 1]!.billedSeconds,
      ratePrefix: textOfByteString(terms.rate.prefix),
    })),
    endReason: null,
    sipCode: null,
    steps,
  };
}

function numberStep(callee: string, rules: BillingRules): RateStep {
  const rated = textOfByteString(ratedNumber(callee, rules));
  const cut = rules.ignoredDigits > 0 ? `, without the first ${rules.ignoredDigits}` : '';
  return { step: 'number', result: `${rated}${cut}${isFree(callee, rules) ? ', free' : ''}` };
}

function lookupStep(account: Account, { source, rateTable, prefix }: LookedIn): RateStep {
  const found = prefix === null ? 'no rate in effect' : `prefix "${textOfByteString(prefix)}"`;
  return { step: `${account.name}: ${source} rates`, result: `${rateTable}: ${found}` };
}

function holdStep(holdMs: number, rules: BillingRules): RateStep {
  const free = rules.freeSeconds > 0 ? ` less ${rules.freeSeconds} s free` : '';
  const seconds = holdSeconds(holdMs, rules);
  return { step: 'hold time', result: `${holdMs / 1000} s${free}: ${seconds} s` };
}

/** On what the packages in force depend, beyond what is told of their use. */
function packageSteps({ billing }: Snapshot, account: Account, at: number): RateStep[] {
  const steps: RateStep[] = [];
  for (const order of account.packages) {
    if (at < order.startsAt || at >= order.expiresAt) continue;
    const { name, period, rentFee, lowerConsumption } = packageAt(billing, order.package);
    const terms: string[] = [];
    if (rentFee > 0n) {
      terms.push(`its rent of ${moneyText(rentFee)} ${rentTimes[period]} is paid`);
    }
    if (lowerConsumption > 0n) terms.push(`${moneyText(lowerConsumption)} is spent in the period`);
    if (terms.length === 0) continue;
    const result = `${name} counts once ${terms.join(' and ')}`;
    steps.push({ step: `${account.name}: package`, result });
  }
  return steps;
}

const rentTimes = { day: 'a day', month: 'a month', year: 'a year', once: 'once' } as const;

function chargeSteps(
  { account, terms }: Payer,
  charge: Charge,
  seconds: number,
  rules: BillingRules,
): RateStep[] {
  const { rate } = terms;
  const of = (step: string, result: string): RateStep => ({
    step: `${account.name}: ${step}`,
    result,
  });
  const steps = [of('rate', rateText(rate))];
  const hasGifts = terms.gifts.length > 0 || terms.giftMoney.length > 0;
  if (hasGifts && !terms.free && seconds > giftSecondsMax) {
    const hour = `free seconds for ${giftSecondsMax} s of a call, in whole cycles`;
    steps.push(of('packages', `${hour}; gift money for what is left of them`));
  }
  for (const { packageName, gift, seconds: used } of charge.giftUses) {
    steps.push(of('package seconds', `${used} s of ${packageName}, gift ${gift + 1}`));
  }
  const rest = seconds - charge.packageSeconds;
  if (!terms.free && rest > 0) {
    steps.push(of('increments', incrementsText(rate, rest)));
    steps.push(of('connection fee', moneyText(rate.connectionFee)));
    steps.push(of('tax', `${moneyText(charge.tax)} (${moneyText(rate.taxPercent)} %)`));
  }
  for (const { packageName, money } of charge.giftMoneyUses) {
    steps.push(of('gift money', `${moneyText(money)} of ${packageName}`));
  }
  const unit = moneyText(rules.feeUnit);
  steps.push(of('total', `${moneyText(charge.fee)}, rounded half up to ${unit}`));
  return steps;
}

function rateText(rate: RateTerms): string {
  const per = rate.perSeconds === 60 ? 'a minute' : `for ${rate.perSeconds} s`;
  const area = rate.area === '' ? '' : `, ${rate.area}`;
  const since = rate.effectiveAt === 0 ? '' : `, from ${instantText(rate.effectiveAt)}`;
  const until = rate.expiresAt === 0 ? '' : `, until ${instantText(rate.expiresAt)}`;
  return `${moneyText(rate.price)} ${per}${area}${since}${until}`;
}

function incrementsText(rate: RateTerms, seconds: number): string {
  const time = billedTime(rate, seconds);
  const { nextIncrementSeconds: next } = rate;
  if (time.sectionsEntered === 0) {
    return `${seconds} s by ${rate.firstIncrementSeconds}/${next}: ${time.billedSeconds} s`;
  }
  const fees = moneyText(time.sectionFees);
  return `${seconds} s: ${time.sectionsEntered} sections for ${fees}, then ${time.timedSeconds} s by ${next}: ${time.billedSeconds} s`;
}

function instantText(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
