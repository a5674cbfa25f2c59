// Builds the address table of a snapshot (core/configuration/snapshot-layout.ts): canonical address, with
// or without port, to the row of the one mapping gateway that it identifies.
import { addressKey } from '../../core/access/identify-peer.ts';
import { type AddressPort, parseAddressPort } from '../../core/access/ip-address.ts';
import { byteHash } from '../../core/bytes/byte-hash.ts';
import type { AddressTable } from '../../core/configuration/snapshot.ts';
import { addressSlotWords } from '../../core/configuration/snapshot-layout.ts';
import { compareGateways } from '../../core/routing/gateway-order.ts';

const slotsMin = 16;

interface AddressOwner {
  readonly name: string;
  readonly priority: number;
  readonly addresses: readonly string[];
}

/** `gateways` in row order. */
export function compileAddresses(gateways: readonly AddressOwner[]): AddressTable {
  const owners = new Map<string, number>();
  for (const [row, gateway] of gateways.entries()) {
    for (const address of gateway.addresses) {
      const key = addressKeyOf(address);
      const known = owners.get(key);
      if (known === undefined || compareGateways(gateway, gateways[known]!) < 0) {
        owners.set(key, row);
      }
    }
  }
  return fillTable(owners);
}

/** The key of an address of a checked document. */
export function addressKeyOf(text: string): string {
  const parsed = parseAddressPort(text) as AddressPort;
  return addressKey(parsed.address, parsed.port);
}

function fillTable(owners: ReadonlyMap<string, number>): AddressTable {
  let count = slotsMin;
  while (count * 3 < owners.size * 4) count *= 2;
  const slots = new Uint32Array(count * addressSlotWords);
  const keys = Buffer.from([...owners.keys()].join(''), 'latin1');
  let keyStart = 0;
  for (const [key, row] of owners) {
    const hash = byteHash(key);
    let slot = hash & (count - 1);
    while (slots[slot * addressSlotWords + 3] !== 0) slot = (slot + 1) & (count - 1);
    slots.set([hash, keyStart, key.length, row + 1], slot * addressSlotWords);
    keyStart += key.length;
  }
  return { slots, keys };
}
