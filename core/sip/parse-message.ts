// Fills a SipMessage from bytes in one pass: no strings, no allocation, no exception. Also after a fault
// everything that was found stays usable, so that the request can be answered without state.
import type { MessageBytes } from '../bytes/latin1.ts';
import { clearAddressSpan, scanAddress } from './address-scan.ts';
import { Fault } from './fault.ts';
import { HeaderId } from './header-id.ts';
import {
  createHeaderLine,
  emptyLineLength,
  type HeaderLine,
  lineBreaksEnd,
  readHeaderLine,
} from './header-line.ts';
import { readCallId, readContentLength, readCseq, readMaxForwards } from './header-numbers.ts';
import { Transport } from './hop.ts';
import { headerStride, headersMax, type SipMessage } from './message.ts';
import { Method } from './method.ts';
import { countValues } from './param-scan.ts';
import { parseStartLine } from './start-line.ts';
import { scanVia } from './via-scan.ts';

const {
  via: viaId,
  from: fromId,
  to: toId,
  callId: callIdId,
  cseq: cseqId,
  maxForwards: maxForwardsId,
  contentLength: contentLengthId,
  route: routeId,
  recordRoute: recordRouteId,
} = HeaderId;
const { ok, badVia, badAddress, badContentLength, duplicateHeader } = Fault;
const { unknown } = Method;
const stride = headerStride;
const rowsMax = headersMax;

/** Octets a message may have. */
export const messageBytesMax = 65_536;
/** Fewer octets than "SIP/2.0 200 OK" and an empty line cannot be SIP. */
export const messageBytesMin = 16;
const viasMax = 64;
const routesMax = 64;

/** Parses the bytes [0, end). On a stream they are one framed message. */
export function parseMessage(
  message: SipMessage,
  bytes: MessageBytes,
  end: number,
  transport: Transport,
): Fault {
  reset(message, bytes);
  let limit = end;
  if (end > messageBytesMax) {
    limit = messageBytesMax;
    message.fault = Fault.messageTooLarge;
  }
  message.end = limit;
  const start = lineBreaksEnd(bytes, 0, limit);
  message.start = start;
  if (limit - start < messageBytesMin) {
    message.fault = Fault.keepAlive;
    return Fault.keepAlive;
  }
  const headersStart = parseStartLine(message, start, limit);
  if (headersStart < 0) {
    message.fault = Fault.notSip;
    return Fault.notSip;
  }
  const bodyStart = readHeaders(message, headersStart);
  if (!hasMandatoryHeaders(message)) note(message, Fault.missingHeader);
  findBody(message, bodyStart, transport);
  return message.fault;
}

/** The first fault counts. */
function note(message: SipMessage, fault: Fault): void {
  if (message.fault === ok) message.fault = fault;
}

/** Only the rows that the last message used are set back. */
function reset(message: SipMessage, bytes: MessageBytes): void {
  const { headers, firstRow, headerCount } = message;
  for (let row = 0; row < headerCount; row++) firstRow[headers[row * stride]!] = -1;
  message.bytes = bytes;
  message.isRequest = false;
  message.method = unknown;
  message.statusCode = 0;
  message.requestUriStart = 0;
  message.requestUriEnd = 0;
  message.bodyStart = 0;
  message.bodyEnd = 0;
  message.headerCount = 0;
  message.cseq = -1;
  message.maxForwards = -1;
  message.contentLength = -1;
  message.methodEnd = 0;
  message.viaCount = 0;
  message.routeCount = 0;
  message.recordRouteCount = 0;
  message.topVia.valid = false;
  clearAddressSpan(message.from);
  clearAddressSpan(message.to);
  message.fault = ok;
}

const line: HeaderLine = createHeaderLine();

/** Reads header fields up to the empty line and returns where the body starts. */
function readHeaders(message: SipMessage, start: number): number {
  const { bytes, end } = message;
  let pos = start;
  while (pos < end) {
    const emptyLine = emptyLineLength(bytes, pos, end);
    if (emptyLine > 0) return pos + emptyLine;
    if (message.headerCount === rowsMax) {
      note(message, Fault.tooManyHeaders);
      return end;
    }
    pos = readHeaderLine(bytes, pos, end, line);
    keepHeader(message, line);
  }
  note(message, Fault.truncated);
  return end;
}

