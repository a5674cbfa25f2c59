// The table of calls that SIPp plays through the switch: who calls over what, which gateways are tried in
// what order, and what every CDR of such a call says.
export interface GatewayCase {
  readonly scenario: string;
  /** Which of the calls must reach it. */
  readonly takes: 'every call' | 'none';
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in its scenario. */
  readonly status?: number;
  readonly limits?: Limits;
  /** Digits after the prefix of its case. */
  readonly longer?: string;
  /** No SIPp stands behind the address: a connection to it is refused. */
  readonly absent?: true;
}

export interface Limits {
  readonly lineLimit?: number;
  readonly cpsLimit?: number;
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
  readonly endReason: string;
  readonly endedBy: 'caller' | 'callee' | 'server';
  readonly sipCode: number;
  readonly answered: boolean;
}

const normal = { endReason: 'Normal release', sipCode: 200, answered: true } as const;
const byCaller = { ...normal, endedBy: 'caller' } as const;
const cancelled = {
  endReason: 'Caller hang-up before answer',
  endedBy: 'caller',
  sipCode: 487,
  answered: false,
} as const;
const taker = (scenario: string, more: Partial<GatewayCase> = {}): GatewayCase => ({
  scenario,
  takes: 'every call',
  ...more,
});
const untouched: GatewayCase = { scenario: 'gateway-answer', takes: 'none' };

