// A UDP socket that all threads of the engine share by its descriptor: one thread receives, every worker
// sends. It outlives its threads, so a worker that is started again finds what came in the meantime.

import { Errno, Socket, SocketOption, type SystemCalls } from '../system-calls.ts';
import { addressSlotBytes, writeSocketAddress } from './socket-address.ts';

export interface KernelSocket {
  readonly fd: number;
  /** Socket.inet or Socket.inet6. */
  readonly family: number;
  /** What the kernel granted; Linux reports twice what was asked for. */
  readonly receiveBufferBytes: number;
}

/** Tried from the largest; without privilege the kernel caps the request at net.core.rmem_max. */
const bufferBytesMax = 16 * 1024 * 1024;

/** An exclusive bind, refused while anybody holds the port. @throws Error with `code` and `errno` */
export function openKernelSocket(
  calls: SystemCalls,
  at: { readonly address: string; readonly port: number },
): KernelSocket {
  const family = at.address.includes(':') ? Socket.inet6 : Socket.inet;
  const fd = calls.socket(family, Socket.datagramNonBlocking, 0);
  if (fd < 0) throw failure(calls, 'socket');
  try {
    if (family === Socket.inet6)
      setOption(calls, fd, SocketOption.ipv6Level, SocketOption.ipv6Only, 1);
    setOption(calls, fd, SocketOption.socketLevel, SocketOption.timestampNs, 1);
    const slot = Buffer.alloc(addressSlotBytes);
    const bytes = writeSocketAddress(slot, family, at.address, at.port);
    if (bytes === 0) throw new Error(`"${at.address}": expected an IP address`);
    if (calls.bind(fd, slot, bytes) !== 0) throw failure(calls, 'bind');
    setOption(calls, fd, SocketOption.socketLevel, SocketOption.sendBuffer, bufferBytesMax);
    return { fd, family, receiveBufferBytes: enlargeReceiveBuffer(calls, fd) };
  } catch (error) {
    calls.close(fd);
    throw error;
  }
}

/** libuv, given a descriptor, lets others share its port (SO_REUSEADDR): taken back here, or a second
 *  program could bind the port and receive in our place. */
export function keepToOurselves(calls: SystemCalls, fd: number): void {
  setOption(calls, fd, SocketOption.socketLevel, SocketOption.reuseAddress, 0);
}

/** Reads how full the kernel's queue of a socket is. */
export function createQueueFill(calls: SystemCalls): (fd: number) => number {
  const read = createMemoryInfo(calls);
  return (fd) => {
    const words = read(fd);
    // SK_MEMINFO_RMEM_ALLOC over SK_MEMINFO_RCVBUF
    return words === undefined ? 0 : words[0]! / Math.max(1, words[1]!);
  };
}

/** Reads how many datagrams the kernel has dropped at a socket, modulo 2^32. */
export function createSocketDropCount(calls: SystemCalls): (fd: number) => number {
  const read = createMemoryInfo(calls);
  // SK_MEMINFO_DROPS
  return (fd) => (read(fd)?.[8] ?? 0) >>> 0;
}

/** SO_MEMINFO: what comes back is used again for the next. */
function createMemoryInfo(calls: SystemCalls): (fd: number) => Int32Array | undefined {
  const words = new Int32Array(16);
  const bytes = new Int32Array(16);
  const { socketLevel, memoryInfo } = SocketOption;
  return (fd) => {
    bytes[0] = 36;
    return calls.getsockopt(fd, socketLevel, memoryInfo, words, bytes) === 0 ? words : undefined;
  };
}

function enlargeReceiveBuffer(calls: SystemCalls, fd: number): number {
  const { socketLevel, receiveBuffer, receiveBufferForce } = SocketOption;
  const forced = trySetOption(calls, fd, receiveBufferForce, bufferBytesMax);
  if (!forced) trySetOption(calls, fd, receiveBuffer, bufferBytesMax);
  const value = new Int32Array(16);
  calls.getsockopt(fd, socketLevel, receiveBuffer, value, new Int32Array(16).fill(4, 0, 1));
  return value[0]!;
}

function trySetOption(calls: SystemCalls, fd: number, name: number, value: number): boolean {
  const word = new Int32Array([value]);
  return calls.setsockopt(fd, SocketOption.socketLevel, name, word, 4) === 0;
}

function setOption(
  calls: SystemCalls,
  fd: number,
  ...[level, name, value]: [level: number, name: number, value: number]
): void {
  if (calls.setsockopt(fd, level, name, new Int32Array([value]), 4) !== 0) {
    throw failure(calls, `setsockopt ${name}`);
  }
}

function failure(calls: SystemCalls, call: string): NodeJS.ErrnoException {
  const errno = calls.errno();
  const code = errno === Errno.addressInUse ? 'EADDRINUSE' : `errno ${errno}`;
  return Object.assign(new Error(`${call}: ${code}`), { code, errno });
}
