// One case of the tables of calls: what SIPp plays on each side of the node, and what the CDRs say.
export interface GatewayCase {
  readonly scenario: string;
  /** How many of the calls must reach it. */
  readonly takes: 'every call' | number;
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in its scenario. */
  readonly status?: number;
  /** Of the routing gateway. */
  readonly fields?: object;
  /** Digits after the prefix of its case. */
  readonly longer?: string;
  /** No SIPp stands behind the address: a connection to it is refused. */
  readonly absent?: true;
}

export interface CallCase {
  readonly title: string;
  readonly caller: string;
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in the caller's scenario. */
  readonly status?: number;
  /** Replaces PADDING in its scenarios, the length of a session attribute. */
  readonly padding?: number;
  /** Default 5. */
  readonly calls?: number;
  /** From the answer to the BYE, for a caller that is told. */
  readonly holdMs?: number;
  /** Calling number before the number of the call; default: 3910. */
  readonly callerPrefix?: string;
  /** Called number after the prefix of the case, before the number of the call. */
  readonly digits?: string;
  /** The caller says no number. */
  readonly numberless?: true;
  /** Of the customer. */
  readonly fields?: object;
  /** The customer is known by its address alone, as every one on TCP is. */
  readonly anyPort?: true;
  /** Of another customer, known by the same address alone. */
  readonly neighbour?: object;
  /** No customer has the caller's address. */
  readonly unknown?: true;
  /** What its fields name: accounts, rate tables and the like, for the configuration. */
  readonly sections?: Readonly<Record<string, readonly object[]>>;
  /** The end reasons of all CDRs of the case, sorted; default: one a call that says what stands below. */
  readonly cdrs?: readonly string[];
  /** In the order of their priority. */
  readonly gateways: readonly GatewayCase[];
  /** Added to those of all cases while this one is played, behind all others. */
  readonly parameters?: Readonly<Record<string, number | string>>;
  /** Takes most of a minute, in which little happens: played beside the others. */
  readonly long?: true;
  /** Least time from the answer to the end. */
  readonly holdMsMin?: number;
  readonly endReason: string;
  readonly endedBy: 'caller' | 'callee' | 'server';
  readonly sipCode: number;
  readonly answered: boolean;
}

type Outcome = Pick<CallCase, 'endReason' | 'endedBy' | 'sipCode' | 'answered'>;

export const normal: Omit<Outcome, 'endedBy'> = {
  endReason: 'Normal release',
  sipCode: 200,
  answered: true,
};
export const byCaller: Outcome = { ...normal, endedBy: 'caller' };
export const byCallee: Outcome = { ...normal, endedBy: 'callee' };
export const cancelled: Outcome = {
  endReason: 'Caller hang-up before answer',
  endedBy: 'caller',
  sipCode: 487,
  answered: false,
};

/** Fields of a gateway that is waited for so long in every state of an attempt, seconds. */
export const patient = {
  timeoutInvite: 60,
  timeoutTrying: 60,
  timeoutSessionProgress: 60,
  timeoutSessionProgressSdp: 60,
  timeoutRinging: 60,
} as const;

/** A gateway that every call of the case reaches. */
export const taker = (scenario: string, more: Partial<GatewayCase> = {}): GatewayCase => ({
  scenario,
  takes: 'every call',
  ...more,
});
export const untouched: GatewayCase = { scenario: 'gateway-answer', takes: 0 };
