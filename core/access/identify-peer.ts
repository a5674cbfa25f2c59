// Which mapping gateway a request comes from, by its source address. An entry with a port beats one
// without. Gateways that share an address are told apart by the tech prefix that the number called begins
// with, the longest first and none last; among equal ones the compiler has kept the one of lowest priority
// number, then first by name. A locked gateway is found too: its calls are refused under its name.
import { byteHash } from '../bytes/byte-hash.ts';
import { mappingGatewayAt } from '../configuration/open-snapshot.ts';
import { asciiText } from '../configuration/read-text-rows.ts';
import type { AddressTable, MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { addressListBit, addressSlotWords } from '../configuration/snapshot-layout.ts';
import type { SipMessage } from '../sip/message.ts';
import { uriUserAt } from '../sip/uri-user.ts';
import { canonicalAddress } from './ip-address.ts';

/** Whoever may send from there, whatever he calls. `address` as the socket gave it (no brackets). */
export function identifyPeer(
  snapshot: Snapshot,
  address: string,
  port: number,
): MappingGateway | undefined {
  const canonical = canonicalSource(address);
  let places = findRows(snapshot.addresses, addressKey(canonical, port));
  if (places < 0) places = findRows(snapshot.addresses, addressKey(canonical, undefined));
  return places < 0 ? undefined : gatewayOf(snapshot, places, 0);
}

/** The gateway of a call that begins with this INVITE. */
export function identifyCaller(
  snapshot: Snapshot,
  address: string,
  port: number,
  invite: SipMessage,
): MappingGateway | undefined {
  const canonical = canonicalSource(address);
  const withPort = findRows(snapshot.addresses, addressKey(canonical, port));
  const found = withPort < 0 ? undefined : callerAmong(snapshot, withPort, invite);
  if (found !== undefined) return found;
  const anyPort = findRows(snapshot.addresses, addressKey(canonical, undefined));
  return anyPort < 0 ? undefined : callerAmong(snapshot, anyPort, invite);
}

/** The same by the number that it calls, a byte string. */
export function identifyCallerOf(
  snapshot: Snapshot,
  { address, port }: { readonly address: string; readonly port: number },
  callee: string,
): MappingGateway | undefined {
  const canonical = canonicalSource(address);
  for (const key of [addressKey(canonical, port), addressKey(canonical, undefined)]) {
    const places = findRows(snapshot.addresses, key);
    const count = places < 0 ? 0 : gatewayCount(snapshot.addresses, places);
    for (let index = 0; index < count; index++) {
      const gateway = gatewayOf(snapshot, places, index);
      if (callee.startsWith(gateway.techPrefix)) return gateway;
    }
  }
  return undefined;
}

/** Whether requests from there may be this gateway's. */
export function isPeerOf(
  snapshot: Snapshot,
  name: string,
  source: { readonly address: string; readonly port: number },
): boolean {
  const canonical = canonicalSource(source.address);
  return (
    isAmong(snapshot, findRows(snapshot.addresses, addressKey(canonical, source.port)), name) ||
    isAmong(snapshot, findRows(snapshot.addresses, addressKey(canonical, undefined)), name)
  );
}

/** The text under which an address is compiled. */
export function addressKey(canonical: string, port: number | undefined): string {
  return port === undefined ? `${canonical}|` : `${canonical}|${port}`;
}

/** Sockets print IPv4 in its only form; IPv6 has many. */
function canonicalSource(address: string): string {
  return address.includes(':') ? (canonicalAddress(address) ?? address) : address;
}

function callerAmong(
  snapshot: Snapshot,
  places: number,
  invite: SipMessage,
): MappingGateway | undefined {
  const count = gatewayCount(snapshot.addresses, places);
  let callee: string | undefined;
  for (let index = 0; index < count; index++) {
    const gateway = gatewayOf(snapshot, places, index);
    if (gateway.techPrefix === '') return gateway;
    callee ??= uriUserAt(invite.bytes, invite.requestUriStart, invite.requestUriEnd);
    if (callee.startsWith(gateway.techPrefix)) return gateway;
  }
  return undefined;
}

function isAmong(snapshot: Snapshot, places: number, name: string): boolean {
  if (places < 0) return false;
  const count = gatewayCount(snapshot.addresses, places);
  for (let index = 0; index < count; index++) {
    if (gatewayOf(snapshot, places, index).name === name) return true;
  }
  return false;
}

function gatewayCount({ lists }: AddressTable, places: number): number {
  return isList(places) ? lists[places & ~addressListBit]! : 1;
}

function gatewayOf(snapshot: Snapshot, places: number, index: number): MappingGateway {
  const row = isList(places)
    ? snapshot.addresses.lists[(places & ~addressListBit) + 1 + index]!
    : places;
  return mappingGatewayAt(snapshot, row);
}

function isList(places: number): boolean {
  return (places & addressListBit) !== 0;
}

/** A row, or a list of rows with `addressListBit`; -1: none. */
function findRows(table: AddressTable, key: string): number {
  const { slots } = table;
  const slotMask = slots.length / addressSlotWords - 1;
  const hash = byteHash(key);
  // Ends at a free slot: the table is at most three quarters full.
  for (let slot = hash & slotMask; ; slot = (slot + 1) & slotMask) {
    const at = slot * addressSlotWords;
    const found = slots[at + 3]!;
    if (found === 0) return -1;
    if (slots[at] === hash && keyEquals(table, at, key)) return found - 1;
  }
}

function keyEquals(table: AddressTable, slotWord: number, key: string): boolean {
  if (table.slots[slotWord + 2] !== key.length) return false;
  const start = table.slots[slotWord + 1]!;
  for (let at = 0; at < key.length; at++) {
    if (table.keys[start + at] !== key.charCodeAt(at)) return false;
  }
  return true;
}

/** All that may be found there, in the order in which the number called is compared with their tech prefixes.
 *  `port` undefined: entries without one. */
export function gatewaysAt(
  snapshot: Snapshot,
  address: string,
  port: number | undefined,
): MappingGateway[] {
  const places = findRows(snapshot.addresses, addressKey(canonicalSource(address), port));
  const count = places < 0 ? 0 : gatewayCount(snapshot.addresses, places);
  return Array.from({ length: count }, (_, index) => gatewayOf(snapshot, places, index));
}

/** Where a gateway's calls may come from, in a fixed order, other gateways beside it or not. Looks at the whole table. */
export function sourcesOf(
  snapshot: Snapshot,
  name: string,
): { readonly address: string; readonly port: number | undefined }[] {
  const { addresses: table } = snapshot;
  const keys: string[] = [];
  for (let at = 0; at < table.slots.length; at += addressSlotWords) {
    const found = table.slots[at + 3]!;
    if (found === 0 || !isAmong(snapshot, found - 1, name)) continue;
    const start = table.slots[at + 1]!;
    keys.push(asciiText(table.keys, start, table.slots[at + 2]!));
  }
  return keys.sort().map((key) => {
    const [address = '', port = ''] = key.split('|');
    return { address, port: port === '' ? undefined : Number(port) };
  });
}
