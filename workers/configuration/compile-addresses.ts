// Builds the address table of a snapshot (core/configuration/snapshot-layout.ts): canonical address, with
// or without port, to the rows of the mapping gateways that send from there: one, or one a tech prefix.
import { addressKey } from '../../core/access/identify-peer.ts';
import { type AddressPort, parseAddressPort } from '../../core/access/ip-address.ts';
import { byteHash } from '../../core/bytes/byte-hash.ts';
import type { AddressTable } from '../../core/configuration/snapshot.ts';
import { addressListBit, addressSlotWords } from '../../core/configuration/snapshot-layout.ts';
import { compareGateways } from '../../core/routing/gateway-order.ts';

const slotsMin = 16;

interface AddressOwner {
  readonly name: string;
  readonly priority: number;
  readonly addresses: readonly string[];
  readonly techPrefix?: string | undefined;
}

/** `gateways` in row order. */
export function compileAddresses(gateways: readonly AddressOwner[]): AddressTable {
  const owners = new Map<string, number[]>();
  for (const [row, gateway] of gateways.entries()) {
    for (const address of gateway.addresses) {
      const key = addressKeyOf(address);
      const rows = owners.get(key);
      if (rows === undefined) owners.set(key, [row]);
      else addOwner(rows, row, gateways);
    }
  }
  for (const rows of owners.values()) {
    rows.sort((left, right) => prefixBytes(gateways[right]!) - prefixBytes(gateways[left]!));
  }
  return fillTable(owners);
}

/** Of gateways with one tech prefix the first by priority is kept. */
function addOwner(rows: number[], row: number, gateways: readonly AddressOwner[]): void {
  const gateway = gateways[row]!;
  const same = rows.findIndex(
    (other) => (gateways[other]!.techPrefix ?? '') === (gateway.techPrefix ?? ''),
  );
  if (same < 0) rows.push(row);
  else if (compareGateways(gateway, gateways[rows[same]!]!) < 0) rows[same] = row;
}

function prefixBytes({ techPrefix }: AddressOwner): number {
  return Buffer.byteLength(techPrefix ?? '');
}

/** The key of an address of a checked document. */
export function addressKeyOf(text: string): string {
  const parsed = parseAddressPort(text) as AddressPort;
  return addressKey(parsed.address, parsed.port);
}

function fillTable(owners: ReadonlyMap<string, readonly number[]>): AddressTable {
  let count = slotsMin;
  while (count * 3 < owners.size * 4) count *= 2;
  const slots = new Uint32Array(count * addressSlotWords);
  const keys = Buffer.from([...owners.keys()].join(''), 'latin1');
  const lists: number[] = [];
  let keyStart = 0;
  for (const [key, rows] of owners) {
    const place = rows.length === 1 ? rows[0]! : addressListBit | lists.length;
    if (rows.length > 1) lists.push(rows.length, ...rows);
    const hash = byteHash(key);
    let slot = hash & (count - 1);
    while (slots[slot * addressSlotWords + 3] !== 0) slot = (slot + 1) & (count - 1);
    slots.set([hash, keyStart, key.length, place + 1], slot * addressSlotWords);
    keyStart += key.length;
  }
  return { slots, keys, lists: Uint16Array.from(lists) };
}
