// How this switch names itself to peers: the Via, Contact and URI host of each listening socket, and
// the tags, branches and Call-IDs it mints. Nothing of one side's peer is in them (topology hiding).
import { writeHex } from '../bytes/digits.ts';
import type { MessageBytes } from '../bytes/latin1.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { mintCallId } from '../shard/call-id-shard.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import { allowLine } from './allow.ts';

/** One of our listening sockets as peers see it. */
export interface Listener {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
}

/** The texts of one listener, made once. */
export interface ListenerText {
  readonly transport: Transport;
  readonly ipv6: boolean;
  readonly loopback: boolean;
  /** "SIP/2.0/UDP 192.0.2.1:5060". */
  readonly sentBy: string;
  /** Complete Contact line. */
  readonly contact: string;
  /** Contact and Allow, as INVITEs and their responses have them. */
  readonly contactLines: string;
  /** Host part of our URIs; IPv6 in brackets. */
  readonly host: string;
}

export interface LocalIdentity {
  readonly listeners: readonly ListenerText[];
  readonly workerIndex: number;
  readonly shardKey: Uint32Array;
  readonly random32: () => number;
  /** Makes tags and branches of one run distinct even if the random words repeat. */
  sequence: number;
  /** At least 64 bytes; identifiers are written here before they become strings. */
  readonly scratch: MessageBytes;
}

export function createLocalIdentity(options: {
  listeners: readonly Listener[];
  workerIndex: number;
  shardKey: Uint32Array;
  random32: () => number;
  scratch: MessageBytes;
}): LocalIdentity {
  return {
    listeners: options.listeners.map(listenerText),
    workerIndex: options.workerIndex,
    shardKey: options.shardKey,
    random32: options.random32,
    sequence: 0,
    scratch: options.scratch,
  };
}

function listenerText(listener: Listener): ListenerText {
  const ipv6 = listener.address.includes(':');
  const host = bracketed(listener.address);
  const tcp = listener.transport === Transport.tcp;
  const contact = `Contact: <sip:${host}:${listener.port}${tcp ? ';transport=tcp' : ''}>\r\n`;
  return {
    transport: listener.transport,
    ipv6,
    loopback: isLoopback(listener.address),
    sentBy: `SIP/2.0/${tcp ? 'TCP' : 'UDP'} ${host}:${listener.port}`,
    contact,
    // Joined, because that makes one flat string.
    contactLines: [contact, allowLine].join(''),
    host,
  };
}

/** An address as it stands in a URI. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/**
 * The socket from which to reach `address`: the one the call came in on where it fits, else the first
 * of the same transport, family and scope. -1 when this node has none.
 */
export function listenerTowards(
  identity: LocalIdentity,
  transport: Transport,
  address: string,
  preferred: number,
): number {
  const ipv6 = address.includes(':');
  const loopback = isLoopback(address);
  let fallback = -1;
  for (let i = 0; i < identity.listeners.length; i++) {
    const index = (preferred + i) % identity.listeners.length;
    const candidate = identity.listeners[index]!;
    if (candidate.transport !== transport || candidate.ipv6 !== ipv6) continue;
    if (candidate.loopback === loopback) return index;
    if (fallback < 0) fallback = index;
  }
  return fallback;
}

/** The socket for calls to a gateway: the one at its `localIp`, where it has one; -1: there is none. */
export function listenerOf(
  identity: LocalIdentity,
  gateway: Pick<RoutingGateway, 'transport' | 'address' | 'localIp'>,
  preferred: number,
): number {
  const { transport, address, localIp } = gateway;
  if (localIp === '') return listenerTowards(identity, transport, address, preferred);
  const host = bracketed(localIp);
  return identity.listeners.findIndex(
    (listener) => listener.transport === transport && listener.host === host,
  );
}

/** RFC 3261 19.3: at least 32 bits of randomness; here 64 and a sequence. One flat string: it is kept
 *  for the whole call. */
export function mintTag(identity: LocalIdentity): string {
  const { scratch } = identity;
  writeHex(scratch, 0, identity.random32(), 8);
  writeHex(scratch, 8, identity.random32(), 8);
  writeHex(scratch, 16, nextSequence(identity), 8);
  return scratch.latin1Slice(0, 24);
}

const cookie = 'z9hG4bK';

/** RFC 3261 8.1.1.7: begins with the magic cookie, unique over space and time. */
export function mintBranch(identity: LocalIdentity): string {
  const { scratch } = identity;
  for (let i = 0; i < cookie.length; i++) scratch[i] = cookie.charCodeAt(i);
  writeHex(scratch, cookie.length, identity.random32(), 8);
  writeHex(scratch, cookie.length + 8, nextSequence(identity), 8);
  return scratch.latin1Slice(0, cookie.length + 16);
}

function nextSequence(identity: LocalIdentity): number {
  identity.sequence = (identity.sequence + 1) | 0;
  return identity.sequence;
}

export function mintLegCallId(identity: LocalIdentity): string {
  return mintCallId(identity.workerIndex, identity.random32, identity.shardKey, identity.scratch);
}

export function hopAddress(hop: Hop): string {
  return `${bracketed(hop.address)}:${hop.port}`;
}
