// What a response takes from its request (RFC 3261 8.2.6.2), and where it goes (18.2.2, RFC 3581 4).
import { HeaderId } from '../sip/header-id.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import { callIdText, headerText, nextRow, rowText, type SipMessage } from '../sip/message.ts';
import { viaLines } from '../sip/via.ts';
import type { ResponseHead } from '../sip/write-message.ts';

const sipPort = 5060;

/** `hop`: where the request came from. */
export function responseHead(message: SipMessage, hop: Hop): ResponseHead {
  const timestamp = headerText(message, HeaderId.timestamp);
  return {
    vias: viaLines(message, hop),
    from: headerText(message, HeaderId.from) ?? '',
    to: headerText(message, HeaderId.to) ?? '',
    toTagged: message.to.tagEnd > message.to.tagStart,
    callId: callIdText(message),
    cseq: headerText(message, HeaderId.cseq) ?? '',
    recordRoutes: recordRouteLines(message),
    timestamp: timestamp === undefined ? '' : `Timestamp: ${timestamp}\r\n`,
  };
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
