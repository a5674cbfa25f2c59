// The configuration document as the rest of the system sees it, after validation (the schema that
// people's YAML and JSON must meet is workers/configuration/document-schema.ts; a type test holds the
// two together). Names are those of docs/configuration.md.

export interface RateDocument {
  prefix: string;
  /** Decimal string, money per minute. */
  ratePerMinute: string;
  connectionFee: string;
  firstIncrementSeconds: number;
  nextIncrementSeconds: number;
  /** ISO 8601 with zone; absent: always in effect. */
  effectiveAt?: string | undefined;
}

export interface RateTableDocument {
  name: string;
  rates: RateDocument[];
}

export interface AccountDocument {
  name: string;
  kind: 'customer' | 'clearing' | 'agent';
  /** Opening balance, decimal string. */
  balance: string;
  creditLimit: string;
  rateTable?: string | undefined;
}

export interface MappingGatewayDocument {
  name: string;
  account?: string | undefined;
  auth: 'ip';
  /** "192.0.2.1" (any port), "192.0.2.1:5060", "[2001:db8::1]:5060". */
  addresses: string[];
  /** 0: no limit. */
  lineLimit: number;
  cpsLimit: number;
  /** Smaller first where several gateways share an address. */
  priority: number;
  /** Identity headers cross from this gateway. */
  trusted: boolean;
  locked: boolean;
}

export interface RoutingGatewayDocument {
  name: string;
  account?: string | undefined;
  /** "192.0.2.1:5060", "tcp://192.0.2.1:5060"; without a port 5060. */
  address: string;
  /** Digits or any characters; "" matches every number. */
  prefixes: string[];
  prefixMode: 'terminate' | 'continue';
  /** Smaller first. */
  priority: number;
  lineLimit: number;
  cpsLimit: number;
  /** Put before the number on the way out. */
  calleePrefix: string;
  /** SIP codes at which hunting stops. */
  stopCodes: number[];
  switchUntilConnect: boolean;
  locked: boolean;
}

/** System parameters by their own names; durations in seconds. */
export interface Parameters {
  SS_MAXCPS: number;
  SS_MAX_CALL_DURATION: number;
  SS_SIP_NO_TIMER_REINVITE_INTERVAL: number;
  /** Seconds between sends, in order. */
  SS_SIP_RESEND_INTERVAL: readonly number[];
  /** Milliseconds. */
  SS_SIP_TIMER_T1: number;
  SS_SIP_TIMER_B: number;
  SS_SIP_TIMEOUT_INVITE: number;
  SS_SIP_TIMEOUT_TRYING: number;
  SS_SIP_TIMEOUT_SESSION_PROGRESS: number;
  SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: number;
  SS_SIP_TIMEOUT_RINGING: number;
  SS_SIP_STOP_SWITCH_AFTER_SDP: boolean;
  SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: boolean;
  SS_GATEWAY_SWITCH_UNTIL_CONNECT: boolean;
  /** Attempts in all; 0: no limit of its own. */
  SS_GATEWAY_SWITCH_LIMIT: number;
  SS_REPLY_UNAUTHORIZED: boolean;
  SERVER_BILLING_RECORD_ILLEGAL_CALL: boolean;
}

export const defaultParameters: Parameters = {
  SS_MAXCPS: 200,
  SS_MAX_CALL_DURATION: 0,
  SS_SIP_NO_TIMER_REINVITE_INTERVAL: 7200,
  SS_SIP_RESEND_INTERVAL: [0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4],
  SS_SIP_TIMER_T1: 500,
  SS_SIP_TIMER_B: 32,
  SS_SIP_TIMEOUT_INVITE: 10,
  SS_SIP_TIMEOUT_TRYING: 20,
  SS_SIP_TIMEOUT_SESSION_PROGRESS: 20,
  SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: 120,
  SS_SIP_TIMEOUT_RINGING: 120,
  SS_SIP_STOP_SWITCH_AFTER_SDP: true,
  SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: true,
  SS_GATEWAY_SWITCH_UNTIL_CONNECT: false,
  SS_GATEWAY_SWITCH_LIMIT: 0,
  SS_REPLY_UNAUTHORIZED: true,
  SERVER_BILLING_RECORD_ILLEGAL_CALL: false,
};

/** A whole, validated document: every default filled in but for `parameters`, which holds what was set. */
export interface ConfigurationDocument {
  parameters: Partial<Parameters>;
  rateTables: RateTableDocument[];
  accounts: AccountDocument[];
  mappingGateways: MappingGatewayDocument[];
  routingGateways: RoutingGatewayDocument[];
}
