// The table of calls that SIPp plays through the switch: who calls over what, which gateways are tried in
// what order, and what every CDR of such a call says.
export interface GatewayCase {
  readonly scenario: string;
  /** Which of the calls must reach it. */
  readonly takes: 'every call' | 'none';
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in its scenario. */
  readonly status?: number;
}

export interface CallCase {
  readonly title: string;
  readonly caller: string;
  readonly transport?: 'udp' | 'tcp';
  /** Replaces STATUS in the caller's scenario. */
  readonly status?: number;
  /** In the order of their priority. */
  readonly gateways: readonly GatewayCase[];
  readonly endReason: string;
  readonly endedBy: 'caller' | 'callee' | 'server';
  readonly sipCode: number;
  readonly answered: boolean;
}

const normal = { endReason: 'Normal release', sipCode: 200, answered: true } as const;
const byCaller = { ...normal, endedBy: 'caller' } as const;
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