export const callCases: readonly CallCase[] = [
  {
    title: 'answer, BYE by the caller',
    caller: 'caller-answer',
    gateways: [taker('gateway-answer'), untouched],
    ...byCaller,
  },
  {
    title: 'answer, BYE by the called side',
    caller: 'caller-hears-bye',
    gateways: [taker('gateway-hangs-up')],
    ...normal,
    endedBy: 'callee',
  },
  {
    title: 'a gateway that rejects, then one that answers',
    caller: 'caller-answer',
    gateways: [taker('gateway-refuses', { status: 503 }), taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'busy: no further gateway is tried',
    caller: 'caller-refused',
    status: 486,
    gateways: [taker('gateway-refuses', { status: 486 }), untouched],
    endReason: 'SIP 486 Busy Here',
    endedBy: 'callee',
    sipCode: 486,
    answered: false,
  },
  {
    title: 'every gateway refuses: the last refusal is the caller’s',
    caller: 'caller-refused',
    status: 404,
    gateways: [
      taker('gateway-refuses', { status: 500 }),
      taker('gateway-refuses', { status: 404 }),
    ],
    endReason: 'SIP 404 Not Found',
    endedBy: 'callee',
    sipCode: 404,
    answered: false,
  },
  {
    title: 'no answer, the caller cancels (RFC 3261 9)',
    caller: 'caller-cancel',
    gateways: [taker('gateway-ring'), untouched],
    endReason: 'Caller hang-up before answer',
    endedBy: 'caller',
    sipCode: 487,
    answered: false,
  },
  {
    title: 'no answer, SS_SIP_TIMEOUT_RINGING ends it',
    caller: 'caller-refused',
    status: 408,
    gateways: [taker('gateway-ring'), untouched],
    endReason: 'Response timeout',
    endedBy: 'server',
    sipCode: 408,
    answered: false,
  },
  {
    title: 'early media: 183 with a session',
    caller: 'caller-early-media',
    gateways: [taker('gateway-early-media')],
    ...byCaller,
  },
  {
    title: '100rel and PRACK end to end (RFC 3262)',
    caller: 'caller-prack',
    gateways: [taker('gateway-prack')],
    ...byCaller,
  },
  {
    title: 'hold and retrieve by the caller (RFC 3264 8.4)',
    caller: 'caller-holds',
    gateways: [taker('gateway-is-held')],
    ...byCaller,
  },
  {
    title: 'hold by the called side',
    caller: 'caller-is-held',
    gateways: [taker('gateway-holds')],
    ...byCaller,
  },
  {
    title: 'UPDATE both ways (RFC 3311)',
    caller: 'caller-update',
    gateways: [taker('gateway-update')],
    ...byCaller,
  },
  {
    title: 'INFO both ways (RFC 6086)',
    caller: 'caller-info',
    gateways: [taker('gateway-info')],
    ...byCaller,
  },
  {
    title: 'an INVITE without an offer',
    caller: 'caller-delayed-offer',
    gateways: [taker('gateway-delayed-offer')],
    ...byCaller,
  },
  {
    title: 'caller on TCP, gateway on UDP',
    caller: 'caller-holds',
    transport: 'tcp',
    gateways: [taker('gateway-is-held')],
    ...byCaller,
  },
  {
    title: 'caller on UDP, gateway on TCP',
    caller: 'caller-holds',
    gateways: [taker('gateway-is-held', { transport: 'tcp' })],
    ...byCaller,
  },
  {
    title: 'both on TCP, BYE by the called side',
    caller: 'caller-hears-bye',
    transport: 'tcp',
    gateways: [taker('gateway-hangs-up', { transport: 'tcp' })],
    ...normal,
    endedBy: 'callee',
  },
  {
    title: 'both on TCP, the caller cancels',
    caller: 'caller-cancel',
    transport: 'tcp',
    gateways: [taker('gateway-ring', { transport: 'tcp' })],
    endReason: 'Caller hang-up before answer',
    endedBy: 'caller',
    sipCode: 487,
    answered: false,
  },
  {
    title: 'INVITE and 200 of 20 KB over UDP, in fragments (RFC 3261 18.1.1)',
    caller: 'caller-large',
    padding: 20_000,
    gateways: [taker('gateway-large')],
    ...byCaller,
  },
  {
    title: 'INVITE and 200 of 60 KB over TCP',
    caller: 'caller-large',
    transport: 'tcp',
    padding: 60_000,
    gateways: [taker('gateway-large', { transport: 'tcp' })],
    ...byCaller,
  },
  {
    title: 'two forks: a tag each, the second one answers',
    caller: 'caller-forked',
    gateways: [taker('gateway-forks')],
    ...byCaller,
  },
  {
    title: 'the 200 repeats until a late ACK (RFC 3261 13.3.1.4)',
    caller: 'caller-acks-late',
    gateways: [taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'CANCEL before the gateway has said anything (RFC 3261 9.1)',
    caller: 'caller-cancels-at-once',
    gateways: [taker('gateway-rings-late'), untouched],
    ...cancelled,
  },
  {
    title: 'a 200 crosses the CANCEL',
    caller: 'caller-cancel',
    gateways: [taker('gateway-crosses-cancel'), untouched],
    ...cancelled,
  },
  {
    title: 'BYEs of both sides cross',
    caller: 'caller-bye-crosses',
    gateways: [taker('gateway-bye-crosses')],
    ...byCaller,
  },
  {
    title: 're-INVITEs of both sides at once: 491 to both, both try again (RFC 3261 14.1)',
    caller: 'caller-glare',
    gateways: [taker('gateway-glare')],
    ...byCaller,
  },
  {
    title: 'an offer before the answer is reliable: 500 with Retry-After (RFC 3311 5.2)',
    caller: 'caller-early-update',
    gateways: [taker('gateway-previews')],
    ...byCaller,
  },
  {
    title: 'MESSAGE and NOTIFY pass; REFER 603, 405, 420, 483, 500 and 501 inside a call',
    caller: 'caller-asks',
    gateways: [taker('gateway-is-asked')],
    ...byCaller,
  },
  {
    title: 'OPTIONS 200; 400, 405, 406, 415, 416, 420, 481, 483 and 501 before any call',
    caller: 'caller-is-screened',
    gateways: [],
    cdrs: [],
    ...byCaller,
  },
  {
    title: 'SS_MAX_CALL_DURATION hangs up both sides',
    caller: 'caller-is-cut',
    gateways: [taker('gateway-is-cut')],
    ...normal,
    endReason: 'Maximum call duration',
    endedBy: 'server',
  },
  {
    title: 'the longest prefix goes before priority',
    caller: 'caller-answer',
    digits: '7',
    gateways: [untouched, taker('gateway-answer', { longer: '7' })],
    ...byCaller,
  },
  {
    title: 'no answer to the INVITE: SS_SIP_TIMEOUT_INVITE, next gateway',
    caller: 'caller-answer',
    gateways: [taker('gateway-silent'), taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'nothing after 100: SS_SIP_TIMEOUT_TRYING, next gateway',
    caller: 'caller-answer',
    gateways: [taker('gateway-stays-at', { status: 100 }), taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'nothing after 183: SS_SIP_TIMEOUT_SESSION_PROGRESS, next gateway',
    caller: 'caller-any-progress',
    gateways: [taker('gateway-stays-at', { status: 183 }), taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'nothing after early media: SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP ends it',
    caller: 'caller-refused-early',
    status: 408,
    gateways: [taker('gateway-stays-early'), untouched],
    endReason: 'Response timeout',
    endedBy: 'server',
    sipCode: 408,
    answered: false,
  },
  {
    title: 'a connection refused (RFC 3261 8.1.3.1), next gateway',
    caller: 'caller-answer',
    gateways: [taker('', { transport: 'tcp', absent: true }), taker('gateway-answer')],
    ...byCaller,
  },
  ...[300, 401, 408, 480, 603].map(
    (status): CallCase => ({
      title: `a gateway that says ${status}, next gateway`,
      caller: 'caller-answer',
      gateways: [taker('gateway-refuses', { status }), taker('gateway-answer')],
      ...byCaller,
    }),
  ),
  {
    title: '600 stops the hunt',
    caller: 'caller-refused',
    status: 600,
    gateways: [taker('gateway-refuses', { status: 600 }), untouched],
    endReason: 'SIP 600 Busy Everywhere',
    endedBy: 'callee',
    sipCode: 600,
    answered: false,
  },
  {
    title: 'one call more than the customer’s lineLimit',
    caller: 'caller-over-limit',
    calls: 1,
    limits: { lineLimit: 1 },
    gateways: [taker('gateway-answer')],
    cdrs: ['Connection limit exceeded', 'Normal release'],
    ...byCaller,
  },
  {
    title: 'one call a second more than the customer’s cpsLimit',
    caller: 'caller-over-limit',
    calls: 1,
    limits: { cpsLimit: 1 },
    gateways: [taker('gateway-answer')],
    cdrs: ['Call rate limited', 'Normal release'],
    ...byCaller,
  },
  {
    title: 'one call more than the only gateway’s lineLimit',
    caller: 'caller-over-limit',
    calls: 1,
    gateways: [taker('gateway-answer', { limits: { lineLimit: 1 } })],
    cdrs: ['AllGatewayBusy', 'Normal release'],
    ...byCaller,
  },
  {
    title: 'one call a second more than the only gateway’s cpsLimit',
    caller: 'caller-over-limit',
    calls: 1,
    gateways: [taker('gateway-answer', { limits: { cpsLimit: 1 } })],
    cdrs: ['AllGatewayBusy', 'Normal release'],
    ...byCaller,
  },
  {
    title: 'a locked customer',
    caller: 'caller-refused',
    status: 403,
    customer: 'locked',
    gateways: [untouched],
    endReason: 'Account locked',
    endedBy: 'server',
    sipCode: 403,
    answered: false,
  },
  {
    title: 'a source that no gateway has',
    caller: 'caller-refused',
    status: 403,
    customer: 'unknown',
    gateways: [untouched],
    cdrs: [],
    ...byCaller,
  },
  {
    title: 'a number that no gateway serves',
    caller: 'caller-refused',
    status: 503,
    gateways: [],
    endReason: 'NoAvailableRouter',
    endedBy: 'server',
    sipCode: 503,
    answered: false,
  },
];
