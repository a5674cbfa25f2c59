// The package part of CDR log records as positional arrays, and back, where gift money has a part in the call: what
// it paid and what was counted, behind what was charged; what is held, behind the terms of an answer record. Calls
// without it have neither. Integers as in billing-values.ts.
import type { AgentFee, CallTerms, Cdr, HeldGiftMoney, SpentPeriod, Usage } from './cdr.ts';

type Integer = number | bigint;

/** Undefined where there is nothing to tell. */
export function giftMoneyValues({ giftFee, agentFees, packageUses }: Cdr): unknown[] | undefined {
  let isTold = giftFee !== 0n;
  for (let level = 0; level < agentFees.length; level++) {
    isTold ||= agentFees[level]!.giftFee !== 0n;
  }
  const ofMoney = packageUses?.filter(({ money }) => money !== 0n) ?? [];
  if (!isTold && ofMoney.length === 0) return undefined;
  return [
    giftFee,
    agentFees.map((agent) => agent.giftFee),
    ...ofMoney.flatMap(({ account, item, day, money }) => [account, item, day, money]),
  ];
}

export interface GiftMoney {
  readonly giftFee: bigint;
  readonly uses: readonly Usage[];
}

/** `values`: of giftMoneyValues, or nothing. Fills in what agents' gift money paid. */
export function giftMoneyOf(values: unknown, agentFees: readonly AgentFee[]): GiftMoney {
  if (!Array.isArray(values) || values.length < 2) return noGiftMoney;
  for (const [level, giftFee] of (values[1] as Integer[]).entries()) {
    const agent = agentFees[level];
    if (agent !== undefined) agent.giftFee = BigInt(giftFee);
  }
  const uses: Usage[] = [];
  for (let at = 2; at + 4 <= values.length; at += 4) {
    const [account, item, day, money] = values.slice(at, at + 4);
    uses.push({ account, item, day, seconds: 0, money: BigInt(money) });
  }
  return { giftFee: BigInt(values[0]), uses };
}

const noGiftMoney: GiftMoney = { giftFee: 0n, uses: [] };

/** Of the payers, in fours: place, item, day, and the money held; null where it is only counted. Undefined where there
 *  is nothing to tell. */
export function heldMoneyValues(terms: CallTerms | null): unknown[] | undefined {
  if (terms === null) return undefined;
  let values: unknown[] | undefined;
  for (let place = 0; place < terms.payers.length; place++) {
    const { giftMoney = noneHeld, spent = noneHeld } = terms.payers[place]!;
    if (giftMoney.length === 0 && spent.length === 0) continue;
    values ??= [];
    for (const { item, day, money } of giftMoney) values.push(place, item, day, money);
    for (const { item, day } of spent) values.push(place, item, day, null);
  }
  return values;
}

const noneHeld: readonly never[] = [];

/** `values`: of heldMoneyValues, or nothing. */
export function withHeldMoney(terms: CallTerms | null, values: unknown): CallTerms | null {
  if (terms === null || !Array.isArray(values)) return terms;
  const payers = terms.payers.map((payer, place) => {
    const giftMoney: HeldGiftMoney[] = [];
    const spent: SpentPeriod[] = [];
    for (let at = 0; at + 4 <= values.length; at += 4) {
      const [of, item, day, money] = values.slice(at, at + 4);
      if (of !== place) continue;
      if (money === null) spent.push({ item, day });
      else giftMoney.push({ item, day, money: BigInt(money) });
    }
    return {
      ...payer,
      ...(giftMoney.length > 0 ? { giftMoney } : {}),
      ...(spent.length > 0 ? { spent } : {}),
    };
  });
  return { ...terms, payers };
}
