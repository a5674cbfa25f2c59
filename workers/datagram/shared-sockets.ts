// The UDP sockets that all threads share, one a listener, and the doorbell of a worker that receives by
// itself; opened and closed by the main thread.
import type { Listener } from '../../core/call/local-identity.ts';
import { Transport } from '../../core/sip/hop.ts';
import { loadSystemCalls, type SystemCalls, sharedCalls } from '../system-calls.ts';
import { openDoorbell } from './doorbell.ts';
import { type KernelSocket, openKernelSocket } from './kernel-socket.ts';

/** A plain object; survives structured cloning. */
export interface SharedSockets {
  /** Index: listener; undefined where it is no UDP listener. */
  readonly sockets: readonly (KernelSocket | undefined)[];
  /** Descriptor of the doorbell of the one call worker, which receives; undefined where the main thread
   *  does, for several. */
  readonly doorbell: number | undefined;
}

/** The sockets, or why node:dgram has to serve. @throws Error where a port cannot be bound */
export async function openSharedSockets(
  listeners: readonly Listener[],
  workers: number,
): Promise<SharedSockets | string> {
  const calls = await loadSystemCalls();
  if (typeof calls === 'string') return calls;
  const sockets: (KernelSocket | undefined)[] = [];
  try {
    for (const listener of listeners) {
      const isUdp = listener.transport === Transport.udp;
      sockets.push(isUdp ? openKernelSocket(calls, listener) : undefined);
    }
    return { sockets, doorbell: workers === 1 ? openDoorbell(calls) : undefined };
  } catch (error) {
    closeAll(calls, { sockets, doorbell: undefined });
    throw error;
  }
}

/** After the threads that use them have ended. */
export async function closeSharedSockets(shared: SharedSockets): Promise<void> {
  closeAll(await sharedCalls(), shared);
}

function closeAll(calls: SystemCalls, { sockets, doorbell }: SharedSockets): void {
  for (const socket of sockets) if (socket !== undefined) calls.close(socket.fd);
  if (doorbell !== undefined) calls.close(doorbell);
}
