// Binds each listening address exclusively for a moment before the workers bind it with `reuseAddr`,
// under which a second program could share, and steal, a port that somebody holds already. Port 0 gets
// its number here.
import { createServer } from 'node:net';
import type { Listener } from '../../core/call/local-identity.ts';
import { Transport } from '../../core/sip/hop.ts';
import { openDatagramSocket } from '../datagram-socket.ts';
import { type ListenSetting, listenText } from '../listen-setting.ts';
import { StartRefused } from '../start-refused.ts';

/** @throws StartRefused naming the address that cannot be had. */
export async function probeListeners(listen: readonly ListenSetting[]): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const setting of listen) {
    try {
      const port =
        setting.transport === Transport.udp
          ? await probeDatagram(setting)
          : await probeStream(setting);
      listeners.push({ transport: setting.transport, address: setting.address, port });
    } catch (error) {
      throw new StartRefused(
        'TANDEM_LISTEN',
        `sip.listen: ${listenText(setting)}: ${reasonOf(error as NodeJS.ErrnoException)}`,
      );
    }
  }
  return listeners;
}

/** The admin process listens by itself, after this: without the probe a port that is taken would let it
 *  fail and be started again for ever. @throws StartRefused */
export async function probeAdminListener(listen: string): Promise<void> {
  const { hostname, port } = new URL(listen);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    await probeStream({ address, port: Number(port || 80) });
  } catch (error) {
    const reason = reasonOf(error as NodeJS.ErrnoException);
    throw new StartRefused('TANDEM_ADMIN_LISTEN', `admin.listen: ${listen}: ${reason}`);
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'expected a free port; another program has it';
  if (error.code === 'EADDRNOTAVAIL') return 'expected an address of this machine';
  if (error.code === 'EACCES')
    return 'expected a port this user may bind (above 1023, or a capability)';
  return error.message;
}

async function probeDatagram(setting: ListenSetting): Promise<number> {
  const socket = await openDatagramSocket(setting, { reuseAddr: false });
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

function probeStream(setting: { address: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: setting.address, port: setting.port, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : setting.port;
      server.close(() => resolve(port));
    });
  });
}
