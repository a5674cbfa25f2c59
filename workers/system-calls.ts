// The few calls of the C library that Node has no API for, above all those that receive and send many
// datagrams at once (recvmmsg(2), sendmmsg(2)). Each costs about 0.2 us more than from C. Through koffi,
// which may have no binary for a platform: then node:dgram serves (workers/call/datagram-sender.ts), and
// files are written, not mapped.
//
// Buffers that the kernel is told the address of must stay referenced: the collector does not know that
// the kernel knows them, and a freed one makes the call fail with EFAULT.

/** Numbers are the kernel's own on Linux, on every processor that koffi and Node share. */
export const Socket = {
  inet: 2,
  inet6: 10,
  /** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
  datagramNonBlocking: 0o2004002,
  /** MSG_DONTWAIT */
  doNotWait: 0x40,
} as const;

export const SocketOption = {
  socketLevel: 1,
  reuseAddress: 2,
  sendBuffer: 7,
  receiveBuffer: 8,
  receiveBufferForce: 33,
  /** SO_MEMINFO: nine words about the socket's queues. */
  memoryInfo: 55,
  /** SO_TIMESTAMPNS_OLD: each datagram comes with the wall time at which the kernel got it. */
  timestampNs: 35,
  ipv6Level: 41,
  ipv6Only: 26,
} as const;

/** POLLIN, POLLOUT of poll(2). */
export const PollEvent = { readable: 1, writable: 4 } as const;

/** Of mmap(2): PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE. */
const Mapping = { readWrite: 3, sharedPopulated: 0x8001 } as const;

export const Errno = { interrupted: 4, wouldBlock: 11, addressInUse: 98 } as const;

/** Returns are the C library's: -1 and `errno` on failure. Addresses are numbers below 2^48. */
export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  dup(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, bytes: number): number;
  getsockopt(fd: number, level: number, name: number, value: Int32Array, bytes: Int32Array): number;
  recvmmsg(fd: number, headers: number, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, headers: number, count: number, flags: number): number;
  poll(fds: Int32Array, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, bytes: Uint8Array, count: number): number;
  write(fd: number, bytes: Uint8Array, count: number): number;
  usleep(microseconds: number): number;
  /** Bytes [position, position + length) of a file, as memory that is the file; undefined on failure.
   *  `position`: whole pages. */
  mapFile(fd: number, position: number, length: number): Uint8Array | undefined;
  /** The mapping must not be touched any more, in whatever way: it would end the process. */
  unmapFile(mapping: Uint8Array): void;
  /** Where the bytes lie, as long as they are referenced. */
  addressOf(bytes: Uint8Array): number;
  /** Of the last call of this thread that failed. */
  errno(): number;
}

const prototypes = {
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, void *, int)',
  close: 'int close(int)',
  dup: 'int dup(int)',
  setsockopt: 'int setsockopt(int, int, int, void *, int)',
  getsockopt: 'int getsockopt(int, int, int, void *, void *)',
  recvmmsg: 'int recvmmsg(int, uintptr_t, unsigned int, int, void *)',
  sendmmsg: 'int sendmmsg(int, uintptr_t, unsigned int, int)',
  poll: 'int poll(void *, unsigned long, int)',
  eventfd: 'int eventfd(unsigned int, int)',
  read: 'long read(int, void *, size_t)',
  write: 'long write(int, void *, size_t)',
  usleep: 'int usleep(unsigned int)',
} as const;

let loaded: SystemCalls | string | undefined;

/** The calls, or why there are none here. */
export async function loadSystemCalls(): Promise<SystemCalls | string> {
  loaded ??= await load();
  return loaded;
}

/** For a thread that was given shared sockets. @throws Error where there are no calls after all */
export async function sharedCalls(): Promise<SystemCalls> {
  const calls = await loadSystemCalls();
  if (typeof calls === 'string') throw new Error(`shared sockets without system calls: ${calls}`);
  return calls;
}

async function load(): Promise<SystemCalls | string> {
  // The structures in this folder are drawn for 64 bits, least significant byte first.
  const supported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!supported) return `no system calls on ${process.platform} ${process.arch}`;
  try {
    const koffi = await import('koffi');
    const library = koffi.load(null);
    const calls = Object.fromEntries(
      Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]),
    );
    // Moves nothing, and returns where it would have moved it to.
    const move = library.func('uintptr_t memmove(void *, void *, size_t)');
    const addressOf = (bytes: Uint8Array): number => Number(move(bytes, bytes, 0));
    const map = library.func('uintptr_t mmap(void *, size_t, int, int, int, long)');
    const unmap = library.func('int munmap(uintptr_t, size_t)');
    return {
      ...calls,
      addressOf,
      errno: () => koffi.errno(),
      mapFile: (fd: number, position: number, length: number) => {
        const { readWrite, sharedPopulated } = Mapping;
        const address = map(null, length, readWrite, sharedPopulated, fd, position);
        // MAP_FAILED is -1: no number that is safe, so it comes as a BigInt.
        if (typeof address !== 'number') return undefined;
        return new Uint8Array(koffi.view(address, length));
      },
      unmapFile: (mapping: Uint8Array) => void unmap(addressOf(mapping), mapping.length),
    } as unknown as SystemCalls;
  } catch (error) {
    return `koffi: ${(error as Error).message}`;
  }
}
