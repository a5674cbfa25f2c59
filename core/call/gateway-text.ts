// The texts of a routing gateway that every call to it has in its INVITE and its CDR, made once and shared.
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import { bracketed } from './local-identity.ts';

export interface GatewayText {
  /** Of the Request-URI, from the at sign on. */
  readonly uriEnd: string;
  /** Of the To value. */
  readonly toEnd: string;
  /** As CDRs have it: "192.0.2.1:5060". */
  readonly address: string;
  /** Index: listener. */
  readonly hops: (Hop | undefined)[];
}

/** A gateway lives as long as its snapshot and the calls that run on it, and so do its texts. */
const texts: WeakMap<RoutingGateway, GatewayText> = new WeakMap();

export function gatewayText(gateway: RoutingGateway): GatewayText {
  let text = texts.get(gateway);
  if (text === undefined) {
    text = createText(gateway);
    texts.set(gateway, text);
  }
  return text;
}

/** Joined, because that makes one flat string: `+` would leave the pieces to every writer. */
function createText(gateway: RoutingGateway): GatewayText {
  const host = bracketed(gateway.address);
  const tcp = gateway.transport === Transport.tcp ? ';transport=tcp' : '';
  return {
    uriEnd: ['@', host, ':', gateway.port, tcp].join(''),
    toEnd: ['@', host, '>'].join(''),
    address: [host, ':', gateway.port].join(''),
    hops: [],
  };
}

/** The way to the gateway from one of our sockets: the same object for every call. */
export function gatewayHop(gateway: RoutingGateway, listener: number): Hop {
  const { hops } = gatewayText(gateway);
  let hop = hops[listener];
  if (hop === undefined) {
    const { transport, address, port } = gateway;
    hop = { transport, listener, connection: 0, address, port };
    hops[listener] = hop;
  }
  return hop;
}
