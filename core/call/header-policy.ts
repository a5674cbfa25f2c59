// Which headers cross from one leg to the other. Everything not named here stays behind: Via, Contact,
// Route, Record-Route, Call-ID, User-Agent, Server, Warning, Alert-Info, Call-Info, X-… and whatever
// else could tell one side about the other (RFC 7092 3.1 names what a B2BUA of this kind rewrites).
import { equalsFolded } from '../bytes/character-class.ts';
import { equalsText } from '../bytes/latin1.ts';
import { HeaderId } from '../sip/header-id.ts';
import { bodyText, headerStride, nextRow, rowText, type SipMessage } from '../sip/message.ts';
import { nameAddrDisplay, nameAddrUri } from '../sip/name-addr.ts';
import { uriUser } from '../sip/uri.ts';
import type { Payload } from './call.ts';
import { noPayload } from './call.ts';

interface Row {
  readonly id: HeaderId;
  readonly name: string;
}

/** What describes a body goes where the body goes. */
const contentHeaders: readonly Row[] = [
  { id: HeaderId.contentDisposition, name: 'Content-Disposition' },
  { id: HeaderId.contentEncoding, name: 'Content-Encoding' },
];
const payloadHeaders: readonly Row[] = [
  { id: HeaderId.contentType, name: 'Content-Type' },
  ...contentHeaders,
];

/** From the caller's INVITE. */
const setupHeaders: readonly Row[] = [{ id: HeaderId.subject, name: 'Subject' }];

/** From the INVITE of a mapping gateway that is trusted with identities (RFC 3325 5); URIs get our host. */
const identityUriHeaders: readonly Row[] = [
  { id: HeaderId.pAssertedIdentity, name: 'P-Asserted-Identity' },
  { id: HeaderId.diversion, name: 'Diversion' },
  { id: HeaderId.remotePartyId, name: 'Remote-Party-ID' },
];
const identityTextHeaders: readonly Row[] = [
  { id: HeaderId.privacy, name: 'Privacy' },
  { id: HeaderId.identity, name: 'Identity' },
];

/** From requests inside a call (INFO, NOTIFY, MESSAGE). */
const inDialogHeaders: readonly Row[] = [
  { id: HeaderId.infoPackage, name: 'Info-Package' },
  { id: HeaderId.event, name: 'Event' },
  { id: HeaderId.subscriptionState, name: 'Subscription-State' },
];

/** From a 500 to a request inside a call: an offer that met another one waits so long (RFC 3261 14.2, RFC 3311 5.2). */
const glareHeaders: readonly Row[] = [{ id: HeaderId.retryAfter, name: 'Retry-After' }];

export function payloadOf(message: SipMessage): Payload {
  if (message.bodyEnd <= message.bodyStart) return noPayload;
  return { lines: payloadLines(message), body: bodyText(message) };
}

const sdpType = 'application/sdp';
const sdpLine = `Content-Type: ${sdpType}\r\n`;

function payloadLines(message: SipMessage): string {
  if (!hasContentType(message, sdpType)) return copyLines(message, payloadHeaders);
  return sdpLine + copyLines(message, contentHeaders);
}

/** Whether this is the whole value of Content-Type, to the letter. */
function hasContentType(message: SipMessage, type: string): boolean {
  const row = message.firstRow[HeaderId.contentType]!;
  if (row < 0 || nextRow(message, row) >= 0) return false;
  const { bytes, headers } = message;
  const at = row * headerStride;
  return equalsText(bytes, headers[at + 3]!, headers[at + 4]!, type);
}

export function isSdp(message: SipMessage): boolean {
  return message.bodyEnd > message.bodyStart && isContentType(message, sdpType);
}

/** Whether Content-Type begins with `lower`, whatever its case; parameters may follow. */
export function isContentType(message: SipMessage, lower: string): boolean {
  const row = message.firstRow[HeaderId.contentType]!;
  if (row < 0) return false;
  const start = message.headers[row * headerStride + 3]!;
  const end = Math.min(start + lower.length, message.headers[row * headerStride + 4]!);
  return equalsFolded(message.bytes, start, end, lower);
}

export function setupLines(message: SipMessage, trusted: boolean, host: string): string {
  let lines = copyLines(message, setupHeaders);
  if (!trusted) return lines;
  lines += copyLines(message, identityTextHeaders);
  for (const { id, name } of identityUriHeaders) {
    for (let row = message.firstRow[id]!; row >= 0; row = nextRow(message, row)) {
      lines += `${name}: ${withOurHost(rowText(message, row), host)}\r\n`;
    }
  }
  return lines;
}

export function inDialogLines(message: SipMessage): string {
  return copyLines(message, inDialogHeaders);
}

