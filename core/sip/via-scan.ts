// One Via value in bytes (RFC 3261 20.42, 25.1 via-parm; RFC 3581), odd white space and all.
import { Char, equalsFolded, lineWhiteEnd, tokenEnd } from '../bytes/character-class.ts';
import { digitsEnd, digitsValue } from '../bytes/digits.ts';
import { createParamSpan, type ParamSpan, scanParam } from './param-scan.ts';

const { slash, space, openBracket, closeBracket, colon, comma, semicolon } = Char;

/** Offsets into the message. A pair with start = end: not there. */
export interface ViaSpan {
  /** False: there is no Via, or it is malformed, and the rest means nothing. */
  valid: boolean;
  start: number;
  /** The comma that ends the value, or the end of the header. */
  end: number;
  transportStart: number;
  transportEnd: number;
  /** Without the brackets of an IPv6 reference. */
  hostStart: number;
  hostEnd: number;
  /** 0: none given. */
  port: number;
  branchStart: number;
  branchEnd: number;
  hasRport: boolean;
  /** Where rport and received stand, semicolon included, to be replaced by ours. */
  rportStart: number;
  rportEnd: number;
  receivedStart: number;
  receivedEnd: number;
}

export function createViaSpan(): ViaSpan {
  return {
    valid: false,
    start: 0,
    end: 0,
    transportStart: 0,
    transportEnd: 0,
    hostStart: 0,
    hostEnd: 0,
    port: 0,
    branchStart: 0,
    branchEnd: 0,
    hasRport: false,
    rportStart: 0,
    rportEnd: 0,
    receivedStart: 0,
    receivedEnd: 0,
  };
}

const param = createParamSpan();

/** Fills `via` from the first value in [start, end) and says whether it is well formed. */
export function scanVia(bytes: Uint8Array, start: number, end: number, via: ViaSpan): boolean {
  via.valid = false;
  via.start = start;
  via.end = end;
  via.port = 0;
  via.branchStart = 0;
  via.branchEnd = 0;
  via.hasRport = false;
  via.rportStart = 0;
  via.rportEnd = 0;
  via.receivedStart = 0;
  via.receivedEnd = 0;
  let pos = scanProtocol(bytes, start, end, via);
  if (pos < 0) return false;
  pos = scanSentBy(bytes, pos, end, via);
  if (pos < 0) return false;
  via.valid = scanViaParams(bytes, pos, end, via);
  return via.valid;
}

/** "SIP / 2.0 / UDP" and the white space after it. */
function scanProtocol(bytes: Uint8Array, start: number, end: number, via: ViaSpan): number {
  let pos = isUsualProtocol(bytes, start, end) ? start + 8 : oddProtocolEnd(bytes, start, end);
  if (pos < 0) return -1;
  via.transportStart = pos;
  via.transportEnd = tokenEnd(bytes, pos, end);
  pos = lineWhiteEnd(bytes, via.transportEnd, end);
  return pos === via.transportEnd || via.transportEnd === via.transportStart ? -1 : pos;
}

/** Whether "SIP/2.0/" stands at `pos`. */
function isUsualProtocol(bytes: Uint8Array, pos: number, end: number): boolean {
  return (
    pos + 8 < end &&
    bytes[pos] === 83 &&
    bytes[pos + 1] === 73 &&
    bytes[pos + 2] === 80 &&
    bytes[pos + 3] === slash &&
    bytes[pos + 4] === 50 &&
    bytes[pos + 5] === 46 &&
    bytes[pos + 6] === 48 &&
    bytes[pos + 7] === slash &&
    bytes[pos + 8]! > space
  );
}

/** Any "name / version /", white space allowed; the position of the transport, or -1. */
function oddProtocolEnd(bytes: Uint8Array, start: number, end: number): number {
  const nameEnd = tokenEnd(bytes, start, end);
  if (nameEnd === start) return -1;
  const pos = afterSlash(bytes, nameEnd, end);
  if (pos < 0) return -1;
  const versionEnd = tokenEnd(bytes, pos, end);
  return versionEnd === pos ? -1 : afterSlash(bytes, versionEnd, end);
}

