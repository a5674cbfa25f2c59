// TCP on the main thread: framing, keep-alives, answers over the same connection, connections opened on
// demand, failures reported, caps.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { probeListeners } from '../../workers/ingress/listen-probe.ts';
import { connectionsPerSourceMax } from '../../workers/ingress/stream-connections.ts';
import {
  firstMessageMs,
  partialMessageMs,
  StreamIngress,
  sendQueueBytesMax,
} from '../../workers/ingress/stream-ingress.ts';

interface Received {
  text: string;
  hop: Hop;
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function stage() {
  const listeners = await probeListeners([
    { transport: Transport.tcp, address: '127.0.0.1', port: 0 },
  ]);
  const received: Received[] = [];
  const failures: { hop: Hop; senders: number }[] = [];
  const counters = new Float64Array(192);
  const clock = { nowMs: 1000 };
  /** What peers hear in the place of a refusal; 0: nothing, undefined: it. */
  const heard: { status: number | undefined } = { status: undefined };
  let wake: () => void = () => {};
  const ingress = await StreamIngress.bind({
    listeners,
    onMessage: (bytes, length, hop) => {
      received.push({ text: bytes.toString('latin1', 0, length), hop });
      wake();
    },
    refusalTowards: (_hop, statusCode) => (heard.status === undefined ? statusCode : heard.status),
    answersTo: () => heard.status !== 0,
    onFailure: (hop, senders) => {
      failures.push({ hop, senders });
      wake();
    },
    counters,
    clock: () => clock.nowMs,
  });
  open.push(ingress);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 20);
      });
    }
  };
  const dial = async (): Promise<Socket> => {
    const socket = connect(listeners[0]!.port, '127.0.0.1');
    socket.on('error', () => {});
    open.push({ close: () => socket.destroy() });
    await once(socket, 'connect');
    return socket;
  };
  return {
    ingress,
    received,
    failures,
    counters,
    clock,
    heard,
    until,
    dial,
    port: listeners[0]!.port,
  };
}

