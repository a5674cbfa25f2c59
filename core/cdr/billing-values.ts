// The billing part of CDR log records as positional arrays, and back: what was charged, in a CDR, and the
// terms by which a call is charged, in an answer record. A call that nobody pays for has neither. Amounts
// are 64-bit integers, never floats: the packer writes a bigint as such, readers give back a number or a
// bigint, and BigInt() makes one of both.
import type {
  AgentFee,
  BilledParty,
  CallTerms,
  Cdr,
  HeldGift,
  PartyTerms,
  RatedTerms,
  Usage,
} from './cdr.ts';
import { giftMoneyOf } from './gift-values.ts';

/** A value that repeats another one of its record. */
const same = 0;

/** What a CDR says of money: told as a whole or not at all. */
export type Charged = Pick<
  Cdr,
  | 'calleeBilling'
  | 'ratePrefix'
  | 'billedSeconds'
  | 'fee'
  | 'clearingBilledSeconds'
  | 'cost'
  | 'tax'
  | 'packageSeconds'
  | 'giftFee'
  | 'packageUses'
  | 'agentFees'
  | 'billedParty'
>;

/** Numbers are never used again. */
const partyCodes: readonly BilledParty[] = ['caller', 'callee', 'external'];

const noAgentFees: readonly AgentFee[] = [];

/** Undefined where there is nothing to tell. */
export function chargedValues(cdr: Cdr): unknown[] | undefined {
  if (cdr.billedParty === null && cdr.cost === null && cdr.calleeBilling === null) return undefined;
  const { agentFees } = cdr;
  const values: unknown[] = [
    cdr.calleeBilling === cdr.calleeAccess ? same : cdr.calleeBilling,
    cdr.ratePrefix,
    cdr.billedSeconds,
    cdr.fee,
    cdr.clearingBilledSeconds,
    cdr.cost,
    cdr.tax,
    packageValues(cdr),
    cdr.billedParty === null ? null : partyCodes.indexOf(cdr.billedParty),
  ];
  for (let level = 0; level < agentFees.length; level++) {
    const { account, fee, billedSeconds } = agentFees[level]!;
    values.push(account, fee, billedSeconds);
  }
  return values;
}

/** Seconds; with what they came of behind them, in fours, where there was anything. */
function packageValues({ packageSeconds, packageUses }: Cdr): number | unknown[] {
  if (packageUses === undefined) return packageSeconds;
  const ofSeconds = packageUses.filter(({ seconds }) => seconds > 0);
  if (ofSeconds.length === 0) return packageSeconds;
  const uses = ofSeconds.flatMap(({ account, item, day, seconds }) => [
    account,
    item,
    day,
    seconds,
  ]);
  return [packageSeconds, ...uses];
}

function packageUsesOf(values: unknown): Usage[] {
  const uses: Usage[] = [];
  if (!Array.isArray(values)) return uses;
  for (let at = 1; at + 4 <= values.length; at += 4) {
    const [account, item, day, seconds] = values.slice(at, at + 4);
    uses.push({ account, item, day, seconds, money: 0n });
  }
  return uses;
}

const chargedValueCount = 9;

/** `values`: of chargedValues, or nothing; `gifts`: of giftMoneyValues, or nothing. */
export function chargedOf(values: unknown, gifts: unknown, calleeAccess: string): Charged {
  if (!Array.isArray(values) || values.length < chargedValueCount) return nothingCharged;
  const agentFees: AgentFee[] = [];
  for (let at = chargedValueCount; at + 3 <= values.length; at += 3) {
    agentFees.push({
      account: values[at] as string,
      fee: BigInt(values[at + 1]),
      giftFee: 0n,
      billedSeconds: values[at + 2] as number,
    });
  }
  const ofSeconds = values[7];
  const { giftFee, uses } = giftMoneyOf(gifts, agentFees);
  const packageUses = [...packageUsesOf(ofSeconds), ...uses];
  return {
    calleeBilling: values[0] === same ? calleeAccess : (values[0] as string | null),
    ratePrefix: values[1] as string | null,
    billedSeconds: values[2] as number | null,
    fee: moneyOf(values[3]),
    clearingBilledSeconds: values[4] as number | null,
    cost: moneyOf(values[5]),
    tax: moneyOf(values[6]),
    packageSeconds: (Array.isArray(ofSeconds) ? ofSeconds[0] : ofSeconds) as number,
    giftFee,
    ...(packageUses.length > 0 ? { packageUses } : {}),
    agentFees: agentFees.length === 0 ? noAgentFees : agentFees,
    billedParty: values[8] === null ? null : (partyCodes[values[8] as number] ?? null),
  };
}

