// SIP messages as text, for the user agents of demo and tests. Written apart from core/sip on purpose: a
// peer that shared our parser would share its mistakes.
import { randomBytes } from 'node:crypto';

export interface SipText {
  /** '' in a response. */
  readonly requestUri: string;
  /** Of a request its own, of a response that of its CSeq. */
  readonly method: string;
  /** 0 in a request. */
  readonly status: number;
  readonly reason: string;
  readonly cseq: number;
  /** Names in lower case and in their long form, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** As it came. */
  readonly text: string;
}

const longForms: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
  s: 'subject',
  e: 'content-encoding',
};

export function readSip(bytes: Buffer): SipText | undefined {
  const text = bytes.toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [startLine, ...lines] = text
    .slice(0, headEnd)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    return [longForms[name] ?? name, line.slice(colon + 1).trim()] as const;
  });
  const [cseq = '', cseqMethod = ''] = (firstValue(fields, 'cseq') ?? '').split(/\s+/);
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(startLine!);
  const request = /^(\S+) (\S+) SIP\/2\.0$/.exec(startLine!);
  if (response === null && request === null) return undefined;
  return {
    requestUri: request?.[2] ?? '',
    method: request?.[1] ?? cseqMethod,
    status: Number(response?.[1] ?? 0),
    reason: response?.[2] ?? '',
    cseq: Number(cseq),
    fields,
    body: text.slice(headEnd + 4),
    text,
  };
}

function firstValue(fields: SipText['fields'], name: string): string | undefined {
  return fields.find(([own]) => own === name)?.[1];
}

/** The first field of this name; '' when there is none. */
export function field(message: SipText, name: string): string {
  return firstValue(message.fields, name) ?? '';
}

/** Every value of this name, those that share a line taken apart. */
export function fieldList(message: SipText, name: string): string[] {
  return message.fields
    .filter(([own]) => own === name)
    .flatMap(([, value]) => value.split(/,(?![^<"]*[>"])/))
    .map((value) => value.trim());
}

export function tagOf(nameAddr: string): string {
  return /;\s*tag=([^;\s]+)/i.exec(nameAddr)?.[1] ?? '';
}

export function uriOf(nameAddr: string): string {
  return /<([^>]*)>/.exec(nameAddr)?.[1] ?? nameAddr.split(';')[0]!.trim();
}

/** "447700900123" of "sip:447700900123@192.0.2.1". */
export function userOf(uri: string): string {
  return /^(?:sips?|tel):([^@;?]*)/i.exec(uri)?.[1] ?? '';
}

export function branchOf(message: SipText): string {
  return /;\s*branch=([^;,\s]+)/i.exec(field(message, 'via'))?.[1] ?? '';
}

const phrases: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  404: 'Not Found',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  603: 'Decline',
};

/** A response to `request` (RFC 3261 8.2.6.2); `lines` are whole header lines without their ends. */
export function writeReply(
  request: SipText,
  status: number,
  toTag: string,
  { lines = [], body = '' }: { lines?: readonly string[]; body?: string } = {},
): string {
  const to = field(request, 'to');
  const copied = request.fields
    .filter(([name]) => name === 'via' || name === 'record-route')
    .map(([name, value]) => `${name === 'via' ? 'Via' : 'Record-Route'}: ${value}`);
  return joinLines(
    [
      `SIP/2.0 ${status} ${phrases[status] ?? 'Status'}`,
      ...copied,
      `From: ${field(request, 'from')}`,
      `To: ${to}${tagOf(to) === '' && toTag !== '' && status > 100 ? `;tag=${toTag}` : ''}`,
      `Call-ID: ${field(request, 'call-id')}`,
      `CSeq: ${field(request, 'cseq')}`,
      ...lines,
    ],
    body,
  );
}

export function joinLines(lines: readonly string[], body: string): string {
  const typed =
    body === '' || lines.some((line) => /^content-type:/i.test(line))
      ? lines
      : [...lines, 'Content-Type: application/sdp'];
  return `${[...typed, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`].join('\r\n')}\r\n\r\n${body}`;
}

/** An audio session on this port; `version` counts the offers of a dialog (RFC 3264 8). */
export function audioSession(port: number, version = 1, direction = 'sendrecv'): string {
  return [
    'v=0',
    `o=peer 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 8 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** For tags, branches and Call-IDs. */
export function randomToken(): string {
  return randomBytes(8).toString('hex');
}