function message(callId: string, body = ''): string {
  return (
    `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n` +
    `To: <sip:b@x>\r\nCall-ID: ${callId}\r\nCSeq: 1 OPTIONS\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString('latin1');
  }
  return text;
}

test('messages cut anywhere arrive whole, in order, with the hop of their connection', async () => {
  const { received, until, dial, counters } = await stage();
  const socket = await dial();
  socket.setNoDelay(true);
  const text = message('one', 'v=0\r\n') + message('two') + message('three', 'x'.repeat(5000));
  for (let at = 0; at < text.length; at += 37) socket.write(text.slice(at, at + 37), 'latin1');
  await until(() => received.length === 3);
  assert.equal(received.map((one) => one.text).join(''), text);
  const { hop } = received[0]!;
  assert.equal(hop.transport, Transport.tcp);
  assert.equal(hop.address, '127.0.0.1');
  assert.equal(hop.port, socket.localPort);
  assert.notEqual(hop.connection, 0);
  assert.equal(counters[Counter.streamMessagesIn], 3);
});

test('an answer goes over the connection that the request came by', async () => {
  const { ingress, received, until, dial } = await stage();
  const [one, two] = [await dial(), await dial()];
  two.write(message('of two'));
  await until(() => received.length === 1);
  one.on('data', () => assert.fail('the answer came over another connection'));
  ingress.send(received[0]!.hop, 'SIP/2.0 200 \xe9', 0);
  assert.equal(await read(two, 13), 'SIP/2.0 200 \xe9');
});

test('a double CRLF is answered by a single one', async () => {
  const { dial, counters } = await stage();
  const socket = await dial();
  socket.write('\r\n\r\n');
  assert.equal(await read(socket, 2), '\r\n');
  assert.equal(counters[Counter.keepAlivesIn], 1);
});

async function peer(): Promise<{ server: Server; port: number; accepted: Promise<Socket> }> {
  const server = createServer();
  open.push({ close: () => server.close() });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection').then(([socket]) => {
    open.push({ close: () => (socket as Socket).destroy() });
    return socket as Socket;
  });
  return { server, port: (server.address() as AddressInfo).port, accepted };
}

test('a connection is opened on demand and used again, also for what comes back', async () => {
  const { ingress, received, until } = await stage();
  const { port, accepted } = await peer();
  const hop: Hop = {
    transport: Transport.tcp,
    listener: 0,
    connection: 0,
    address: '127.0.0.1',
    port,
  };
  ingress.send(hop, 'first ', 0);
  ingress.send(hop, 'second', 1);
  const socket = await accepted;
  assert.equal(await read(socket, 12), 'first second');
  assert.equal(ingress.connectionCount, 1);
  socket.write(message('back'));
  await until(() => received.length === 1);
  assert.equal(received[0]!.hop.port, port);
});

test('a peer that cannot be reached is reported to the workers that sent', async () => {
  const { ingress, failures, until } = await stage();
  const { server, port } = await peer();
  server.close();
  await once(server, 'close');
  const hop: Hop = {
    transport: Transport.tcp,
    listener: 0,
    connection: 0,
    address: '127.0.0.1',
    port,
  };
  ingress.send(hop, 'lost', 0);
  ingress.send(hop, 'lost', 2);
  await until(() => failures.length === 1);
  assert.deepEqual(failures[0], { hop, senders: 0b101 });
  assert.equal(ingress.connectionCount, 0);
});

test('a response is not dialled when the connection of its request is gone', async () => {
  const { ingress, received, failures, until, dial, counters } = await stage();
  const socket = await dial();
  socket.write(message('gone'));
  await until(() => received.length === 1);
  socket.destroy();
  await until(() => counters[Counter.streamsClosed] === 1);
  ingress.send(received[0]!.hop, 'SIP/2.0 200 OK', 3);
  assert.deepEqual(failures, [{ hop: received[0]!.hop, senders: 8 }]);
});

test('a request whose connection is gone is dialled to the address of its hop', async () => {
  const { ingress, received, until, dial, counters } = await stage();
  const contact = await peer();
  const socket = await dial();
  socket.write(message('caller'));
  await until(() => received.length === 1);
  socket.destroy();
  await until(() => counters[Counter.streamsClosed] === 1);
  // The dialog names the connection that it was set up over, and the Contact of the peer.
  ingress.send({ ...received[0]!.hop, port: contact.port }, 'BYE sip:x SIP/2.0', 3);
  assert.equal(await read(await contact.accepted, 17), 'BYE sip:x SIP/2.0');
});

test('a request that cannot be dialled either is reported', async () => {
  const { ingress, received, failures, until, dial, counters } = await stage();
  const socket = await dial();
  socket.write(message('caller'));
  await until(() => received.length === 1);
  const { hop } = received[0]!;
  socket.destroy();
  await until(() => counters[Counter.streamsClosed] === 1);
  ingress.send(hop, 'BYE sip:x SIP/2.0', 3);
  await until(() => failures.length === 1);
  const { address, port } = failures[0]!.hop;
  assert.deepEqual([address, port, failures[0]!.senders], [hop.address, hop.port, 8]);
});

test('a peer that does not read is cut off at the queue limit', async () => {
  const { ingress, received, failures, until, dial, counters } = await stage();
  const socket = await dial();
  socket.write(message('slow'));
  await until(() => received.length === 1);
  socket.pause();
  const text = 'x'.repeat(60_000);
  // The kernel's own buffers take the first part.
  for (let sent = 0; counters[Counter.sendQueueFull] === 0; sent += text.length) {
    assert.ok(sent < sendQueueBytesMax + 64 * 1024 * 1024, 'never cut off');
    ingress.send(received[0]!.hop, text, 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => failures.length === 1);
});

test('what is no SIP ends the connection, and a lying length is answered 400', async () => {
  const { dial, counters, received } = await stage();
  const garbage = await dial();
  const garbageClosed = once(garbage, 'close');
  garbage.resume();
  garbage.write('\x16\x03\x01\x02\x00\x01\x00');
  await garbageClosed;
  const lying = await dial();
  lying.write(message('lying').replace('Content-Length: 0', 'Content-Length: -5'));
  assert.match(await read(lying, 12), /^SIP\/2\.0 400/);
  await once(lying, 'close');
  assert.equal(counters[Counter.parseFaults], 2);
  assert.equal(received.length, 0);
});

test('a stranger hears what strangers hear of a message that cannot be read, or nothing', async () => {
  const { dial, heard, received, counters, until } = await stage();
  const lies = message('lying').replace('Content-Length: 0', 'Content-Length: -5');
  heard.status = 403;
  const refused = await dial();
  refused.write(lies);
  assert.match(await read(refused, 12), /^SIP\/2\.0 403/);
  heard.status = 0;
  const silenced = await dial();
  silenced.on('data', (chunk) => assert.fail(`heard ${chunk}`));
  const closed = once(silenced, 'close');
  silenced.write('\r\n\r\n');
  silenced.write(message('read'));
  await until(() => received.length === 1);
  assert.equal(counters[Counter.keepAlivesIn], 1);
  silenced.write(lies);
  await closed;
});

test('silent and dripping connections are closed, talking ones stay', async () => {
  const { received, until, dial, clock, ingress } = await stage();
  const [silent, drip, talking] = [await dial(), await dial(), await dial()];
  for (const socket of [silent, drip]) socket.resume();
  talking.write(message('talking'));
  drip.write('OPTIONS');
  await until(() => received.length === 1 && ingress.connectionCount === 3);
  const closed = Promise.all([once(silent, 'close'), once(drip, 'close')]);
  clock.nowMs += Math.max(firstMessageMs, partialMessageMs);
  await closed;
  await until(() => ingress.connectionCount === 1);
  assert.equal(talking.destroyed, false);
});

test('one source gets no more than its share of connections', async () => {
  const { ingress, until, counters, port } = await stage();
  const sockets = Array.from({ length: connectionsPerSourceMax + 3 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    open.push({ close: () => socket.destroy() });
    return socket;
  });
  await until(() => counters[Counter.streamsRefused] === 3);
  assert.equal(ingress.connectionCount, connectionsPerSourceMax);
  for (const socket of sockets) socket.destroy();
  await until(() => ingress.connectionCount === 0);
});
