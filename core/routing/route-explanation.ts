// What routing analysis is asked and what it answers (`tandem route`); core/call/explain-route.ts fills it in. Texts are
// people's text.

export interface RouteRequest {
  /** Name of a mapping gateway; undefined: the one that `source` leads to. */
  readonly gateway?: string | undefined;
  /** Where the INVITE comes from: an address with or without a port ("192.0.2.1:5060", "[2001:db8::1]:5060"). */
  readonly source?: string | undefined;
  readonly callee: string;
  readonly caller?: string | undefined;
  /** Routing gateways taken for gone. */
  readonly without?: readonly string[] | undefined;
  /** Routing gateways that answer with these final codes; 0: with none in time. */
  readonly fail?: Readonly<Record<string, number>> | undefined;
  readonly recorded?: RecordedCall | undefined;
}

/** What the CDR of a call proves beyond its numbers. */
export interface RecordedCall {
  /** Gateways that were sent its INVITE: they had room, and where there are any the call was let in. */
  readonly attempted: readonly string[];
  /** The number by which it was rated, which says what was drawn; null: it was not rated. */
  readonly calleeBilling: string | null;
}

export interface ExplainedCandidate {
  readonly gateway: string;
  readonly prefix: string;
  readonly calleeOut: string;
  readonly callerOut: string;
  /** What its rules made of the numbers, where it has any. */
  readonly numbers?: readonly RouteStep[];
  readonly prefixLength: number;
  readonly priority: number;
  readonly prefixMode: 'terminate' | 'continue';
  /** It is a protect route. */
  readonly protect?: true;
  /** By name of the key, smaller first; what they were compared by. */
  readonly sortKeys?: Readonly<Record<string, number | null>>;
  /** Decimal strings, of a minute; null: no rate. */
  readonly vendorRate: string | null;
  readonly margin: string | null;
  /** Why it is not in `order` or `protect`. */
  readonly skipped?: string;
}

export interface RouteStep {
  readonly step: string;
  readonly result: string;
}

export interface RouteExplanation {
  readonly configurationVersion: number;
  /** Null: no gateway's call comes from there. */
  readonly mappingGateway: string | null;
  readonly calleeAccess: string;
  readonly calleeRouted: string;
  readonly callerAccess: string;
  readonly callerRouted: string;
  /** Gateways in the order in which they would be tried while each one fails. */
  readonly order: readonly string[];
  /** Protect routes behind them. */
  readonly protect: readonly string[];
  /** Seconds between the last of `order` and the first of `protect`. */
  readonly protectDelaySeconds: number;
  /** The gateway that takes the call: the first that was not said to fail. Null where the call is refused. */
  readonly winner: string | null;
  readonly candidates: readonly ExplainedCandidate[];
  /** Null where the call would be sent out. */
  readonly endReason: string | null;
  readonly sipCode: number | null;
  readonly steps: readonly RouteStep[];
}
