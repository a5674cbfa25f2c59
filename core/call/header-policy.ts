// Which headers cross from one leg to the other. Everything not named here stays behind: Via, Contact,
// Route, Record-Route, Call-ID, User-Agent, Server, Warning, Alert-Info, Call-Info, X-… and whatever
// else could tell one side about the other (RFC 7092 3.1 names what a B2BUA of this kind rewrites).
import { HeaderId } from '../sip/header-id.ts';
import { bodyText, headerText, headerTexts, type SipMessage } from '../sip/message.ts';
import { nameAddrDisplay, nameAddrUri } from '../sip/name-addr.ts';
import { uriUser } from '../sip/uri.ts';
import type { Payload } from './call.ts';
import { noPayload } from './call.ts';

type Row = readonly [HeaderId, string];

/** What describes a body goes where the body goes. */
const payloadHeaders: readonly Row[] = [
  [HeaderId.contentType, 'Content-Type'],
  [HeaderId.contentDisposition, 'Content-Disposition'],
  [HeaderId.contentEncoding, 'Content-Encoding'],
];

/** From the caller's INVITE. */
const setupHeaders: readonly Row[] = [[HeaderId.subject, 'Subject']];

/** From the INVITE of a mapping gateway that is trusted with identities (RFC 3325 5); URIs get our host. */
const identityUriHeaders: readonly Row[] = [
  [HeaderId.pAssertedIdentity, 'P-Asserted-Identity'],
  [HeaderId.diversion, 'Diversion'],
  [HeaderId.remotePartyId, 'Remote-Party-ID'],
];
const identityTextHeaders: readonly Row[] = [
  [HeaderId.privacy, 'Privacy'],
  [HeaderId.identity, 'Identity'],
];

/** From requests inside a call (INFO, NOTIFY, MESSAGE). */
const inDialogHeaders: readonly Row[] = [
  [HeaderId.infoPackage, 'Info-Package'],
  [HeaderId.event, 'Event'],
  [HeaderId.subscriptionState, 'Subscription-State'],
];

/** From a failure response. */
const failureHeaders: readonly Row[] = [[HeaderId.retryAfter, 'Retry-After']];

export function payloadOf(message: SipMessage): Payload {
  if (message.bodyEnd <= message.bodyStart) return noPayload;
  return { lines: copyLines(message, payloadHeaders), body: bodyText(message) };
}

export function isSdp(message: SipMessage): boolean {
  if (message.bodyEnd <= message.bodyStart) return false;
  const type = headerText(message, HeaderId.contentType);
  return type?.toLowerCase().startsWith('application/sdp') === true;
}

export function setupLines(message: SipMessage, trusted: boolean, host: string): string {
  let lines = copyLines(message, setupHeaders);
  if (!trusted) return lines;
  lines += copyLines(message, identityTextHeaders);
  for (const [id, name] of identityUriHeaders) {
    if (message.firstRow[id]! < 0) continue;
    for (const value of headerTexts(message, id)) {
      lines += `${name}: ${withOurHost(value, host)}\r\n`;
    }
  }
  return lines;
}

export function inDialogLines(message: SipMessage): string {
  return copyLines(message, inDialogHeaders);
}

export function failureLines(message: SipMessage): string {
  return copyLines(message, failureHeaders);
}

function copyLines(message: SipMessage, rows: readonly Row[]): string {
  let lines = '';
  for (const [id, name] of rows) {
    if (message.firstRow[id]! < 0) continue;
    for (const value of headerTexts(message, id)) lines += `${name}: ${value}\r\n`;
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

/** The display name of a name-addr as it stands before the bracket: quoted, a space after it, or ''. */
export function displayPrefix(value: string): string {
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
