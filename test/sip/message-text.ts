// Message text for the tests of this folder: lines in, octets out.
import { Buffer } from 'node:buffer';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Fault } from '../../core/sip/fault.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { createMessage, type SipMessage } from '../../core/sip/message.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';

/** One octet a character. */
export function octets(text: string): MessageBytes {
  return Buffer.from(text, 'latin1') as Buffer & MessageBytes;
}

export function allocate(size: number): MessageBytes {
  return Buffer.alloc(size) as Buffer & MessageBytes;
}

export function lines(...rows: string[]): string {
  return rows.map((row) => `${row}\r\n`).join('');
}

/** Header lines of a request that has no fault. */
export const plainHeaders: readonly string[] = [
  'Via: SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bKabc;rport',
  'Max-Forwards: 70',
  'From: "Ann" <sip:ann@caller.example>;tag=a1',
  'To: <sip:bob@callee.example>',
  'Call-ID: call-1@caller.example',
  'CSeq: 7 INVITE',
  'Content-Length: 0',
];

/** An INVITE with the plain headers, those replaced whose name starts a given line, others added. */
export function invite(...changes: string[]): string {
  const name = (row: string): string => row.slice(0, row.indexOf(':')).trim().toLowerCase();
  const changed = new Set(changes.map(name));
  const kept = plainHeaders.filter((row) => !changed.has(name(row)));
  return lines('INVITE sip:bob@callee.example SIP/2.0', ...kept, ...changes, '');
}

export const hop: Hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '198.51.100.7',
  port: 40_000,
};

export function parsed(
  text: string,
  transport: Transport = Transport.udp,
): { message: SipMessage; fault: Fault } {
  const message = createMessage();
  const bytes = octets(text);
  return { message, fault: parseMessage(message, bytes, bytes.length, transport) };
}
