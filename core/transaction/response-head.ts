// What a response takes from its request (RFC 3261 8.2.6.2), and where it goes (18.2.2, RFC 3581 4).
import { HeaderId } from '../sip/header-id.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import {
  callIdText,
  headerStride,
  headerText,
  nextRow,
  rowText,
  type SipMessage,
} from '../sip/message.ts';
import { arePlainLines, plainLinesEnd, plainLinesStart } from '../sip/plain-lines.ts';
import { topViaStays, viaLines } from '../sip/via.ts';
import type { ResponseHead } from '../sip/write-message.ts';

const sipPort = 5060;

/** `hop`: where the request came from. */
export function responseHead(message: SipMessage, hop: Hop): ResponseHead {
  const row = identifierRow(message);
  return row < 0 ? rewrittenHead(message, hop) : repeatedHead(message, hop, row);
}

/** From, To, Call-ID and CSeq. */
const identifiers = 4;

/** The first of the rows of From, To, Call-ID and CSeq where these are one block of plain lines, in any
 *  order, as nearly everybody writes them; else -1. */
function identifierRow(message: SipMessage): number {
  const { firstRow } = message;
  const from = firstRow[HeaderId.from]!;
  const to = firstRow[HeaderId.to]!;
  const callId = firstRow[HeaderId.callId]!;
  const cseq = firstRow[HeaderId.cseq]!;
  const first = Math.min(from, to, callId, cseq);
  // Four rows of different headers, of which none is further away, are all there is between them.
  if (first < 0 || Math.max(from, to, callId, cseq) !== first + identifiers - 1) return -1;
  return arePlainLines(message, first, identifiers) ? first : -1;
}

/** The lines of the request in as few pieces as they can be had. */
function repeatedHead(message: SipMessage, hop: Hop, row: number): ResponseHead {
  const { bytes, to } = message;
  const toTagged = to.tagEnd > to.tagStart;
  const end = plainLinesEnd(message, row + identifiers - 1);
  const toEnd = message.headers[message.firstRow[HeaderId.to]! * headerStride + 4]!;
  const split = toTagged ? end : toEnd;
  const viaRow = viaBlock(message, hop, row);
  const throughTo =
    viaRow < 0
      ? viaLines(message, hop) + bytes.latin1Slice(plainLinesStart(message, row), split)
      : bytes.latin1Slice(plainLinesStart(message, viaRow), split);
  return {
    throughTo,
    afterTo: split === end ? '' : bytes.latin1Slice(split, end),
    toTagged,
    recordRoutes: recordRouteLines(message),
    timestamp: timestampLine(message),
  };
}

/** The first Via row where all Via lines can be repeated as they are and lead up to `row`; else -1. */
function viaBlock(message: SipMessage, hop: Hop, row: number): number {
  const first = message.firstRow[HeaderId.via]!;
  if (first < 0 || first > row || !topViaStays(message, hop)) return -1;
  let next = first;
  while (next < row && message.headers[next * headerStride] === HeaderId.via) next++;
  if (next !== row || nextRow(message, row - 1) >= 0) return -1;
  return arePlainLines(message, first, row - first + 1) ? first : -1;
}

/** Line by line, each written anew. */
function rewrittenHead(message: SipMessage, hop: Hop): ResponseHead {
  const from = headerText(message, HeaderId.from) ?? '';
  const to = headerText(message, HeaderId.to) ?? '';
  const cseq = headerText(message, HeaderId.cseq) ?? '';
  const rest = `\r\nCall-ID: ${callIdText(message)}\r\nCSeq: ${cseq}\r\n`;
  const start = `${viaLines(message, hop)}From: ${from}\r\nTo: ${to}`;
  const toTagged = message.to.tagEnd > message.to.tagStart;
  return {
    throughTo: toTagged ? start + rest : start,
    afterTo: toTagged ? '' : rest,
    toTagged,
    recordRoutes: recordRouteLines(message),
    timestamp: timestampLine(message),
  };
}

function timestampLine(message: SipMessage): string {
  const timestamp = headerText(message, HeaderId.timestamp);
  return timestamp === undefined ? '' : `Timestamp: ${timestamp}\r\n`;
}

/** A stream: the connection it came over. UDP: the source address (what `received` would say; maddr is
 *  not obeyed), and the source port when rport asks for it, else that of the sent-by. */
export function responseHop(message: SipMessage, hop: Hop): Hop {
  const { topVia } = message;
  if (hop.transport !== Transport.udp || topVia.hasRport) return hop;
  const port = topVia.port > 0 ? topVia.port : sipPort;
  if (port === hop.port) return hop;
  return {
    transport: hop.transport,
    listener: hop.listener,
    connection: hop.connection,
    address: hop.address,
    port,
  };
}

function recordRouteLines(message: SipMessage): string {
  let lines = '';
  let row = message.firstRow[HeaderId.recordRoute]!;
  for (; row >= 0; row = nextRow(message, row)) {
    lines += `Record-Route: ${rowText(message, row)}\r\n`;
  }
  return lines;
}