/** Of a failure inside a call. A 503 speaks of its sender's node, not of the call. */
export function failureLines(message: SipMessage): string {
  return message.statusCode === 500 ? copyLines(message, glareHeaders) : '';
}

function copyLines(message: SipMessage, rows: readonly Row[]): string {
  let lines = '';
  for (const { id, name } of rows) {
    for (let row = message.firstRow[id]!; row >= 0; row = nextRow(message, row)) {
      lines += `${name}: ${rowText(message, row)}\r\n`;
    }
  }
  return lines;
}

/** The same identity at our address: the number and the name cross, the caller's host does not. */
function withOurHost(value: string, host: string): string {
  const uri = nameAddrUri(value);
  const shown = displayPrefix(value);
  if (uri.startsWith('tel:')) return `${shown}<${uri}>`;
  return `${shown}<sip:${escapeUser(uriUser(uri))}@${host}>${parametersAfter(value)}`;
}

export const callerIdentityNames: readonly string[] = ['P-Asserted-Identity', 'Remote-Party-ID'];
export const forwardingIdentityNames: readonly string[] = ['Diversion'];

/** `lines` of setupLines with another number, and without a name, in the headers of these names. */
export function withIdentityUser(lines: string, names: readonly string[], user: string): string {
  return withIdentityUsers(lines, names, () => user);
}

/** The same by what their own number becomes; one that stays keeps its name, one without a number goes. */
export function withIdentityUsers(
  lines: string,
  names: readonly string[],
  become: (user: string) => string,
): string {
  let result = '';
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf('\r\n', start) + 2;
    const line = lines.slice(start, end);
    result += names.some((name) => line.startsWith(`${name}: `)) ? rewritten(line, become) : line;
    start = end;
  }
  return result;
}

/** Number of the first of these headers; '': there is none. */
export function identityUser(lines: string, names: readonly string[]): string {
  for (const name of names) {
    const start = lines.startsWith(`${name}: `) ? 0 : lines.indexOf(`\r\n${name}: `) + 2;
    if (start < 2 && !lines.startsWith(`${name}: `)) continue;
    return userOfLine(lines.slice(start, lines.indexOf('\r\n', start)));
  }
  return '';
}

function rewritten(line: string, become: (user: string) => string): string {
  const before = userOfLine(line);
  const after = become(before);
  if (after === before) return line;
  return after === '' ? '' : withUser(line, after);
}

function userOfLine(line: string): string {
  const open = line.lastIndexOf('<');
  const close = line.indexOf('>', open);
  return open < 0 || close < 0 ? '' : uriUser(line.slice(open + 1, close));
}

/** A line that we wrote: `NAME: DISPLAY<sip:USER@HOST>PARAMETERS`, or with a tel URI. */
function withUser(line: string, user: string): string {
  const name = line.slice(0, line.indexOf(': ') + 2);
  const open = line.lastIndexOf('<');
  const close = line.indexOf('>', open);
  const at = line.indexOf('@', open);
  if (open < 0 || close < 0) return line;
  const escaped = escapeUser(user);
  if (at < 0 || at > close) return `${name}<tel:${escaped}${line.slice(close)}`;
  return `${name}<sip:${escaped}${line.slice(at)}`;
}

/** The display name of a name-addr as it stands before the bracket: quoted, a space after it, or ''. */
export function displayPrefix(value: string): string {
  if (value.startsWith('<')) return '';
  const display = nameAddrDisplay(value);
  if (display === '') return '';
  if (!display.includes('"') && !display.includes('\\')) return `"${display}" `;
  // RFC 3261 25.1 quoted-pair.
  return `"${display.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}" `;
}

function parametersAfter(value: string): string {
  const close = value.lastIndexOf('>');
  return close < 0 ? '' : value.slice(close + 1).trim();
}

/** RFC 3261 25.1 user: what may stand unescaped in the user part of a SIP URI. */
export function escapeUser(user: string): string {
  for (let i = 0; i < user.length; i++) {
    if (!isUserChar(user.charCodeAt(i))) return escapeUserFrom(user, i);
  }
  return user;
}

function escapeUserFrom(user: string, from: number): string {
  let out = user.slice(0, from);
  for (let i = from; i < user.length; i++) {
    const char = user.charCodeAt(i);
    out += isUserChar(char) ? user[i] : `%${char.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function isUserChar(char: number): boolean {
  if (char >= 48 && char <= 57) return true;
  if ((char | 32) >= 97 && (char | 32) <= 122) return true;
  return userMarks.includes(String.fromCharCode(char));
}

const userMarks = "-_.!~*'()&=+$,/";
