// Which mapping gateway a request comes from, by its source address. An entry with a port beats one
// without; where several gateways share an address the compiler has kept the one of lowest priority
// number, then first by name. A locked gateway is found too: its calls are refused under its name.
import { byteHash } from '../bytes/byte-hash.ts';
import { mappingGatewayAt } from '../configuration/open-snapshot.ts';
import type { AddressTable, MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { addressSlotWords } from '../configuration/snapshot-layout.ts';
import { canonicalAddress } from './ip-address.ts';

/** `address` as the socket gave it (no brackets). */
export function identifyPeer(
  snapshot: Snapshot,
  address: string,
  port: number,
): MappingGateway | undefined {
  // Sockets print IPv4 in its only form; IPv6 has many.
  const canonical = address.includes(':') ? (canonicalAddress(address) ?? address) : address;
  let row = findRow(snapshot.addresses, addressKey(canonical, port));
  if (row < 0) row = findRow(snapshot.addresses, addressKey(canonical, undefined));
  return row < 0 ? undefined : mappingGatewayAt(snapshot, row);
}

/** The text under which an address is compiled. */
export function addressKey(canonical: string, port: number | undefined): string {
  return port === undefined ? `${canonical}|` : `${canonical}|${port}`;
}

function findRow(table: AddressTable, key: string): number {
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
