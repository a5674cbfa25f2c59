// Answers without a transaction (RFC 3261 8.2.7): to requests the parser finds fault with, and to new
// INVITEs that a full ring has no place for.
import { hex32 } from '../bytes/digits.ts';
import { keyedHashText } from '../bytes/keyed-hash.ts';
import type { MessageBytes } from '../bytes/latin1.ts';
import { HeaderId } from './header-id.ts';
import { headerTag } from './header-values.ts';
import type { Hop } from './hop.ts';
import { headerText, type SipMessage } from './message.ts';
import { Method } from './method.ts';
import { parseMessage } from './parse-message.ts';
import { reasonPhrase } from './status.ts';
import { viaLines } from './via.ts';

/**
 * The response to the request in `message`, whatever of it could be read; '' when there is none to
 * give: for a response, an ACK (RFC 3261 17.1.1.3), or without a Via. `extraHeaderLines`: complete lines.
 */
export function writeFaultReply(
  message: SipMessage,
  statusCode: number,
  hop: Hop,
  extraHeaderLines: string,
): string {
  if (!message.isRequest || message.method === Method.ACK) return '';
  const vias = viaLines(message, hop);
  if (vias === '') return '';
  return (
    `SIP/2.0 ${statusCode} ${reasonPhrase(statusCode)}\r\n${vias}` +
    copiedLine(message, HeaderId.from, 'From') +
    toLine(message) +
    copiedLine(message, HeaderId.callId, 'Call-ID') +
    copiedLine(message, HeaderId.cseq, 'CSeq') +
    `${extraHeaderLines}Content-Length: 0\r\n\r\n`
  );
}

function copiedLine(message: SipMessage, id: HeaderId, name: string): string {
  const text = headerText(message, id);
  return text === undefined ? '' : `${name}: ${text}\r\n`;
}

function toLine(message: SipMessage): string {
  const to = headerText(message, HeaderId.to);
  if (to === undefined) return '';
  const tagged = message.to.tagEnd > message.to.tagStart;
  return tagged ? `To: ${to}\r\n` : `To: ${to};tag=${statelessTag(message)}\r\n`;
}

const tagKey = Uint32Array.of(0x74616e64, 0x656d);

/** The same tag for every retransmission of the request (RFC 3261 8.2.7), from what identifies it. */
function statelessTag(message: SipMessage): string {
  const { bytes, topVia } = message;
  const branch = topVia.valid ? bytes.latin1Slice(topVia.branchStart, topVia.branchEnd) : '';
  const callId = headerText(message, HeaderId.callId) ?? '';
  const from = headerTag(message, HeaderId.from);
  return hex32(keyedHashText(`${branch} ${callId} ${from} ${message.cseq}`, tagKey));
}

/**
 * The answer to a new INVITE that is refused at the door; a 503 says when to come back. `scratch` is the caller's
 * own message, only used for the time of this call. '' when the INVITE cannot be answered.
 */
export function writeOverloadReply(
  scratch: SipMessage,
  bytes: MessageBytes,
  end: number,
  refusal: {
    readonly hop: Hop;
    readonly statusCode: number;
    readonly retryAfterSeconds: number;
  },
): string {
  const { hop, statusCode, retryAfterSeconds } = refusal;
  parseMessage(scratch, bytes, end, hop.transport);
  const headers = statusCode === 503 ? `Retry-After: ${retryAfterSeconds}\r\n` : '';
  return writeFaultReply(scratch, statusCode, hop, headers);
}
