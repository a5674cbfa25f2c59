// The one table of end reasons: what a CDR stores (`key`), the SIP code the caller is sent where the
// reason is ours, and the Q.850 cause (RFC 3326, RFC 3398). H.323 causes join with that protocol.

export interface EndReason {
  /** What the CDR stores; stable for ever. */
  readonly key: string;
  /** Final code towards the caller; 0 where the reason only ends answered calls (by BYE). */
  readonly sipCode: number;
  /** 0 where none is assigned. */
  readonly q850: number;
}

const ownRows = [
  ['normalRelease', 'Normal release', 200, 16],
  ['callerHangUpBeforeAnswer', 'Caller hang-up before answer', 487, 16],
  ['responseTimeout', 'Response timeout', 408, 18],
  ['inviteTimeout', 'InviteTimeout', 408, 102],
  ['connectionTimeout', 'Connection timeout', 408, 102],
  ['sessionTimeout', 'Session timeout', 408, 102],
  ['noMediaTimeout', 'No media timeout', 0, 41],
  ['protocolLimit', 'Protocol limit', 488, 65],
  ['codecMismatch', 'Codec mismatch', 488, 65],
  ['busy', 'Busy', 486, 17],
  ['accountLocked', 'Account locked', 403, 57],
  ['accountExpired', 'Account expired', 403, 57],
  ['accountNotFound', 'Account not found', 403, 21],
  ['insufficientBalance', 'Insufficient balance', 403, 57],
  ['agentInsufficientBalance', 'Agent insufficient balance', 403, 57],
  ['clearingAccountInsufficient', 'Clearing account insufficient', 503, 34],
  ['noMatchingRate', 'No matching rate', 403, 3],
  ['rateLocked', 'Rate locked', 403, 57],
  ['authorizationLimited', 'Authorization limited', 403, 57],
  ['unregistered', 'Unregistered', 403, 21],
  ['authenticationFailed', 'Authentication failed', 403, 21],
  ['ipNotAllowed', 'IP not allowed', 403, 21],
  ['connectionLimitExceeded', 'Connection limit exceeded', 503, 34],
  ['callRateLimited', 'Call rate limited', 503, 42],
  ['noAvailableRouter', 'NoAvailableRouter', 503, 3],
  ['allGatewayBusy', 'AllGatewayBusy', 503, 34],
  ['calledNotOnline', 'The called not online', 480, 20],
  ['notFound', 'Not Found', 404, 1],
  ['callerNumberLimited', 'Caller number limited', 403, 21],
  ['calleeNumberLimited', 'Callee number limited', 403, 57],
  ['callerBlacklisted', 'Caller blacklisted', 403, 21],
  ['calleeBlacklisted', 'Callee blacklisted', 403, 57],
  ['timePeriodLimited', 'Time period limited', 403, 57],
  ['areaLimited', 'Area limited', 403, 21],
  ['sameCityMobileAreaLimited', 'Same city / mobile area limited', 403, 57],
  ['profitLimited', 'Profit limited', 503, 34],
  ['forwardFailed', 'Forward failed', 480, 20],
  ['forwardLoop', 'Forward loop', 482, 25],
  ['doNotDisturb', 'Do not disturb', 486, 17],
  ['lrnQueryFailed', 'LRN query failed', 503, 3],
  ['maximumCallDuration', 'Maximum call duration', 0, 31],
  ['balanceExhaustedDuringCall', 'Balance exhausted during call', 0, 31],
  ['administrativeRelease', 'Administrative release', 0, 31],
  ['serverForcedRelease', 'Server forced release', 0, 31],
  ['illegalCall', 'Illegal call', 403, 21],
  ['proceedingTimeout', 'Proceeding timeout', 408, 102],
  ['numberEmptyAfterTransform', 'Number empty after transform', 484, 28],
  ['forwardRedirectTimeout', 'Forward/redirect timeout', 408, 102],
  ['systemOverload', 'System overload', 503, 42],
] as const;

export type EndReasonName = (typeof ownRows)[number][0];

/** Reasons that are ours. */
export const EndReasons: { readonly [name in EndReasonName]: EndReason } = Object.fromEntries(
  ownRows.map(([name, key, sipCode, q850]) => [name, { key, sipCode, q850 }]),
) as { [name in EndReasonName]: EndReason };

/** Final codes of SIP peers, recorded as "SIP 486 Busy Here". */
const sipRows: readonly (readonly [number, string, number])[] = [
  [300, 'Multiple Choices', 0],
  [301, 'Moved Permanently', 0],
  [302, 'Moved Temporarily', 0],
  [305, 'Use Proxy', 0],
  [380, 'Alternative Service', 0],
  [400, 'Bad Request', 41],
  [401, 'Unauthorized', 21],
  [402, 'Payment Required', 21],
  [403, 'Forbidden', 21],
  [404, 'Not Found', 1],
  [405, 'Method Not Allowed', 63],
  [406, 'Not Acceptable', 79],
  [407, 'Proxy Authentication Required', 21],
  [408, 'Request Timeout', 102],
  [410, 'Gone', 22],
  [413, 'Request Entity Too Large', 127],
  [414, 'Request-URI Too Long', 127],
  [415, 'Unsupported Media Type', 79],
  [416, 'Unsupported URI Scheme', 127],
  [420, 'Bad Extension', 127],
  [421, 'Extension Required', 127],
  [422, 'Session Interval Too Small', 127],
  [423, 'Interval Too Brief', 127],
  [480, 'Temporarily Unavailable', 18],
  [481, 'Call/Transaction Does Not Exist', 41],
  [482, 'Loop Detected', 25],
  [483, 'Too Many Hops', 25],
  [484, 'Address Incomplete', 28],
  [485, 'Ambiguous', 1],
  [486, 'Busy Here', 17],
  [487, 'Request Terminated', 16],
  [488, 'Not Acceptable Here', 65],
  [491, 'Request Pending', 41],
  [493, 'Undecipherable', 127],
  [500, 'Server Internal Error', 41],
  [501, 'Not Implemented', 79],
  [502, 'Bad Gateway', 38],
  [503, 'Service Unavailable', 41],
  [504, 'Server Time-out', 102],
  [505, 'Version Not Supported', 127],
  [513, 'Message Too Large', 127],
  [600, 'Busy Everywhere', 17],
  [603, 'Decline', 21],
  [604, 'Does Not Exist Anywhere', 1],
  [606, 'Not Acceptable', 65],
];

/** Every `key`. */
export const endReasonKeys: ReadonlySet<string> = new Set([
  ...ownRows.map(([, key]) => key),
  ...sipRows.map(([code, phrase]) => `SIP ${code} ${phrase}`),
]);

const byCode = new Map<number, EndReason>(
  sipRows.map(([code, phrase, q850]) => [
    code,
    { key: `SIP ${code} ${phrase}`, sipCode: code, q850 },
  ]),
);

/** The reason for a final response of a peer; a code not in the table reads as the x00 of its class (RFC 3261 8.1.3.2). */
export function sipEndReason(code: number): EndReason {
  return byCode.get(code) ?? byCode.get(Math.trunc(code / 100) * 100) ?? byCode.get(500)!;
}
