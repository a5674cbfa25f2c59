// The top Via as text, and the Via lines of a response (RFC 3261 8.2.6.2, 18.2.1; RFC 3581 4).
import { equalsFolded } from '../bytes/character-class.ts';
import { equalsText, type MessageBytes } from '../bytes/latin1.ts';
import { HeaderId } from './header-id.ts';
import type { Hop } from './hop.ts';
import { headerStride, nextRow, rowText, type SipMessage, unfoldedText } from './message.ts';

export interface ViaFields {
  /** As written: "UDP". */
  transport: string;
  /** Without the brackets of an IPv6 reference. */
  host: string;
  /** 0: none given. */
  port: number;
  /** '' when there is none (RFC 2543 peers). */
  branch: string;
  hasRport: boolean;
  /** Whether the peer wrote a received parameter itself. */
  receivedPresent: boolean;
}

export function createViaFields(): ViaFields {
  return {
    transport: '',
    host: '',
    port: 0,
    branch: '',
    hasRport: false,
    receivedPresent: false,
  };
}

/** Reads the first Via value; false when there is none or it is malformed. */
export function topVia(message: SipMessage, via: ViaFields): boolean {
  const { bytes, topVia: span } = message;
  if (!span.valid) return false;
  via.transport = transportText(bytes, span.transportStart, span.transportEnd);
  via.host = bytes.latin1Slice(span.hostStart, span.hostEnd);
  via.port = span.port;
  via.branch =
    span.branchEnd > span.branchStart ? bytes.latin1Slice(span.branchStart, span.branchEnd) : '';
  via.hasRport = span.hasRport;
  via.receivedPresent = span.receivedEnd > span.receivedStart;
  return true;
}

function transportText(bytes: MessageBytes, start: number, end: number): string {
  if (equalsFolded(bytes, start, end, 'udp')) return 'UDP';
  if (equalsFolded(bytes, start, end, 'tcp')) return 'TCP';
  return bytes.latin1Slice(start, end).toUpperCase();
}

/**
 * All Via lines of a request in order, as its responses repeat them. The top one gets the source we saw:
 * `received` when the peer asked for rport or its sent-by is another address, `rport` when it asked for
 * it; what it wrote there itself is replaced. A malformed top Via is repeated as it came.
 */
export function viaLines(message: SipMessage, hop: Hop): string {
  const first = message.firstRow[HeaderId.via]!;
  if (first < 0) return '';
  let lines = message.topVia.valid
    ? firstViaLine(message, first, hop)
    : `Via: ${rowText(message, first)}\r\n`;
  for (let row = nextRow(message, first); row >= 0; row = nextRow(message, row)) {
    lines += `Via: ${rowText(message, row)}\r\n`;
  }
  return lines;
}

/** Whether a response repeats the top Via value as it came: it has no parameter that is ours to fill in,
 *  and comes from the address it names (RFC 3261 18.2.1). */
export function topViaStays(message: SipMessage, hop: Hop): boolean {
  const { bytes, topVia: span } = message;
  if (!span.valid || span.rportEnd > 0 || span.receivedEnd > 0) return false;
  return equalsText(bytes, span.hostStart, span.hostEnd, hop.address);
}

function firstViaLine(message: SipMessage, row: number, hop: Hop): string {
  const { bytes, topVia: span } = message;
  const valueEnd = message.headers[row * headerStride + 4]!;
  let text = `Via: ${viaWithoutSource(message)}`;
  const seenElsewhere = !equalsText(bytes, span.hostStart, span.hostEnd, hop.address);
  if (span.hasRport) text += `;rport=${hop.port}`;
  if (span.hasRport || seenElsewhere) text += `;received=${hop.address}`;
  if (span.end < valueEnd) text += unfoldedText(bytes, span.end, valueEnd);
  return `${text}\r\n`;
}

/** The top Via value less its rport and received parameters. */
function viaWithoutSource(message: SipMessage): string {
  const { bytes, topVia: span } = message;
  const { rportStart, rportEnd, receivedStart, receivedEnd } = span;
  const hasReceived = receivedEnd > 0;
  if (rportEnd === 0 && !hasReceived) return unfoldedText(bytes, span.start, span.end).trimEnd();
  let firstStart = rportStart;
  let firstEnd = rportEnd;
  let lastStart = receivedStart;
  let lastEnd = receivedEnd;
  if (rportEnd === 0 || (hasReceived && receivedStart < rportStart)) {
    firstStart = receivedStart;
    firstEnd = receivedEnd;
    lastStart = rportStart;
    lastEnd = rportEnd;
  }
  const head = unfoldedText(bytes, span.start, firstStart);
  if (lastEnd === 0) return (head + unfoldedText(bytes, firstEnd, span.end)).trimEnd();
  const middle = unfoldedText(bytes, firstEnd, lastStart);
  return (head + middle + unfoldedText(bytes, lastEnd, span.end)).trimEnd();
}
