// Which routing gateways this node can send to: one of its listening sockets must have the transport and
// the address family of the gateway (the same rule as `listenerTowards` of core/call/local-identity.ts).
import { isIPv6 } from 'node:net';
import type { Listener } from '../../core/call/local-identity.ts';
import { Transport } from '../../core/sip/hop.ts';
import { listenText } from '../listen-setting.ts';

export interface GatewayTarget {
  readonly transport: Transport;
  readonly address: string;
  /** Address of the listener that it must be reached from. */
  readonly localIp?: string | undefined;
}

/** Undefined: it can be reached; else the sentence that says why not. */
export function unreachableReason(
  target: GatewayTarget,
  listeners: readonly Listener[],
): string | undefined {
  const ipv6 = isIPv6(target.address);
  const { localIp = '' } = target;
  const fits = (listener: Listener): boolean =>
    listener.transport === target.transport &&
    isIPv6(listener.address) === ipv6 &&
    (localIp === '' || listener.address === localIp);
  if (listeners.some(fits)) return undefined;
  const transport = target.transport === Transport.tcp ? 'TCP' : 'UDP';
  const family = ipv6 ? 'IPv6' : 'IPv4';
  const where = localIp === '' ? family : `its localIp ${localIp}`;
  return `this node has no ${transport} listener on ${where}; it listens on ${listeners.map(listenText).join(', ')}`;
}
