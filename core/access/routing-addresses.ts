// Whether an address belongs to a routing gateway: carriers ping us with OPTIONS too.
import { allRoutingGateways } from '../configuration/open-snapshot.ts';
import type { Snapshot } from '../configuration/snapshot.ts';

const addressesOf = new WeakMap<Snapshot, ReadonlySet<string>>();

export function isRoutingAddress(snapshot: Snapshot, address: string): boolean {
  let addresses = addressesOf.get(snapshot);
  if (addresses === undefined) {
    addresses = new Set(allRoutingGateways(snapshot).map((gateway) => gateway.address));
    addressesOf.set(snapshot, addresses);
  }
  return addresses.has(address);
}
