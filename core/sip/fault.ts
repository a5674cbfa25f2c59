// Why a message is not handled as it stands, and what a request with that fault earns. A closed list:
// nothing else comes out of the parser and the stream framing.

export const Fault = {
  ok: 0,
  keepAlive: 1,
  notSip: 2,
  truncated: 3,
  badStartLine: 4,
  badRequestUri: 5,
  uriTooLong: 6,
  versionNotSupported: 7,
  messageTooLarge: 8,
  tooManyHeaders: 9,
  tooManyVias: 10,
  tooManyRoutes: 11,
  missingHeader: 12,
  duplicateHeader: 13,
  badVia: 14,
  badAddress: 15,
  badCallId: 16,
  badCseq: 17,
  badMaxForwards: 18,
  badContentLength: 19,
  badRoute: 20,
  bareCarriageReturn: 21,
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** Index: Fault; status of the answer (0: none, dropped), and one line for a log. */
const faultTable: readonly (readonly [number, string])[] = [
  [0, 'no fault'],
  [0, 'keep-alive: line breaks only, or too short to be SIP'],
  [0, 'first line is no SIP start line'],
  [400, 'message ends inside its headers, or its body is shorter than Content-Length'],
  [400, 'malformed start line'],
  [400, 'malformed Request-URI'],
  [414, 'Request-URI over 1024 octets'],
  [505, 'SIP version is not 2.0'],
  [513, 'message over 64 KiB'],
  [400, 'over 256 header fields'],
  [400, 'over 64 Via values'],
  [400, 'over 64 Route or Record-Route values'],
  [400, 'Via, From, To, Call-ID or CSeq missing'],
  [400, 'a header that may come once came twice'],
  [400, 'malformed Via'],
  [400, 'malformed From or To'],
  [400, 'malformed Call-ID'],
  [400, 'CSeq malformed, above 2^31-1 or naming another method'],
  [400, 'Max-Forwards is no number'],
  [400, 'Content-Length missing on a stream, repeated, or no number below 2^31'],
  [400, 'empty value in Route or Record-Route'],
  [400, 'carriage return without line feed in a stream'],
];

/** The final response that a request with this fault gets; 0: none, it is dropped. Responses with a
 *  fault are always dropped (RFC 3261 18.1.2). */
export function faultStatus(fault: Fault): number {
  return faultTable[fault]![0];
}

export function faultText(fault: Fault): string {
  return faultTable[fault]![1];
}
