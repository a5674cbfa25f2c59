// A listening address of the node file: "udp://192.0.2.1:5060", "tcp://[2001:db8::1]". Wildcards become
// one entry per local address, because our Via and Contact must say where a peer can reach us.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Transport } from '../core/sip/hop.ts';

export interface ListenSetting {
  readonly transport: Transport;
  /** Textual IP address without brackets; "0.0.0.0" and "::" stand for every local address. */
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
}

const sipPort = 5060;
const expectedForm = 'udp://ADDRESS:PORT or tcp://ADDRESS:PORT';

/** The setting, or what was expected instead. */
export function parseListen(text: string): ListenSetting | string {
  const match = /^([a-z]+):\/\/(\[[^\]]*\]|[^:/\s]*)(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return expectedForm;
  const scheme = match[1]!.toLowerCase();
  if (scheme !== 'udp' && scheme !== 'tcp') {
    return `${expectedForm} (${scheme} is not supported by this version)`;
  }
  const bracketed = match[2]!.startsWith('[');
  const address = bracketed ? match[2]!.slice(1, -1) : match[2]!;
  const family = isIP(address);
  if (family === 0) return `an IP address, not a host name (${expectedForm})`;
  if ((family === 6) !== bracketed) return `an IPv6 address in brackets (${expectedForm})`;
  const port = match[3] === undefined ? sipPort : Number(match[3]);
  if (port > 65535) return `a port from 0 to 65535 (${expectedForm})`;
  return { transport: scheme === 'udp' ? Transport.udp : Transport.tcp, address, port };
}

/** "udp://192.0.2.1:5060", the form in which listeners are shown everywhere. */
export function listenText(listen: ListenSetting): string {
  const scheme = listen.transport === Transport.udp ? 'udp' : 'tcp';
  const host = isIP(listen.address) === 6 ? `[${listen.address}]` : listen.address;
  return `${scheme}://${host}:${listen.port}`;
}

/** Wildcards replaced by the local addresses of their family; doubles dropped. */
export function expandWildcards(listen: readonly ListenSetting[]): ListenSetting[] {
  const expanded = new Map<string, ListenSetting>();
  for (const one of listen) {
    for (const address of addressesOf(one.address)) {
      const concrete = { transport: one.transport, address, port: one.port };
      const key =
        one.port === 0 ? `${listenText(concrete)}#${expanded.size}` : listenText(concrete);
      if (!expanded.has(key)) expanded.set(key, concrete);
    }
  }
  return [...expanded.values()];
}

function addressesOf(address: string): string[] {
  if (address !== '0.0.0.0' && address !== '::') return [address];
  const family = address === '::' ? 'IPv6' : 'IPv4';
  // A link-local IPv6 address means nothing to a peer without its scope.
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === family && !entry.address.startsWith('fe80:'))
    .map((entry) => entry.address);
}
