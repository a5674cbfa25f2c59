// Datagrams that the kernel dropped at our sockets because their receive buffer was full. A socket whose
// descriptor we know is asked itself; those of node:dgram are looked up in the 'drops' column of /proc/net/udp
// and udp6 (Linux; elsewhere nothing is reported), where a socket's figure dies with it: differences are added
// up per inode.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { endianness } from 'node:os';
import { createSocketDropCount, type KernelSocket } from '../datagram/kernel-socket.ts';
import type { SystemCalls } from '../system-calls.ts';

export interface KernelDrops {
  /** Reads once; `onDrops` is told the listener's index and how many were added. */
  read(onDrops: (listener: number, added: number) => void): Promise<void>;
}

export interface DropSource {
  readonly address: string;
  readonly port: number;
}

/** One row of /proc/net/udp that is ours. */
export interface UdpRow {
  /** "0100007F:13C4". */
  local: string;
  inode: number;
  drops: number;
}

/** Index: listener; null for one that has no UDP socket. */
export function createKernelDrops(sources: readonly (DropSource | null)[]): KernelDrops {
  const listenerOfLocal = new Map<string, number>();
  for (const [index, source] of sources.entries()) {
    if (source !== null) listenerOfLocal.set(localColumn(source), index);
  }
  let dropsOfInode = new Map<number, number>();
  return {
    async read(onDrops) {
      if (process.platform !== 'linux') return;
      const next = new Map<number, number>();
      for (const table of ['/proc/net/udp', '/proc/net/udp6']) {
        const text = await readFile(table, 'latin1').catch(() => '');
        for (const row of udpRows(text)) {
          const listener = listenerOfLocal.get(row.local);
          if (listener === undefined) continue;
          next.set(row.inode, row.drops);
          const added = row.drops - (dropsOfInode.get(row.inode) ?? 0);
          if (added > 0) onDrops(listener, added);
        }
      }
      dropsOfInode = next;
    },
  };
}

/** Of shared sockets, which live as long as the node: one call each, where the table is a dozen and a text to read. */
export function createSocketDrops(
  calls: SystemCalls,
  sockets: readonly (KernelSocket | undefined)[],
): KernelDrops {
  const dropsOf = createSocketDropCount(calls);
  const before = new Uint32Array(sockets.length);
  return {
    async read(onDrops) {
      for (const [listener, socket] of sockets.entries()) {
        if (socket === undefined) continue;
        const drops = dropsOf(socket.fd);
        // The kernel counts in 32 bits, and goes round.
        const added = (drops - before[listener]!) >>> 0;
        before[listener] = drops;
        if (added > 0) onDrops(listener, added);
      }
    },
  };
}

/** The table's rows; the first line is its heading. */
export function udpRows(text: string): UdpRow[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 13)
    .map((columns) => ({
      local: columns[1]!,
      inode: Number(columns[9]),
      drops: Number(columns[12]),
    }));
}

/** The kernel prints addresses as 32-bit words in the machine's own byte order. */
export function localColumn(source: DropSource): string {
  const bytes = isIP(source.address) === 6 ? ipv6Bytes(source.address) : ipv4Bytes(source.address);
  let hex = '';
  for (let word = 0; word < bytes.length; word += 4) {
    const group = bytes.slice(word, word + 4);
    if (endianness() === 'LE') group.reverse();
    hex += group.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return `${hex.toUpperCase()}:${source.port.toString(16).toUpperCase().padStart(4, '0')}`;
}

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

function ipv6Bytes(address: string): number[] {
  // The URL parser writes any IPv6 address in its shortest hexadecimal form.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head, tail] = canonical.split('::');
  const front = head === '' ? [] : head!.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array<string>(gap).fill('0'), ...back];
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
