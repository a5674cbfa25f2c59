// Which routing gateways this node can send to: one of its listening sockets must have the transport and
// the address family of the gateway (the same rule as `listenerTowards` of core/call/local-identity.ts).
import { isIPv6 } from 'node:net';
import type { Listener } from '../../core/call/local-identity.ts';
import { Transport } from '../../core/sip/hop.ts';
import { listenText } from '../listen-setting.ts';

export interface GatewayTarget {
  readonly transport: Transport;
  readonly address: string;
}

/** Undefined: it can be reached; else the sentence that says why not. */
export function unreachableReason(
  target: GatewayTarget,
  listeners: readonly Listener[],
): string | undefined {
  const ipv6 = isIPv6(target.address);
  const fits = (listener: Listener): boolean =>
    listener.transport === target.transport && isIPv6(listener.address) === ipv6;
  if (listeners.some(fits)) return undefined;
  const transport = target.transport === Transport.tcp ? 'TCP' : 'UDP';
  const family = ipv6 ? 'IPv6' : 'IPv4';
  return `this node has no ${transport} listener on ${family}; it listens on ${listeners.map(listenText).join(', ')}`;
}