/** Of a call for which nobody pays. */
export const nothingCharged: Charged = {
  calleeBilling: null,
  ratePrefix: null,
  billedSeconds: null,
  fee: null,
  clearingBilledSeconds: null,
  cost: null,
  tax: null,
  packageSeconds: 0,
  giftFee: 0n,
  agentFees: noAgentFees,
  billedParty: null,
};

export function termsValues(terms: CallTerms | null): unknown[] | null {
  if (terms === null) return null;
  const { carryMs, freeSeconds, feeUnit, payers } = terms;
  const vendor = terms.vendor === null ? null : partyValues(terms.vendor);
  if (payers.length === 0) return [carryMs, freeSeconds, feeUnit, vendor];
  const values: unknown[] = [carryMs, freeSeconds, feeUnit, vendor, partyValues(payers[0]!)];
  for (let level = 1; level < payers.length; level++) values.push(partyValues(payers[level]!));
  return values;
}

const termsValueCount = 4;

export function termsOf(values: unknown): CallTerms | null {
  if (!Array.isArray(values) || values.length < termsValueCount) return null;
  return {
    carryMs: values[0] as number,
    freeSeconds: values[1] as number,
    feeUnit: BigInt(values[2]),
    vendor: values[3] === null ? null : partyOf(values[3] as PartyValues),
    payers: values.slice(termsValueCount).map((party) => partyOf(party as PartyValues)),
  };
}

type Integer = number | bigint;

type PartyValues = [
  account: string,
  /** 1: free of charge; or the gifts held: item, day, cycle and seconds of each, flat. */
  free: number | (string | number)[],
  prefix: string,
  price: Integer,
  perSeconds: number,
  connectionFee: Integer,
  firstIncrementSeconds: number,
  nextIncrementSeconds: number,
  taxPercent: Integer,
  /** Seconds and fee of each section, flat. */
  ...sections: Integer[],
];
const partyValueCount = 9;

function partyValues({ account, free, rate, gifts = [] }: PartyTerms): PartyValues {
  const held = gifts.flatMap(({ item, day, cycleSeconds, secondsLeft }) => [
    item,
    day,
    cycleSeconds,
    secondsLeft,
  ]);
  const values: PartyValues = [
    account,
    held.length > 0 ? held : free ? 1 : 0,
    rate.prefix,
    rate.price,
    rate.perSeconds,
    rate.connectionFee,
    rate.firstIncrementSeconds,
    rate.nextIncrementSeconds,
    rate.taxPercent,
  ];
  for (let place = 0; place < rate.sections.length; place++) {
    values.push(rate.sections[place]!.seconds, rate.sections[place]!.fee);
  }
  return values;
}

function partyOf(values: PartyValues): PartyTerms {
  const sections: RatedTerms['sections'][number][] = [];
  for (let at = partyValueCount; at + 2 <= values.length; at += 2) {
    sections.push({ seconds: Number(values[at]), fee: BigInt(values[at + 1] as Integer) });
  }
  return {
    account: values[0],
    free: values[1] === 1,
    ...(Array.isArray(values[1]) ? { gifts: giftsOf(values[1]) } : {}),
    rate: {
      prefix: values[2],
      price: BigInt(values[3]),
      perSeconds: values[4],
      connectionFee: BigInt(values[5]),
      firstIncrementSeconds: values[6],
      nextIncrementSeconds: values[7],
      sections,
      taxPercent: BigInt(values[8]),
    },
  };
}

function giftsOf(values: readonly (string | number)[]): HeldGift[] {
  const gifts: HeldGift[] = [];
  for (let at = 0; at + 4 <= values.length; at += 4) {
    const item = values[at] as string;
    const [day, cycleSeconds, secondsLeft] = values.slice(at + 1, at + 4).map(Number);
    gifts.push({
      item,
      day: day!,
      packageName: item,
      gift: at / 4,
      cycleSeconds: cycleSeconds!,
      secondsLeft: secondsLeft!,
    });
  }
  return gifts;
}

function moneyOf(value: unknown): bigint | null {
  return value === null ? null : BigInt(value as Integer);
}
