// The routing gateways that could take a call, in the order in which they are tried, and the walk over
// them. Locked gateways are left out. A gateway is a candidate once, under its longest prefix.
import { routingGatewayAt } from '../configuration/open-snapshot.ts';
import type { RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import {
  gatewayCountOf,
  gatewayRowOf,
  longestPrefix,
  prefixLengthOf,
  shorterPrefix,
} from '../number/prefix-table.ts';

/** Gateways beyond these are never tried for one call. */
export const candidatesMax = 32;

export interface Candidate {
  readonly gateway: RoutingGateway;
  /** Byte string. */
  readonly prefix: string;
  readonly prefixLength: number;
}

/** `callee` is a byte string. */
export function candidateGateways(snapshot: Snapshot, callee: string): Candidate[] {
  const table = snapshot.prefixes;
  const candidates: Candidate[] = [];
  for (let entry = longestPrefix(table, callee); entry >= 0; entry = shorterPrefix(table, entry)) {
    const count = gatewayCountOf(table, entry);
    const prefixLength = prefixLengthOf(table, entry);
    for (let index = 0; index < count; index++) {
      const row = gatewayRowOf(table, entry, index);
      // Rows are in list order, locked gateways last.
      if (row >= snapshot.unlockedRoutingRows) break;
      const gateway = routingGatewayAt(snapshot, row);
      if (isAmong(candidates, gateway)) continue;
      candidates.push({ gateway, prefix: callee.slice(0, prefixLength), prefixLength });
      if (candidates.length === candidatesMax) return candidates;
    }
  }
  return candidates;
}

/** Where one call stands in its list. */
export interface Hunt {
  readonly candidates: readonly Candidate[];
  next: number;
  /** Candidates of shorter prefixes are out: a gateway in mode `terminate` was tried. */
  prefixLengthMin: number;
}

export function startHunt(candidates: readonly Candidate[]): Hunt {
  return { candidates, next: 0, prefixLengthMin: 0 };
}

/** The next candidate to look at; undefined at the end of the list. */
export function nextCandidate(hunt: Hunt): Candidate | undefined {
  const candidate = hunt.candidates[hunt.next];
  if (candidate === undefined || candidate.prefixLength < hunt.prefixLengthMin) return undefined;
  hunt.next += 1;
  return candidate;
}

/** To be called when an INVITE is sent to the candidate, not when it is skipped for want of a line: the
 *  other gateways of its prefix length still follow, shorter prefixes do not. */
export function candidateTried(hunt: Hunt, candidate: Candidate): void {
  if (candidate.gateway.prefixMode !== 'terminate') return;
  hunt.prefixLengthMin = Math.max(hunt.prefixLengthMin, candidate.prefixLength);
}

function isAmong(candidates: readonly Candidate[], gateway: RoutingGateway): boolean {
  for (const candidate of candidates) if (candidate.gateway === gateway) return true;
  return false;
}
