// Socket addresses as the kernel writes them, of IPv4 and IPv6, and their text.
//
//   struct sockaddr_in, 16 bytes    | family u16 | port, big-endian | address 4 | 0 8 |
//   struct sockaddr_in6, 28 bytes   | family u16 | port, big-endian | flow 4 | address 16 | scope u32 |
import { isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Socket } from '../system-calls.ts';

/** One slot of a table of addresses holds either kind. */
export const addressSlotBytes = 32;
export const ipv4AddressBytes = 16;
export const ipv6AddressBytes = 28;

/** Writes the address of `family`; its length, or 0 where the text is no literal of that family. */
export function writeSocketAddress(
  slot: Buffer,
  family: number,
  address: string,
  port: number,
): number {
  if (family === Socket.inet) {
    if (!isIPv4(address)) return 0;
    writeHead(slot, family, port);
    for (const [i, octet] of address.split('.').entries()) slot[4 + i] = Number(octet);
    return ipv4AddressBytes;
  }
  const [literal, zone = ''] = address.split('%') as [string, string?];
  if (!isIPv6(literal)) return 0;
  writeHead(slot, family, port);
  for (const [i, group] of ipv6Groups(literal).entries()) slot.writeUInt16BE(group, 8 + i * 2);
  slot.writeUInt32LE(zone === '' ? 0 : scopeOf(zone), 24);
  return ipv6AddressBytes;
}

export function readPort(slot: Buffer, at: number): number {
  return slot.readUInt16BE(at + 2);
}

/** As node:dgram shows it. */
export function readAddress(slot: Buffer, at: number): string {
  if (slot.readUInt16LE(at) === Socket.inet) {
    return `${slot[at + 4]}.${slot[at + 5]}.${slot[at + 6]}.${slot[at + 7]}`;
  }
  const groups = Array.from({ length: 8 }, (_, i) => slot.readUInt16BE(at + 8 + i * 2));
  // WHATWG URL hosts are in the form of RFC 5952 4.
  const host = new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname;
  const scope = slot.readUInt32LE(at + 24);
  return scope === 0 ? host.slice(1, -1) : `${host.slice(1, -1)}%${zoneOf(scope)}`;
}

function writeHead(slot: Buffer, family: number, port: number): void {
  slot.fill(0, 0, addressSlotBytes);
  slot.writeUInt16LE(family, 0);
  slot.writeUInt16BE(port, 2);
}

/** The eight groups of a valid literal. */
function ipv6Groups(literal: string): number[] {
  const host = new URL(`http://[${literal}]`).hostname.slice(1, -1);
  const [before = '', after] = host.split('::') as [string, string?];
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const head = numbers(before);
  const tail = after === undefined ? [] : numbers(after);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** RFC 4007 11.2: a zone is named by the system; a number will do. */
function scopeOf(zone: string): number {
  if (/^[0-9]+$/.test(zone)) return Number(zone);
  return networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid ?? 0;
}

function zoneOf(scope: number): string {
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    if (entries.some((entry) => entry.family === 'IPv6' && entry.scopeid === scope)) return name;
  }
  return String(scope);
}
