// Whether a source is anybody of ours, and what it hears if it is not: the same for every request, readable or not,
// so that a scanner learns nothing (SS_REPLY_UNAUTHORIZED).
import type { Snapshot } from '../configuration/snapshot.ts';
import { identifyPeer } from './identify-peer.ts';
import { isRoutingAddress } from './routing-addresses.ts';

interface Source {
  readonly address: string;
  readonly port: number;
}

/** Whether it is an address of a gateway of either kind. */
export function isKnownSource(snapshot: Snapshot, { address, port }: Source): boolean {
  return identifyPeer(snapshot, address, port) !== undefined || isRoutingAddress(snapshot, address);
}

/** The SIP status of an unknown source; 0: nothing is said. */
export function strangerStatus(snapshot: Snapshot): number {
  return snapshot.parameters.SS_REPLY_UNAUTHORIZED ? 403 : 0;
}

/** What a source is answered where a gateway of ours would hear `statusCode`; 0: nothing. */
export function statusTowards(snapshot: Snapshot, source: Source, statusCode: number): number {
  return isKnownSource(snapshot, source) ? statusCode : strangerStatus(snapshot);
}