function keepHeader(message: SipMessage, header: HeaderLine): void {
  const { headers, firstRow } = message;
  const row = message.headerCount++;
  const at = row * stride;
  const id = header.id;
  headers[at] = id;
  headers[at + 1] = header.nameStart;
  headers[at + 2] = header.nameEnd;
  headers[at + 3] = header.valueStart;
  headers[at + 4] = header.valueEnd;
  const first = firstRow[id]! < 0;
  if (first) firstRow[id] = row;
  if (id !== HeaderId.other && id <= recordRouteId) {
    const fault = readHeader(message, header, first);
    if (fault !== ok) note(message, fault);
  }
}

/** Headers that the parser itself must understand: the first ids of the table. */
function readHeader(message: SipMessage, header: HeaderLine, first: boolean): Fault {
  const { bytes } = message;
  const { valueStart, valueEnd } = header;
  switch (header.id) {
    case viaId:
      return readVia(message, header, first);
    case fromId:
      if (!first) return duplicateHeader;
      return scanAddress(bytes, valueStart, valueEnd, message.from) ? ok : badAddress;
    case toId:
      if (!first) return duplicateHeader;
      return scanAddress(bytes, valueStart, valueEnd, message.to) ? ok : badAddress;
    case callIdId:
      return first ? readCallId(bytes, valueStart, valueEnd) : duplicateHeader;
    case cseqId:
      return first ? readCseq(message, valueStart, valueEnd) : duplicateHeader;
    case maxForwardsId:
      return first ? readMaxForwards(message, valueStart, valueEnd) : duplicateHeader;
    case contentLengthId:
      return first ? readContentLength(message, valueStart, valueEnd) : badContentLength;
    case routeId:
    case recordRouteId:
      return readRoute(message, header);
    default:
      return ok;
  }
}

function readVia(message: SipMessage, header: HeaderLine, first: boolean): Fault {
  const { bytes, topVia } = message;
  let pos = header.valueStart;
  if (first) {
    message.viaCount = 1;
    if (!scanVia(bytes, pos, header.valueEnd, topVia)) return badVia;
    if (topVia.end === header.valueEnd) return ok;
    pos = topVia.end + 1;
  }
  const count = countValues(bytes, pos, header.valueEnd);
  if (count < 0) return badVia;
  message.viaCount += count;
  return message.viaCount > viasMax ? Fault.tooManyVias : ok;
}

function readRoute(message: SipMessage, header: HeaderLine): Fault {
  const count = countValues(message.bytes, header.valueStart, header.valueEnd);
  if (count < 0) return Fault.badRoute;
  if (header.id === routeId) message.routeCount += count;
  else message.recordRouteCount += count;
  return Math.max(message.routeCount, message.recordRouteCount) > routesMax
    ? Fault.tooManyRoutes
    : ok;
}

/** RFC 3261 8.1.1; Max-Forwards may be missing (RFC 3261 16.3, RFC 2543 peers). */
function hasMandatoryHeaders(message: SipMessage): boolean {
  const { firstRow } = message;
  return (
    firstRow[viaId]! >= 0 &&
    firstRow[fromId]! >= 0 &&
    firstRow[toId]! >= 0 &&
    firstRow[callIdId]! >= 0 &&
    firstRow[cseqId]! >= 0
  );
}

/** RFC 3261 18.3: without Content-Length a datagram's body is the rest, and octets after the body are
 *  ignored; a stream must say the length. */
function findBody(message: SipMessage, bodyStart: number, transport: Transport): void {
  const { end, contentLength } = message;
  message.bodyStart = bodyStart;
  message.bodyEnd = end;
  if (contentLength < 0) {
    if (transport !== Transport.udp) note(message, badContentLength);
    return;
  }
  if (contentLength > end - bodyStart) note(message, Fault.truncated);
  else message.bodyEnd = bodyStart + contentLength;
}
