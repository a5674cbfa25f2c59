// Request-Line and Status-Line (RFC 3261 7.1, 7.2) in bytes.
import {
  Char,
  CharacterClass,
  characterClasses,
  equalsFolded,
  tokenEnd,
} from '../bytes/character-class.ts';
import { digitsEnd, digitsValue } from '../bytes/digits.ts';
import { Fault } from './fault.ts';
import { emptyLineLength, isLineBreak, lineFeed, nextLine } from './header-line.ts';
import type { SipMessage } from './message.ts';
import { Method } from './method.ts';
import { methodOf } from './method-scan.ts';

const { space, slash, question, at: atSign, colon, openBracket, closeBracket, semicolon } = Char;

/** Octets a Request-URI may have. */
const requestUriBytesMax = 1024;

const classes = characterClasses;
const { uriStop } = CharacterClass;
const { ok } = Fault;
const version = 'sip/2.0';
const versionLength = version.length;

/** Reads the start line and returns where the headers start, or -1 when this is no SIP at all. */
export function parseStartLine(message: SipMessage, start: number, end: number): number {
  const { bytes } = message;
  if (isStatusLine(bytes, start, end)) return parseStatusLine(message, start, end);
  return parseRequestLine(message, start, end);
}

/** Whether the line starts with "SIP/", as only a response does ("/" is no token character). */
export function isStatusLine(bytes: Uint8Array, start: number, end: number): boolean {
  return start + 4 <= end && bytes[start + 3] === slash && isSipWord(bytes, start);
}

function parseStatusLine(message: SipMessage, start: number, end: number): number {
  const { bytes } = message;
  const versionEnd = start + versionLength;
  if (versionEnd + 4 > end || bytes[versionEnd] !== space) {
    return badLine(message, Fault.badStartLine);
  }
  if (!isVersion(bytes, start)) {
    return badLine(message, Fault.versionNotSupported);
  }
  const codeStart = versionEnd + 1;
  const codeEnd = digitsEnd(bytes, codeStart, end);
  const after = codeEnd < end ? bytes[codeEnd]! : 0;
  if (codeEnd - codeStart !== 3 || (after !== space && !isLineBreak(after))) {
    return badLine(message, Fault.badStartLine);
  }
  const statusCode = digitsValue(bytes, codeStart, codeEnd, 699);
  if (statusCode < 100) return badLine(message, Fault.badStartLine);
  message.statusCode = statusCode;
  return nextLine(bytes, codeEnd, end);
}

function badLine(message: SipMessage, fault: Fault): number {
  if (message.fault === ok) message.fault = fault;
  return nextLine(message.bytes, message.start, message.end);
}

function parseRequestLine(message: SipMessage, start: number, end: number): number {
  const { bytes } = message;
  const methodEnd = tokenEnd(bytes, start, end);
  if (methodEnd === start || methodEnd >= end || bytes[methodEnd] !== space) return -1;
  message.isRequest = true;
  message.methodEnd = methodEnd;
  message.method = methodOf(bytes, start, methodEnd);
  const uriStart = methodEnd + 1;
  message.requestUriStart = uriStart;
  const wellFormed = scanRequestUri(message, uriStart, end);
  const versionStart = message.requestUriEnd + 1;
  const versionEnd = versionStart + versionLength;
  const lineBreak = versionEnd < end ? emptyLineLength(bytes, versionEnd, end) : 0;
  if (
    versionEnd >= end ||
    bytes[versionStart - 1] !== space ||
    !isVersion(bytes, versionStart) ||
    lineBreak === 0
  ) {
    return judgeOddLine(message, uriStart, end);
  }
  if (versionStart - 1 - uriStart > requestUriBytesMax) badLine(message, Fault.uriTooLong);
  else if (!wellFormed) badLine(message, Fault.badRequestUri);
  return versionEnd + lineBreak;
}

/** Finds the end of the Request-URI; false when what is there cannot be one: no scheme, angle brackets
 *  or quotes; in a SIP URI no host, or headers (RFC 3261 19.1.1 table 1). */
function scanRequestUri(message: SipMessage, start: number, end: number): boolean {
  const { bytes } = message;
  let wellFormed = true;
  let questioned = false;
  let at = 0;
  let pos = start;
  for (; pos < end; pos++) {
    const octet = bytes[pos]!;
    if ((classes[octet]! & uriStop) === 0) continue;
    if (octet <= space) break;
    // A question mark is a plain character of the user part.
    if (octet === question) questioned = true;
    else if (octet !== atSign || at > 0) wellFormed = false;
    else {
      at = pos;
      questioned = false;
    }
  }
  message.requestUriEnd = pos;
  const schemeEnd = tokenEnd(bytes, start, pos);
  if (schemeEnd === start || schemeEnd + 1 >= pos || bytes[schemeEnd] !== colon) return false;
  if (!wellFormed || !isSipScheme(bytes, start, schemeEnd)) return wellFormed;
  if (questioned || at === schemeEnd + 1) return false;
  return isServer(bytes, (at === 0 ? schemeEnd : at) + 1, pos);
}

/** host [ ":" port ] and nothing but parameters after it (RFC 3261 25.1, RFC 5118 4.2). */
function isServer(bytes: Uint8Array, start: number, end: number): boolean {
  let pos = start;
  if (pos < end && bytes[pos] === openBracket) {
    while (pos < end && bytes[pos] !== closeBracket) pos++;
    pos++;
  } else pos = tokenEnd(bytes, pos, end);
  if (pos === start || pos > end) return false;
  if (pos < end && bytes[pos] === colon) {
    const portEnd = digitsEnd(bytes, pos + 1, end);
    if (digitsValue(bytes, pos + 1, portEnd, 65_535) < 1) return false;
    pos = portEnd;
  }
  return pos === end || bytes[pos] === semicolon;
}

function isSipScheme(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== 3 && (length !== 4 || (bytes[start + 3]! | 32) !== 115)) return false;
  return isSipWord(bytes, start);
}

/** "sip" in any case: setting bit 5 folds letters, and nothing else becomes one by it. */
function isSipWord(bytes: Uint8Array, at: number): boolean {
  return (
    (bytes[at]! | 32) === 115 && (bytes[at + 1]! | 32) === 105 && (bytes[at + 2]! | 32) === 112
  );
}

/** "SIP/2.0" in any case. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return (
    isSipWord(bytes, at) &&
    bytes[at + 3] === slash &&
    bytes[at + 4] === 50 &&
    bytes[at + 5] === 46 &&
    bytes[at + 6] === 48
  );
}

/** A request line that is not three words with one space between: another version, stray white space,
 *  or no SIP. Its last word decides. */
function judgeOddLine(message: SipMessage, uriStart: number, end: number): number {
  const { bytes } = message;
  let wordEnd = lineFeed(bytes, uriStart, end);
  while (wordEnd > uriStart && bytes[wordEnd - 1]! <= space) wordEnd--;
  let wordStart = wordEnd;
  while (wordStart > uriStart && bytes[wordStart - 1]! > space) wordStart--;
  const isVersion = isStatusLine(bytes, wordStart, wordEnd);
  if (!isVersion && message.method === Method.unknown) return -1;
  const isOurs = !isVersion || equalsFolded(bytes, wordStart, wordEnd, version);
  return badLine(message, isOurs ? Fault.badStartLine : Fault.versionNotSupported);
}
