// Ports of 127.0.0.1 for programs that are told where to listen. They lie below those the kernel hands out
// by itself: what is free now is then not, a little later, the end of somebody's connection. Free for UDP
// and for TCP, because a SIP program told one port often binds both (and the next one for TLS).
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** The kernel's own start at 32768; well-known services end below 10,000. */
const firstPort = 10_240;
const portCount = 20_000;
const takenMax = 200;

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

/** As many different ones. */
export async function freePorts(count: number): Promise<number[]> {
  const held: (Socket | Server)[] = [];
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt === count + takenMax)
      throw new Error(`no ${count} free ports in ${attempt} attempts`);
    const port = firstPort + Math.floor(Math.random() * portCount);
    const socket = createSocket('udp4');
    const server = createServer();
    socket.bind(port, '127.0.0.1');
    server.listen(port, '127.0.0.1');
    const bound = await Promise.allSettled([once(socket, 'listening'), once(server, 'listening')]);
    if (bound.every(({ status }) => status === 'fulfilled')) ports.push(port);
    // held until all are found, so that none is found twice
    [socket, server].forEach((one, index) => {
      if (bound[index]!.status === 'fulfilled') held.push(one);
    });
  }
  await Promise.all(held.map((one) => new Promise<void>((done) => one.close(() => done()))));
  return ports;
}
