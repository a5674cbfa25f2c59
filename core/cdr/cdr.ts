// The call detail record, with the names that `tandem cdr`, the API and the tables use. Times are
// milliseconds since 1970 UTC here and ISO 8601 at the edges.

export type EndedBy = 'caller' | 'callee' | 'server';

export interface CdrAttempt {
  gateway: string;
  /** Call-ID of that leg. */
  callId: string;
  /** Final code of the attempt; 0 when none came. */
  sipCode: number;
  endReason: string;
  startedAt: number;
  tookMs: number;
}

/** What a call has used of something that an account has for a day or a longer period. */
export interface Usage {
  readonly account: string;
  /** Its name in the ledger. */
  readonly item: string;
  /** First day of the period, since 1970, in the zone that it is counted by. */
  readonly day: number;
  readonly seconds: number;
  /** Units of 10^-8. */
  readonly money: bigint;
}

/** Free seconds of a package that a call holds. */
export interface HeldGift {
  readonly item: string;
  readonly day: number;
  readonly packageName: string;
  /** Place among those of the package. */
  readonly gift: number;
  /** Used in whole multiples of this. */
  readonly cycleSeconds: number;
  readonly secondsLeft: number;
}

/** Gift money of a package that a call holds, or has used. */
export interface HeldGiftMoney {
  readonly item: string;
  readonly day: number;
  /** Units of 10^-8. */
  readonly money: bigint;
}

/** Where what the call costs the balance of a payer is counted. */
export interface SpentPeriod {
  readonly item: string;
  readonly day: number;
}

/** What one agent above the account paid for the call. */
export interface AgentFee {
  account: string;
  /** Units of money (10^-8), as all amounts here. */
  fee: bigint;
  /** The part of `fee` that gift money of his packages paid. */
  giftFee: bigint;
  billedSeconds: number;
}

export type BilledParty = 'caller' | 'callee' | 'external';

export interface Cdr {
  id: string;
  callId: string;
  node: string;
  startedAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number;
  holdTimeMs: number;
  /** INVITE to the first 18x or 2xx; null when neither came. */
  pddMs: number | null;
  mappingGateway: string;
  routingGateway: string | null;
  calleeCallId: string | null;
  attempts: CdrAttempt[];
  callerAccess: string;
  calleeAccess: string;
  callerOut: string | null;
  calleeOut: string | null;
  /** The number by which the call was rated, a byte string; null where nothing was rated. */
  calleeBilling: string | null;
  account: string | null;
  ratePrefix: string | null;
  billedSeconds: number | null;
  /** The price of the call for the account, `tax` included. */
  fee: bigint | null;
  clearingAccount: string | null;
  clearingBilledSeconds: number | null;
  /** What the clearing account lost; null where the gateway is not billed. */
  cost: bigint | null;
  tax: bigint | null;
  packageSeconds: number;
  /** The part of `fee` that gift money of packages paid; the balance lost the rest. */
  giftFee: bigint;
  /** What the call counts for packages of all payers; in the log alone. */
  packageUses?: readonly Usage[];
  /** Nearest agent first. */
  agentFees: readonly AgentFee[];
  /** Null: nobody was asked to pay. */
  billedParty: BilledParty | null;
  configurationVersion: number;
  /** A key of core/end-reason.ts. */
  endReason: string;
  endedBy: EndedBy;
  sipCode: number;
  /** "address:port" (IPv6 in brackets). */
  callerAddress: string;
  calleeAddress: string | null;
}

/** What is needed to send a BYE on one leg after a crash (RFC 3261 12.2.1.1). */
export interface DialogRecord {
  transport: number;
  listener: number;
  /** Where the request goes. */
  address: string;
  port: number;
  callId: string;
  /** From and To values of our requests, tags included. */
  local: string;
  remote: string;
  remoteTarget: string;
  /** Complete Route header lines, or ''. */
  routes: string;
  /** The last CSeq we used in this dialog. */
  localSeq: number;
}

/** The part of a rate that makes a price. */
export interface RatedTerms {
  readonly prefix: string;
  readonly price: bigint;
  readonly perSeconds: number;
  readonly connectionFee: bigint;
  readonly firstIncrementSeconds: number;
  readonly nextIncrementSeconds: number;
  readonly sections: readonly { readonly seconds: number; readonly fee: bigint }[];
  readonly taxPercent: bigint;
}

/** What an account pays for the call, as it was fixed at the start. */
export interface PartyTerms {
  readonly account: string;
  /** The rate is only told. */
  readonly free: boolean;
  readonly rate: RatedTerms;
  /** In the order of use; what they cover costs nothing. */
  readonly gifts?: readonly HeldGift[];
  /** In the order of use; pays before the balance. */
  readonly giftMoney?: readonly HeldGiftMoney[];
  readonly spent?: readonly SpentPeriod[];
}

/** All that charging a call needs, so that it can be charged after a crash without any table. */
export interface CallTerms {
  readonly carryMs: number;
  readonly freeSeconds: number;
  readonly feeUnit: bigint;
  /** The account's own, then those of the agents above it. */
  readonly payers: readonly PartyTerms[];
  readonly vendor: PartyTerms | null;
}

/** Written when a call is answered, before our 2xx leaves. */
export interface AnswerRecord {
  /** The CDR as far as it is known; endedAt, holdTimeMs, endReason, endedBy are filled in at the end. */
  cdr: Cdr;
  caller: DialogRecord;
  callee: DialogRecord;
  /** Null: nobody is billed for the call. */
  terms: CallTerms | null;
}
