// Opens UDP sockets the way this engine needs them: no name lookup on `send`, large receive buffers.
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';

export interface DatagramAddress {
  readonly address: string;
  readonly port: number;
}

/** Without a `lookup` of our own every send goes through dns.lookup and a later turn of the loop. The
 *  address goes to the system as it is, asked for as `family` by the socket: what is no literal of that
 *  family fails there with EINVAL, and the send's callback is told. */
export function literalLookup(
  address: string,
  family: number,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, address, family);
}

/** Tried from the largest: the kernel caps the request at net.core.rmem_max. */
const receiveBufferBytes = 16 * 1024 * 1024;

/** Resolves when bound; `reuseAddr` false is an exclusive bind, refused while anybody holds the port. */
export function openDatagramSocket(
  at: DatagramAddress,
  options: { reuseAddr: boolean },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: isIP(at.address) === 6 ? 'udp6' : 'udp4',
      ipv6Only: isIP(at.address) === 6,
      reuseAddr: options.reuseAddr,
      lookup: literalLookup as never,
    });
    const failed = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', failed);
    socket.once('listening', () => {
      socket.off('error', failed);
      resolve(socket);
    });
    socket.bind({ port: at.port, address: at.address, exclusive: true });
  });
}

/** Asks for a large receive buffer; returns what the kernel reports (Linux reports twice the grant). */
export function enlargeReceiveBuffer(socket: Socket): number {
  for (let bytes = receiveBufferBytes; bytes >= 262_144; bytes /= 2) {
    try {
      socket.setRecvBufferSize(bytes);
      break;
    } catch {
      // Some systems refuse instead of capping: ask for less.
    }
  }
  return socket.getRecvBufferSize();
}
