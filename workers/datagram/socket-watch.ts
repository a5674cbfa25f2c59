// Lets the event loop of a thread wait for the datagrams of a shared socket: node:dgram over a copy of its
// descriptor.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { literalLookup } from '../datagram-socket.ts';
import { Socket, type SystemCalls } from '../system-calls.ts';
import { type KernelSocket, keepToOurselves } from './kernel-socket.ts';

export interface SocketWatchOptions {
  readonly calls: SystemCalls;
  readonly socket: KernelSocket;
  readonly onDatagram: (bytes: Buffer, from: RemoteInfo) => void;
  readonly onError: (error: Error) => void;
}

/** Returns what ends the watch; the socket itself stays open. */
export function watchSocket(options: SocketWatchOptions): () => void {
  const { calls, socket, onDatagram, onError } = options;
  const watch = createSocket({
    type: socket.family === Socket.inet6 ? 'udp6' : 'udp4',
    lookup: literalLookup as never,
  });
  watch.on('message', onDatagram);
  watch.on('error', onError);
  watch.on('listening', () => keepToOurselves(calls, socket.fd));
  watch.bind({ fd: calls.dup(socket.fd), exclusive: true });
  return () => watch.close();
}
