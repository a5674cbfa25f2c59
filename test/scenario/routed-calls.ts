// Whose call it is, and which gateways are tried for it.
import {
  byCaller,
  type CallCase,
  type GatewayCase,
  patient,
  taker,
  untouched,
} from './call-case.ts';

/** Fields of a gateway of which no timer but this one, which is the parameter's, ends before the call would. */
const onlyBy = (timer: keyof typeof patient): object => ({ ...patient, [timer]: 0 });

const ended = { endedBy: 'server', answered: false } as const;
const failed = { endedBy: 'callee', answered: false } as const;
const timedOut = { ...ended, endReason: 'Response timeout', sipCode: 408 } as const;
const refuses = (status: number, fields: object = {}): GatewayCase =>
  taker('gateway-refuses', { status, fields });
const absent = taker('', { transport: 'tcp', absent: true });

/** The first gateway fails; the second one has the call. */
function goesOn(title: string, first: GatewayCase, more: Partial<CallCase> = {}): CallCase {
  return {
    title,
    caller: 'caller-answer',
    calls: 2,
    gateways: [first, taker('gateway-answer')],
    ...byCaller,
    ...more,
  };
}

/** The first gateway refuses, and none other is tried. */
function stops(title: string, status: number, endReason: string, more: Partial<CallCase> = {}) {
  return {
    title,
    caller: 'caller-refused',
    status,
    calls: 2,
    gateways: [refuses(status), untouched],
    ...failed,
    endReason,
    sipCode: status,
    ...more,
  };
}

