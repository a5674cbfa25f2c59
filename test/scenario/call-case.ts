// One case of the table of calls (sipp-calls.ts): what SIPp plays on each side of the node, and what the CDRs say.
export interface GatewayCase {
  readonly scenario: string;
  /** Which of the calls must reach it. */
  readonly takes: 'every call' | 'none';
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in its scenario. */
  readonly status?: number;
  readonly limits?: Limits;
  /** Waited for so long in every state of an attempt, seconds; default: as the parameters say. */
  readonly timeouts?: number;
  /** Digits after the prefix of its case. */
  readonly longer?: string;
  /** No SIPp stands behind the address: a connection to it is refused. */
  readonly absent?: true;
}

export interface Limits {
  readonly lineLimit?: number;
  readonly cpsLimit?: number;
  readonly maxCallSeconds?: number;
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
  /** Called number after the prefix of the case, before the number of the call. */
  readonly digits?: string;
  /** Of the customer. */
  readonly limits?: Limits;
  readonly customer?: 'locked' | 'unknown';
  /** The CDRs of a call; default: one that says what stands below. */
  readonly cdrs?: readonly string[];
  /** In the order of their priority. */
  readonly gateways: readonly GatewayCase[];
  /** Added to those of all cases while this one is played, behind all others. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Takes most of a minute, in which little happens: played beside the others. */
  readonly long?: true;
  /** Least time from the answer to the end. */
  readonly holdMsMin?: number;
  readonly endReason: string;
  readonly endedBy: 'caller' | 'callee' | 'server';
  readonly sipCode: number;
  readonly answered: boolean;
}
