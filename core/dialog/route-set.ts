// Route sets (RFC 3261 12.1, 12.2.1.1) and where a request with one goes. Only literal addresses are
// followed: a host name stays with the peer the dialog began with, since this node resolves none.

import { Char } from '../bytes/character-class.ts';
import type { HeaderId } from '../sip/header-id.ts';
import { splitHeaderValues } from '../sip/header-list.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import { headerTexts, type SipMessage } from '../sip/message.ts';
import { nameAddrUri } from '../sip/name-addr.ts';
import { parseUri, type SipUri, uriParam } from '../sip/uri.ts';

export interface RouteSet {
  /** Complete Route lines, or ''. */
  readonly lines: string;
  /** URI of the first hop, or '' for an empty set. */
  readonly first: string;
  /** Request-URI where the first hop is a strict router (no lr), else ''. */
  readonly strictTarget: string;
}

const emptyRouteSet: RouteSet = { lines: '', first: '', strictTarget: '' };

/** The route set that a dialog-creating message gives; `reversed` for the side that sent the request (RFC 3261 12.1.2). */
export function routeSetOf(message: SipMessage, id: HeaderId, reversed: boolean): RouteSet {
  if (message.firstRow[id]! < 0) return emptyRouteSet;
  const values: string[] = [];
  for (const row of headerTexts(message, id)) values.push(...splitHeaderValues(row));
  if (reversed) values.reverse();
  return routeSet(values);
}

function routeSet(values: readonly string[]): RouteSet {
  const first = values[0];
  if (first === undefined) return emptyRouteSet;
  const firstUri = nameAddrUri(first);
  const uri = parseUri(firstUri);
  const strict = uri !== undefined && uriParam(uri, 'lr') === undefined;
  let lines = '';
  for (let i = strict ? 1 : 0; i < values.length; i++) lines += `Route: ${values[i]}\r\n`;
  return { lines, first: firstUri, strictTarget: strict ? firstUri : '' };
}

/** Where a request goes: the first route or the target, where that is an address; else `current`. */
export function requestHop(routes: RouteSet, target: string, current: Hop): Hop {
  const next = routes.first === '' ? target : routes.first;
  if (isPlainlyAt(next, current)) return current;
  const uri = parseUri(next);
  if (uri === undefined || !isAddress(uri.host)) return current;
  // A socket of one family reaches no address of the other.
  if (uri.host.includes(':') !== current.address.includes(':')) return current;
  if (hiddenBehindNat(uri.host, current.address)) return current;
  return hopTo(uri, current);
}

/** Whether the URI is "sip:", a user or none, and the very address and port of `hop`, as nearly every
 *  Contact is: nothing in it could lead elsewhere. */
function isPlainlyAt(uri: string, hop: Hop): boolean {
  if (!uri.startsWith('sip:')) return false;
  const at = uri.indexOf('@');
  const host = at < 0 ? 4 : at + 1;
  if (!uri.startsWith(hop.address, host)) return false;
  const colon = host + hop.address.length;
  if (colon === uri.length) return hop.port === sipPort;
  if (uri.charCodeAt(colon) !== Char.colon) return false;
  let port = 0;
  for (let pos = colon + 1; pos < uri.length; pos++) {
    const digit = uri.charCodeAt(pos) - Char.zero;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port === hop.port;
}

const sipPort = 5060;

function hopTo(uri: SipUri, current: Hop): Hop {
  const port = uri.port === 0 ? sipPort : uri.port;
  if (uri.host === current.address && port === current.port) return current;
  // A stream stays a stream: its connection is used while it lives, the address when it is gone.
  const stream = current.transport === Transport.tcp;
  const wanted = uriParam(uri, 'transport');
  if (!stream && wanted?.toLowerCase() === 'tcp') return current;
  return {
    transport: current.transport,
    listener: current.listener,
    connection: current.connection,
    address: uri.host,
    port,
  };
}

/** An IPv6 address, which parseUri has read as such, or four decimal octets. */
function isAddress(host: string): boolean {
  if (host.includes(':')) return true;
  let dots = 0;
  let octet = -1;
  for (let i = 0; i < host.length; i++) {
    const digit = host.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      octet = Math.max(octet, 0) * 10 + digit;
      if (octet > 255) return false;
    } else if (digit === -2 && octet >= 0) {
      dots++;
      octet = -1;
    } else {
      return false;
    }
  }
  return dots === 3 && octet >= 0;
}

/** A private address from a public peer is its own side of a NAT: the source is what works. */
function hiddenBehindNat(host: string, source: string): boolean {
  return host !== source && isPrivate(host) && !isPrivate(source);
}

function isPrivate(address: string): boolean {
  if (address.startsWith('10.') || address.startsWith('192.168.')) return true;
  if (address.startsWith('127.') || address.startsWith('169.254.')) return true;
  if (address === '0.0.0.0' || address === '::1' || address.startsWith('fe80')) return true;
  if (!address.startsWith('172.')) return address.startsWith('fc') || address.startsWith('fd');
  const second = Number(address.slice(4, address.indexOf('.', 4)));
  return second >= 16 && second <= 31;
}
