// The longest message that a transport carries. Up to it a request over the path MTU leaves as IP
// fragments: carriers on UDP expect UDP, so it is not moved to TCP (RFC 3261 18.1.1 asks for that; DECISIONS 32).
import { type Hop, Transport } from './hop.ts';
import { messageBytesMax } from './parse-message.ts';

/** Payload of an IPv4 datagram: 65,535 less the headers of IP and UDP; more is EMSGSIZE. */
export const datagramBytesMax = 65_507;

export function fitsHop(hop: Hop, bytes: number): boolean {
  return bytes <= (hop.transport === Transport.udp ? datagramBytesMax : messageBytesMax);
}
