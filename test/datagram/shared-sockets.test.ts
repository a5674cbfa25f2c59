// Sockets that threads share, against node:dgram as the peer: many datagrams at once, both families,
// refusals, what the kernel says of its queue.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { BatchReceiver, batchMax } from '../../workers/datagram/batch-receiver.ts';
import { BatchSender } from '../../workers/datagram/batch-sender.ts';
import { Doorbell, openDoorbell } from '../../workers/datagram/doorbell.ts';
import {
  createQueueFill,
  type KernelSocket,
  openKernelSocket,
} from '../../workers/datagram/kernel-socket.ts';
import { watchSocket } from '../../workers/datagram/socket-watch.ts';
import { createSocketDrops } from '../../workers/ingress/kernel-drops.ts';
import { PollEvent, type SystemCalls, sharedCalls } from '../../workers/system-calls.ts';

const calls: SystemCalls = await sharedCalls();
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

async function openPeer(address: string): Promise<{ socket: Socket; port: number }> {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: 4_194_304 });
  socket.bind(0, address);
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return { socket, port: socket.address().port };
}

/** A free port, and our socket on it. */
async function openOurs(address: string): Promise<KernelSocket & { port: number }> {
  const { socket, port } = await openPeer(address);
  closers.pop();
  await new Promise<void>((resolve) => socket.close(resolve));
  const ours = openKernelSocket(calls, { address, port });
  closers.push(() => calls.close(ours.fd));
  return { ...ours, port };
}

function hopTo(address: string, port: number): Hop {
  return { transport: Transport.udp, listener: 0, connection: 0, address, port };
}

function senderOf(socket: KernelSocket, errors: string[] = []): BatchSender {
  return new BatchSender({
    calls,
    sockets: [socket],
    onSendError: (error) => errors.push(error.message),
  });
}

function sendTo(peer: Socket, port: number, address: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    peer.send(text, port, address, (error) => (error ? reject(error) : resolve()));
  });
}

