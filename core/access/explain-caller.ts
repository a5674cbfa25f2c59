// How the mapping gateway of a call is found, for routing analysis: told beside what identify-peer.ts decides.
import { textOfByteString } from '../bytes/utf8-text.ts';
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { gatewaysAt, identifyCallerOf, sourcesOf } from './identify-peer.ts';
import { parseAddressPort } from './ip-address.ts';

export interface ExplainedCaller {
  /** Undefined: nobody's call comes from there. */
  readonly gateway: MappingGateway | undefined;
  readonly how: string;
}

/** Names and addresses told of; a gateway may have thousands. */
const toldMax = 8;
/** A source without a port has that of no entry. */
const anyPort = 0;

/** `source`: "192.0.2.1" or "192.0.2.1:5060"; `callee`: a byte string. Undefined: no address. */
export function explainSource(
  snapshot: Snapshot,
  source: string,
  callee: string,
): ExplainedCaller | undefined {
  const parsed = parseAddressPort(source);
  if (parsed === undefined) return undefined;
  const { address, port = anyPort } = parsed;
  const gateway = identifyCallerOf(snapshot, { address, port }, callee);
  const byPort = gatewaysAt(snapshot, address, port);
  const byAddress = gatewaysAt(snapshot, address, undefined);
  if (gateway === undefined) {
    const there = [...byPort, ...byAddress];
    const others = there.length === 0 ? '' : `: the number does not begin as ${listed(there)}`;
    return { gateway, how: `${source} is no gateway's${others}` };
  }
  const isByPort = byPort.includes(gateway);
  const sharers = (isByPort ? byPort : byAddress).filter((each) => each !== gateway);
  const fitting = sharers.filter(({ techPrefix }) => callee.startsWith(techPrefix));
  const others = sharers.filter((each) => !fitting.includes(each));
  const where = isByPort ? `address and port ${source}` : `address ${address}, any port`;
  const prefix = sharers.length === 0 ? '' : `, ${prefixOf(gateway)}`;
  const before = fitting.length === 0 ? '' : `, which is longer than of ${listed(fitting)}`;
  const not = others.length === 0 ? '' : `; the number does not begin as ${listed(others)}`;
  return { gateway, how: `${gateway.name}, by ${where}${prefix}${before}${not}` };
}

/** Of a gateway that was asked for by its name: whose call such a number is where the gateway sends from. */
export function explainName(snapshot: Snapshot, gateway: MappingGateway, callee: string): string {
  const { name } = gateway;
  const sources = sourcesOf(snapshot, name);
  if (sources.length === 0) {
    return `${name}, by its name; no address leads to it: others that have them stand before it`;
  }
  const taken: string[] = [];
  for (const { address, port = anyPort } of sources) {
    const found = identifyCallerOf(snapshot, { address, port }, callee);
    if (found === undefined || found.name === name) continue;
    taken.push(
      `from ${address}${port === anyPort ? '' : `:${port}`} it is one of ${listed([found])}`,
    );
    if (taken.length === toldMax) break;
  }
  return taken.length === 0 ? `${name}, by its name` : `${name}, by its name; ${taken.join(', ')}`;
}

function listed(gateways: readonly MappingGateway[]): string {
  const told = gateways.slice(0, toldMax).map((each) => `${each.name} (${prefixOf(each)})`);
  const more = gateways.length - told.length;
  return more === 0 ? told.join(', ') : `${told.join(', ')} and ${more} more`;
}

function prefixOf({ techPrefix }: MappingGateway): string {
  return techPrefix === '' ? 'no tech prefix' : `tech prefix "${textOfByteString(techPrefix)}"`;
}
