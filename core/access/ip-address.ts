// IP addresses as text: one canonical form (RFC 5952 for IPv6), so that what an operator wrote and
// what a socket reports compare equal. IPv4-mapped IPv6 (RFC 4291 2.5.5.2) is the IPv4 address, as a
// dual-stack socket reports IPv4 peers. No zone ids: a link-local peer is matched without its zone.

export interface AddressPort {
  /** Canonical, no brackets. */
  address: string;
  port: number | undefined;
}

/** Undefined where the text is no IP address. */
export function canonicalAddress(text: string): string | undefined {
  if (!text.includes(':')) {
    const octets = ipv4Octets(text);
    return octets === undefined ? undefined : octets.join('.');
  }
  const zone = text.indexOf('%');
  const groups = ipv6Groups(zone < 0 ? text : text.slice(0, zone));
  return groups === undefined ? undefined : formatGroups(groups);
}

/** "192.0.2.1", "192.0.2.1:5060", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5060". */
export function parseAddressPort(text: string): AddressPort | undefined {
  let host = text;
  let portText: string | undefined;
  const close = text.indexOf(']');
  if (text.startsWith('[')) {
    if (close < 0) return undefined;
    host = text.slice(1, close);
    const rest = text.slice(close + 1);
    if (rest !== '' && !rest.startsWith(':')) return undefined;
    portText = rest === '' ? undefined : rest.slice(1);
    if (!host.includes(':')) return undefined;
  } else if (text.indexOf(':') === text.lastIndexOf(':') && text.includes(':')) {
    host = text.slice(0, text.indexOf(':'));
    portText = text.slice(text.indexOf(':') + 1);
  }
  const address = host.includes('%') ? undefined : canonicalAddress(host);
  if (address === undefined) return undefined;
  if (portText === undefined) return { address, port: undefined };
  if (!/^[0-9]{1,5}$/.test(portText)) return undefined;
  const port = Number(portText);
  return port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

/** Dotted quads without leading zeros (which some read as octal). */
function ipv4Octets(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const octets: number[] = [];
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    octets.push(Number(part));
  }
  return octets;
}

/** The eight groups of an IPv6 address (RFC 4291 2.2). */
function ipv6Groups(text: string): number[] | undefined {
  const gap = text.indexOf('::');
  if (gap >= 0 && text.indexOf('::', gap + 1) >= 0) return undefined;
  if (gap < 0) {
    const groups = groupList(text, true);
    return groups?.length === 8 ? groups : undefined;
  }
  const before = gap === 0 ? [] : groupList(text.slice(0, gap), false);
  const after = gap + 2 === text.length ? [] : groupList(text.slice(gap + 2), true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  return missing >= 1 ? [...before, ...new Array<number>(missing).fill(0), ...after] : undefined;
}

/** `atEnd`: the last part may be dotted IPv4. */
function groupList(text: string, atEnd: boolean): number[] | undefined {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const octets = atEnd && index === parts.length - 1 ? ipv4Octets(part) : undefined;
      if (octets === undefined) return undefined;
      groups.push(octets[0]! * 256 + octets[1]!, octets[2]! * 256 + octets[3]!);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** RFC 5952 4: lower case, no leading zeros, the longest run of at least two zero groups as "::". */
function formatGroups(groups: readonly number[]): string {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high, low] = [groups[6]!, groups[7]!];
    return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`;
  }
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > runLength) [runStart, runLength] = [start, end - start];
  }
  const hex = groups.map((group) => group.toString(16));
  if (runStart < 0) return hex.join(':');
  return `${hex.slice(0, runStart).join(':')}::${hex.slice(runStart + runLength).join(':')}`;
}