function afterSlash(bytes: Uint8Array, pos: number, end: number): number {
  pos = lineWhiteEnd(bytes, pos, end);
  if (pos >= end || bytes[pos] !== slash) return -1;
  return lineWhiteEnd(bytes, pos + 1, end);
}

/** host [ ":" port ] and the white space after it. */
function scanSentBy(bytes: Uint8Array, start: number, end: number, via: ViaSpan): number {
  let pos = start;
  if (pos < end && bytes[pos] === openBracket) {
    while (pos < end && bytes[pos]! > space && bytes[pos] !== closeBracket) pos++;
    if (pos >= end || bytes[pos] !== closeBracket) return -1;
    via.hostStart = start + 1;
    via.hostEnd = pos;
    pos++;
  } else {
    pos = tokenEnd(bytes, pos, end);
    via.hostStart = start;
    via.hostEnd = pos;
  }
  if (via.hostEnd === via.hostStart) return -1;
  pos = lineWhiteEnd(bytes, pos, end);
  if (pos >= end || bytes[pos] !== colon) return pos;
  const portStart = lineWhiteEnd(bytes, pos + 1, end);
  const portEnd = digitsEnd(bytes, portStart, end);
  via.port = digitsValue(bytes, portStart, portEnd, 65535);
  return via.port < 0 ? -1 : lineWhiteEnd(bytes, portEnd, end);
}

function scanViaParams(bytes: Uint8Array, start: number, end: number, via: ViaSpan): boolean {
  let pos = start;
  while (pos < end) {
    if (bytes[pos] === comma) {
      via.end = pos;
      return true;
    }
    if (bytes[pos] !== semicolon) return false;
    const next = scanParam(bytes, pos, end, param);
    if (next < 0 || !keepViaParam(bytes, pos, next, via)) return false;
    pos = next;
  }
  return true;
}

/** The magic cookie with nothing after it identifies no transaction (RFC 3261 8.1.1.7): malformed. */
const cookieOnly = 'z9hg4bk';

function keepViaParam(bytes: Uint8Array, start: number, end: number, via: ViaSpan): boolean {
  const { nameStart, nameEnd, valueStart, valueEnd }: ParamSpan = param;
  switch (nameEnd - nameStart) {
    case 5:
      if (isRport(bytes, nameStart)) {
        via.hasRport = true;
        via.rportStart = start;
        via.rportEnd = end;
      }
      return true;
    case 6:
      if (via.branchEnd === 0 && isBranch(bytes, nameStart)) {
        via.branchStart = valueStart;
        via.branchEnd = valueEnd;
        if (valueEnd - valueStart !== cookieOnly.length) return valueEnd > valueStart;
        return !equalsFolded(bytes, valueStart, valueEnd, cookieOnly);
      }
      return true;
    case 8:
      if (equalsFolded(bytes, nameStart, nameEnd, 'received')) {
        via.receivedStart = start;
        via.receivedEnd = end;
      }
      return true;
    default:
      return true;
  }
}

/** "rport" in any case: setting bit 5 folds letters, and nothing else becomes one by it. */
function isRport(bytes: Uint8Array, at: number): boolean {
  return (
    (bytes[at]! | 32) === 114 &&
    (bytes[at + 1]! | 32) === 112 &&
    (bytes[at + 2]! | 32) === 111 &&
    (bytes[at + 3]! | 32) === 114 &&
    (bytes[at + 4]! | 32) === 116
  );
}

/** "branch" in any case. */
function isBranch(bytes: Uint8Array, at: number): boolean {
  return (
    (bytes[at]! | 32) === 98 &&
    (bytes[at + 1]! | 32) === 114 &&
    (bytes[at + 2]! | 32) === 97 &&
    (bytes[at + 3]! | 32) === 110 &&
    (bytes[at + 4]! | 32) === 99 &&
    (bytes[at + 5]! | 32) === 104
  );
}
