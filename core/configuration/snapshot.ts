// What a call worker runs from: one immutable, compiled version of the configuration. Prefixes and
// addresses live in shared memory and are never copied per worker; gateways are decoded on first use.
// A call keeps the gateway objects and the parameters it was set up with, never the tables.
import type { Parameters } from './model.ts';

export interface MappingGateway {
  readonly name: string;
  /** Slot of its line counter and CPS window, kept over snapshots. */
  readonly slot: number;
  readonly account: string | null;
  readonly lineLimit: number;
  readonly cpsLimit: number;
  readonly trusted: boolean;
  readonly locked: boolean;
}

export interface RoutingGateway {
  readonly name: string;
  readonly slot: number;
  readonly account: string | null;
  /** `Transport` of core/sip/hop.ts. */
  readonly transport: 0 | 1;
  readonly address: string;
  readonly port: number;
  readonly prefixMode: 'terminate' | 'continue';
  readonly priority: number;
  readonly lineLimit: number;
  readonly cpsLimit: number;
  readonly calleePrefix: string;
  readonly stopCodes: readonly number[];
  readonly switchUntilConnect: boolean;
  readonly locked: boolean;
}

/** All prefixes of all routing gateways; core/number/prefix-table.ts looks numbers up in it. */
export interface PrefixTable {
  readonly slots: Uint32Array;
  readonly entries: Uint32Array;
  readonly lists: Uint16Array;
  readonly keys: Uint8Array;
  readonly lengthMasks: Uint32Array;
  readonly shortLengthMask: number;
  /** Entry of the empty prefix; -1: none. */
  readonly emptyPrefixEntry: number;
}

/** Addresses of all mapping gateways; core/access/identify-peer.ts looks peers up in it. */
export interface AddressTable {
  readonly slots: Uint32Array;
  readonly keys: Uint8Array;
}

/** The gateways of one kind: decoded on first use, then kept as long as the snapshot. */
export interface GatewayRows<Gateway> {
  readonly rows: Uint32Array;
  readonly text: Uint8Array;
  readonly decoded: (Gateway | undefined)[];
  /** Built when a gateway is first asked for by name. */
  byName: Map<string, Gateway> | undefined;
}

/** Byte tables of one version, laid out by snapshot-layout.ts. */
export interface Snapshot {
  readonly version: number;
  readonly parameters: Parameters;
  readonly prefixes: PrefixTable;
  readonly addresses: AddressTable;
  readonly mappingGateways: GatewayRows<MappingGateway>;
  /** In the order in which equal prefixes are tried, locked ones last. */
  readonly routingGateways: GatewayRows<RoutingGateway>;
  /** Routing gateways at or above this row are locked. */
  readonly unlockedRoutingRows: number;
}

/** Slot of the node itself: SS_MAXCPS and the calls up of the whole node. */
export const nodeSlot = 0;