const customers: readonly CallCase[] = [
  {
    title: 'a customer known by its address alone',
    caller: 'caller-answer',
    anyPort: true,
    gateways: [taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'a customer with this port goes before one with the address alone',
    caller: 'caller-answer',
    fields: { priority: 9 },
    neighbour: { priority: 1 },
    gateways: [taker('gateway-answer')],
    ...byCaller,
  },
  {
    title: 'of two customers with one address the first by priority has the call',
    caller: 'caller-answer',
    anyPort: true,
    fields: { priority: 2 },
    neighbour: { priority: 3 },
    gateways: [taker('gateway-answer')],
    ...byCaller,
  },
];

/** The first gateway can take one of two calls; the other one has the next gateway. */
function shares(title: string, holdMs: number, fields: object): CallCase {
  return {
    title,
    caller: 'caller-pays-or-not',
    holdMs,
    calls: 2,
    gateways: [
      taker('gateway-answer', { takes: 1, fields }),
      taker('gateway-answer', { takes: 1 }),
    ],
    cdrs: Array(2).fill('Normal release'),
    ...byCaller,
  };
}

const lines: readonly CallCase[] = [
  shares('the first gateway has one line: the second call has the next gateway', 1500, {
    lineLimit: 1,
  }),
  shares('the first gateway takes one call a second: the second has the next gateway', 100, {
    cpsLimit: 1,
  }),
  {
    title: 'eight lines for twenty calls at once: exactly eight over all workers',
    caller: 'caller-pays-or-not',
    holdMs: 4000,
    calls: 20,
    fields: { lineLimit: 8 },
    gateways: [taker('gateway-answer', { takes: 8 })],
    cdrs: [
      ...Array<string>(12).fill('Connection limit exceeded'),
      ...Array<string>(8).fill('Normal release'),
    ],
    ...byCaller,
  },
];

export const routedCalls: readonly CallCase[] = [
  ...customers,
  ...lines,
  {
    title: 'the longest prefix goes before priority',
    caller: 'caller-answer',
    digits: '7',
    gateways: [untouched, taker('gateway-answer', { longer: '7' })],
    ...byCaller,
  },
  goesOn(
    'no answer to the INVITE: SS_SIP_TIMEOUT_INVITE, next gateway',
    taker('gateway-silent', { fields: onlyBy('timeoutInvite') }),
    { calls: 5 },
  ),
  goesOn(
    'nothing after 100: SS_SIP_TIMEOUT_TRYING, next gateway',
    taker('gateway-stays-at', { status: 100, fields: onlyBy('timeoutTrying') }),
    { calls: 5 },
  ),
  goesOn(
    'nothing after 183: SS_SIP_TIMEOUT_SESSION_PROGRESS, next gateway',
    taker('gateway-stays-at', { status: 183, fields: onlyBy('timeoutSessionProgress') }),
    { caller: 'caller-any-progress', calls: 5 },
  ),
  {
    title: 'nothing after early media: SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP ends it',
    caller: 'caller-refused-early',
    status: 408,
    gateways: [
      taker('gateway-stays-early', { fields: onlyBy('timeoutSessionProgressSdp') }),
      untouched,
    ],
    ...timedOut,
  },
  {
    title: 'no answer, SS_SIP_TIMEOUT_RINGING ends it',
    caller: 'caller-refused',
    status: 408,
    gateways: [taker('gateway-ring', { fields: onlyBy('timeoutRinging') }), untouched],
    ...timedOut,
  },
  {
    title: 'nothing comes from the only gateway: InviteTimeout',
    caller: 'caller-refused',
    status: 408,
    calls: 2,
    gateways: [taker('gateway-silent')],
    ...ended,
    endReason: 'InviteTimeout',
    sipCode: 408,
  },
  goesOn(
    'no answer, with switchUntilConnect: SS_SIP_TIMEOUT_RINGING, next gateway',
    taker('gateway-ring', { fields: { ...onlyBy('timeoutRinging'), switchUntilConnect: true } }),
    { caller: 'caller-any-ringing' },
  ),
  goesOn(
    'nothing after early media, with switchAllowSdp: the same timer, next gateway',
    taker('gateway-stays-early', {
      fields: { ...onlyBy('timeoutSessionProgressSdp'), switchAllowSdp: true },
    }),
    { caller: 'caller-any-ringing' },
  ),
  goesOn('a connection refused (RFC 3261 8.1.3.1), next gateway', absent, { calls: 5 }),
  {
    title: 'a connection refused, and no other gateway',
    caller: 'caller-refused',
    status: 408,
    calls: 2,
    gateways: [absent],
    ...ended,
    endReason: 'Connection timeout',
    sipCode: 408,
  },
  goesOn('a gateway that rejects, then one that answers', refuses(503), { calls: 5 }),
  ...[300, 302, 400, 401, 403, 404, 407, 408, 480, 488, 500, 603, 604, 606].map((status) =>
    goesOn(`a gateway that says ${status}, next gateway`, refuses(status)),
  ),
  goesOn(
    'a busy gateway with switchAllowBusy, next gateway',
    refuses(486, { switchAllowBusy: true }),
  ),
  {
    title: 'every gateway refuses: the last refusal is the caller’s',
    caller: 'caller-refused',
    status: 404,
    gateways: [refuses(500), refuses(404)],
    ...failed,
    endReason: 'SIP 404 Not Found',
    sipCode: 404,
  },
  ...[
    [302, 'SIP 302 Moved Temporarily'] as const,
    [407, 'SIP 407 Proxy Authentication Required'] as const,
  ].map(([status, endReason]) =>
    stops(`the last gateway says ${status}, which is not for the caller: 503`, 503, endReason, {
      gateways: [refuses(status)],
    }),
  ),
  stops('busy: no further gateway is tried', 486, 'SIP 486 Busy Here'),
  stops('busy everywhere: no further gateway is tried', 600, 'SIP 600 Busy Everywhere'),
  stops('a loop: no further gateway is tried', 482, 'SIP 482 Loop Detected'),
  stops('too many hops: no further gateway is tried', 483, 'SIP 483 Too Many Hops'),
  stops('a busy called party by Q.850: no further gateway', 503, 'SIP 503 Service Unavailable', {
    gateways: [taker('gateway-says-busy'), untouched],
  }),
  stops('stopCodes of the gateway', 503, 'SIP 503 Service Unavailable', {
    gateways: [refuses(503, { stopCodes: [503] }), untouched],
  }),
  stops('SS_GATEWAY_SWITCH_LIMIT attempts', 503, 'SIP 503 Service Unavailable', {
    parameters: { SS_GATEWAY_SWITCH_LIMIT: 1 },
  }),
  stops('SS_GATEWAY_SWITCH_STRICT', 503, 'SIP 503 Service Unavailable', {
    parameters: { SS_GATEWAY_SWITCH_STRICT: 'On' },
  }),
];
