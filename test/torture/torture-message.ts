// The form of a torture fixture, and how its text is put together.
import type { Fault } from '../../core/sip/fault.ts';

/** A status code; 'accepted': well formed, what comes next depends on the configuration (for a
 *  REGISTER: on the registrar); 'dropped': no answer at all. */
export type Answer = number | 'accepted' | 'dropped';

export interface TortureMessage {
  /** The name the RFC gives to the case. */
  readonly name: string;
  readonly section: string;
  /** One octet a character. */
  readonly text: string;
  /** What the parser says of it in a datagram. */
  readonly fault: Fault;
  /** What a whole switch may answer, the preferred answer first. */
  readonly userAnswer: readonly Answer[];
  /** Why the verdict is not met yet; the test fails as soon as it is. */
  readonly knownGap?: string;
}

/** Joins lines by CRLF, an empty line and the body after them. */
export function sipText(head: readonly string[], body = ''): string {
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

export const sdpBody: string = [
  'v=0',
  'o=kim 4711 4711 IN IP4 198.51.100.20',
  's=-',
  'c=IN IP4 198.51.100.20',
  't=0 0',
  'm=audio 30100 RTP/AVP 8',
  'a=rtpmap:8 PCMA/8000',
  '',
].join('\r\n');

/** The usual headers of a request, by method; `changes` replace by name or are added. */
export function requestHead(
  method: string,
  requestUri: string,
  caseName: string,
  changes: readonly string[] = [],
): string[] {
  const usual = [
    `Via: SIP/2.0/UDP gw7.west.example:5066;branch=z9hG4bK.${caseName}.7`,
    'Max-Forwards: 68',
    'From: "Kim Tanaka" <sip:kim@west.example>;tag=kt-88172',
    'To: <sip:lee@east.example>',
    `Call-ID: ${caseName}.5570193@198.51.100.20`,
    `CSeq: 31 ${method}`,
  ];
  const nameOf = (row: string): string => row.slice(0, row.indexOf(':')).trim().toLowerCase();
  const replaced = new Set(changes.map(nameOf));
  const kept = usual.filter((row) => !replaced.has(nameOf(row)));
  return [`${method} ${requestUri} SIP/2.0`, ...kept, ...changes];
}

/** A request with the usual headers, the changes and a right Content-Length. */
export function request(
  method: string,
  caseName: string,
  changes: readonly string[] = [],
  body = '',
): string {
  const length = changes.some((row) => /^(content-length|l)\s*:/i.test(row))
    ? []
    : [`Content-Length: ${body.length}`];
  return sipText(
    requestHead(method, 'sip:lee@east.example', caseName, [...changes, ...length]),
    body,
  );
}
