import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { openDatagramSocket } from '../../workers/datagram-socket.ts';

async function open(context: TestContext, address: string): Promise<Socket> {
  const socket = await openDatagramSocket({ address, port: 0 }, { reuseAddr: true });
  context.after(() => socket.close());
  return socket;
}

function send(socket: Socket, port: number, address: string): Promise<Error | null> {
  return new Promise((resolve) => socket.send(Buffer.from('x'), port, address, resolve));
}

test('a datagram to a literal address is sent', async (context) => {
  const sender = await open(context, '127.0.0.1');
  const receiver = await open(context, '127.0.0.1');
  const received = once(receiver, 'message');
  assert.equal(await send(sender, receiver.address().port, '127.0.0.1'), null);
  assert.equal(String((await received)[0]), 'x');
});

test('what is no literal of the family of the socket is an error of that send alone', async (context) => {
  const sender = await open(context, '127.0.0.1');
  for (const address of ['localhost', '::1', '127.0.0.1.']) {
    assert.match(String(await send(sender, 5060, address)), /EINVAL/, address);
  }
  const received = once(sender, 'message');
  assert.equal(await send(sender, sender.address().port, '127.0.0.1'), null);
  assert.equal(String((await received)[0]), 'x');
});

test('a socket is not bound to a name', async () => {
  await assert.rejects(openDatagramSocket({ address: 'localhost', port: 0 }, { reuseAddr: false }));
});