/** Waits for at least one datagram. */
async function receiveSome(receiver: BatchReceiver): Promise<number> {
  const polled = new Int32Array([receiver.socket.fd, PollEvent.readable]);
  for (;;) {
    const count = receiver.receive();
    if (count > 0) return count;
    calls.poll(polled, 1, 5);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const address of ['127.0.0.1', '::1']) {
  test(`datagrams arrive in order, with their peer: ${address}`, async () => {
    const peer = await openPeer(address);
    const ours = await openOurs(address);
    const receiver = new BatchReceiver(calls, ours, 3);
    const texts = Array.from({ length: 150 }, (_, i) => `message ${i} ${'x'.repeat(i * 7)}`);
    for (const text of texts) await sendTo(peer.socket, ours.port, address, text);
    const got: string[] = [];
    while (got.length < texts.length) {
      const count = await receiveSome(receiver);
      assert.ok(count <= batchMax);
      for (let place = 0; place < count; place++) {
        got.push(receiver.payloads[place]!.toString('latin1', 0, receiver.lengthOf(place)));
        assert.deepEqual(receiver.hopOf(place), { ...hopTo(address, peer.port), listener: 3 });
        const waitedMs = receiver.waitedMs(place, Date.now());
        assert.ok(waitedMs >= 0 && waitedMs < 10_000, String(waitedMs));
      }
    }
    assert.deepEqual(got, texts);
  });

  test(`a batch is sent in order, more than one call takes: ${address}`, async () => {
    const peer = await openPeer(address);
    const ours = await openOurs(address);
    const got: string[] = [];
    peer.socket.on('message', (bytes, from) => {
      assert.equal(from.port, ours.port);
      got.push(bytes.toString('latin1'));
    });
    const sender = senderOf(ours);
    const texts = Array.from({ length: 600 }, (_, i) => `\xe4 ${i}`);
    for (const text of texts) sender.send(hopTo(address, peer.port), text);
    sender.flush();
    while (got.length < texts.length) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(got, texts);
  });
}

test('the largest datagram goes through whole, both ways', async () => {
  const peer = await openPeer('127.0.0.1');
  const ours = await openOurs('127.0.0.1');
  const text = 'y'.repeat(65_507);
  const received = once(peer.socket, 'message');
  const sender = senderOf(ours);
  sender.send(hopTo('127.0.0.1', peer.port), text);
  sender.flush();
  assert.equal(String((await received)[0]), text);
  const receiver = new BatchReceiver(calls, ours, 0);
  await sendTo(peer.socket, ours.port, '127.0.0.1', text);
  assert.equal(await receiveSome(receiver), 1);
  assert.equal(receiver.lengthOf(0), 65_507);
});

test('what cannot be sent is told of once each, and the rest of the batch goes', async () => {
  const peer = await openPeer('127.0.0.1');
  const ours = await openOurs('127.0.0.1');
  const errors: string[] = [];
  const sender = senderOf(ours, errors);
  const received = once(peer.socket, 'message');
  sender.send(hopTo('::1', 5060), 'other family');
  sender.send(hopTo('host.example', 5060), 'name');
  sender.send(hopTo('127.0.0.1', 0), 'port 0');
  sender.send({ ...hopTo('127.0.0.1', 5060), listener: 1 }, 'no such listener');
  sender.send(hopTo('127.0.0.1', peer.port), 'z'.repeat(65_508));
  sender.send(hopTo('127.0.0.1', peer.port), 'good');
  sender.flush();
  assert.equal(String((await received)[0]), 'good');
  assert.equal(errors.length, 5);
  assert.match(errors[4]!, /EMSGSIZE/);
});

test('a place in the table of peers is taken over between two messages of a batch', async () => {
  const ours = await openOurs('127.0.0.1');
  const first = await openPeer('127.0.0.1');
  const got = once(first.socket, 'message');
  const sender = senderOf(ours);
  sender.send(hopTo('127.0.0.1', first.port), 'kept');
  // More peers than the table has places: discard ports of other loopback addresses.
  for (let i = 0; i < 3000; i++) sender.send(hopTo(`127.9.${i >> 8}.${i & 255}`, 9), 'x');
  sender.flush();
  assert.equal(String((await got)[0]), 'kept');
});

test('a port is ours alone, also while the event loop watches it', async () => {
  const ours = await openOurs('127.0.0.1');
  const errors: Error[] = [];
  const seen: string[] = [];
  const close = watchSocket({
    calls,
    socket: ours,
    onDatagram: (bytes) => seen.push(String(bytes)),
    onError: (error) => errors.push(error),
  });
  closers.push(close);
  await pause(1);
  const thief = createSocket({ type: 'udp4', reuseAddr: true });
  thief.bind(ours.port, '127.0.0.1');
  const [error] = await once(thief, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
  thief.close();
  assert.throws(() => openKernelSocket(calls, { address: '127.0.0.1', port: ours.port }), {
    code: 'EADDRINUSE',
  });
  const peer = await openPeer('127.0.0.1');
  await sendTo(peer.socket, ours.port, '127.0.0.1', 'to the loop');
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([seen, errors], [['to the loop'], []]);
});

test('a socket outlives its watch, and keeps what came in between', async () => {
  const ours = await openOurs('127.0.0.1');
  watchSocket({ calls, socket: ours, onDatagram: () => {}, onError: () => {} })();
  const peer = await openPeer('127.0.0.1');
  await sendTo(peer.socket, ours.port, '127.0.0.1', 'late');
  const receiver = new BatchReceiver(calls, ours, 0);
  assert.equal(await receiveSome(receiver), 1);
});

test('the filling of the kernel queue is seen', async () => {
  const ours = await openOurs('127.0.0.1');
  const fill = createQueueFill(calls);
  assert.equal(fill(ours.fd), 0);
  assert.ok(ours.receiveBufferBytes >= 212_992, String(ours.receiveBufferBytes));
  const peer = await openPeer('127.0.0.1');
  for (let i = 0; i < 50; i++) await sendTo(peer.socket, ours.port, '127.0.0.1', 'q'.repeat(900));
  const filled = fill(ours.fd);
  assert.ok(filled > 0 && filled < 1, String(filled));
});

test('a socket is not bound to a name', () => {
  assert.throws(() => openKernelSocket(calls, { address: 'localhost', port: 0 }), /IP address/);
});

test('the doorbell ends a wait, once', () => {
  const bell = new Doorbell(calls, openDoorbell(calls));
  closers.push(() => calls.close(bell.fd));
  const polled = new Int32Array([bell.fd, PollEvent.readable]);
  assert.equal(calls.poll(polled, 1, 0), 0);
  bell.ring();
  bell.ring();
  assert.equal(calls.poll(polled, 1, 0), 1);
  bell.answer();
  assert.equal(calls.poll(polled, 1, 0), 0);
});

test('what the kernel drops at a full socket is told once', async () => {
  const ours = await openOurs('127.0.0.1');
  // SO_RCVBUF: the least there is.
  calls.setsockopt(ours.fd, 1, 8, new Int32Array([1]), 4);
  const drops = createSocketDrops(calls, [undefined, ours]);
  const told: number[][] = [];
  await drops.read((listener, added) => told.push([listener, added]));
  assert.equal(told.length, 0);
  const { socket } = await openPeer('127.0.0.1');
  const sent = 50;
  for (let i = 0; i < sent; i++) await sendTo(socket, ours.port, '127.0.0.1', 'x'.repeat(1400));
  await drops.read((listener, added) => told.push([listener, added]));
  await drops.read((listener, added) => told.push([listener, added]));
  assert.equal(told.length, 1);
  const receiver = new BatchReceiver(calls, ours, 0);
  assert.deepEqual(told, [[1, sent - receiver.receive()]]);
});
