// What every HTTP listener owes the rest of the admin process, asked of both: bodies and their limit,
// streams with slow and vanishing readers, WebSockets, caps.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import {
  BodyTooLarge,
  connectionsMax,
  type HttpHandler,
  type HttpListener,
  type LiveSocket,
  RequestAborted,
  type SocketHandler,
} from '../../admin/listener.ts';
import { listenersUnderTest } from '../admin/admin-fixture.ts';

const bodyLimit = 1000;

interface Streams {
  yielded: number;
  ended: Promise<void>;
  end: () => void;
}

function endless(streams: Streams): AsyncGenerator<string> {
  return (async function* () {
    try {
      for (;;) {
        streams.yielded++;
        yield 'x'.repeat(64 << 10);
      }
    } finally {
      streams.end();
    }
  })();
}

function newStreams(): Streams {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { yielded: 0, ended, end };
}

for (const { name, open, skip } of await listenersUnderTest()) {
  describe(`listener ${name}`, { skip }, () => {
    let listener: HttpListener;
    let port: number;
    let streams = newStreams();
    let aborted: Promise<void>;
    let onAborted: () => void = () => {};
    const socketEvents: string[] = [];
    let lastSocket: LiveSocket | undefined;

    const handler: HttpHandler = async (request) => {
      const headers = { 'content-type': 'text/plain' };
      if (request.path === '/endless') return { status: 200, headers, body: endless(streams) };
      if (request.path === '/broken') {
        const body = (async function* () {
          yield 'first';
          throw new Error('the source broke');
        })();
        return { status: 200, headers, body };
      }
      try {
        const body = request.path === '/unread' ? 'unread' : await request.readBody(bodyLimit);
        const text = `${request.method} ${request.path} ${request.query} ${request.header('x-one')} `;
        return { status: 200, headers, body: text + Buffer.from(body).toString() };
      } catch (error) {
        if (error instanceof RequestAborted) onAborted();
        return { status: error instanceof BodyTooLarge ? 413 : 500, headers, body: String(error) };
      }
    };
    const sockets: SocketHandler = {
      path: '/live',
      messageBytesMax: 100,
      refusal: (request) => (request.header('origin') === 'http://evil.example' ? 403 : undefined),
      opened: (socket) => {
        lastSocket = socket;
        socketEvents.push('opened');
      },
      received: (socket, text) => {
        socket.send(`echo ${text}`);
      },
      closed: () => socketEvents.push('closed'),
    };

    before(async () => {
      listener = open(handler, sockets);
      port = await listener.listen('127.0.0.1', 0);
    });
    after(() => listener.close());

    const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
    const raw = async (text: string): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    };

    it('hands over method, path, query, headers and body', async () => {
      const response = await fetch(url('/a%20b?x=1&y=2'), {
        method: 'PUT',
        headers: { 'X-One': 'two' },
        body: 'body',
      });
      assert.equal(await response.text(), 'PUT /a%20b x=1&y=2 two body');
    });

    it('takes a body of exactly the limit, and not a byte more, declared or chunked', async () => {
      const fits = await fetch(url('/'), { method: 'POST', body: 'x'.repeat(bodyLimit) });
      assert.equal(fits.status, 200);
      await fits.body?.cancel();
      const declared = await fetch(url('/'), { method: 'POST', body: 'x'.repeat(bodyLimit + 1) });
      assert.equal(declared.status, 413);
      await declared.body?.cancel();
      const socket = await raw(
        `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 413 /);
      socket.destroy();
    });

    it('answers before a body it does not want has come', async () => {
      const response = await fetch(url('/unread'), {
        method: 'POST',
        body: new Uint8Array(8 << 20),
      });
      assert.equal(response.status, 200);
      assert.match(await response.text(), /unread$/);
    });

    it('tells the handler when the client leaves in the middle of a body', async () => {
      aborted = new Promise((resolve) => {
        onAborted = resolve;
      });
      const socket = await raw('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
      socket.destroy();
      await aborted;
    });

    it('streams no faster than the client reads, and stops when the client leaves', async () => {
      streams = newStreams();
      const socket = await raw('GET /endless HTTP/1.1\r\nHost: h\r\n\r\n');
      await once(socket, 'data');
      socket.pause();
      let before = -1;
      // Kernel buffers fill, and then nothing more may be asked of the source.
      while (before !== streams.yielded) {
        before = streams.yielded;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      assert.ok(streams.yielded < 1000, `${streams.yielded} pieces of 64 KiB`);
      socket.destroy();
      await streams.ended;
    });

    it('cuts the connection when a stream breaks, so that it does not look whole', async () => {
      await assert.rejects(async () => (await fetch(url('/broken'))).text());
    });

    it('answers HEAD of a stream with the head alone', async () => {
      const response = await fetch(url('/endless'), { method: 'HEAD' });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '');
    });

    it('survives what is not HTTP', async () => {
      for (const text of ['INVITE sip:a@b SIP/2.0\r\n\r\n', '\0\0\0\0\r\n\r\n', 'GET\r\n\r\n']) {
        const socket = await raw(text);
        socket.resume();
        await once(socket, 'close');
      }
      const long = await raw(
        `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${'x'.repeat(64 << 10)}\r\n\r\n`,
      );
      long.on('error', () => {});
      long.resume();
      await once(long, 'close');
      assert.equal((await fetch(url('/unread'))).status, 200);
    });

    it('carries WebSocket messages both ways and tells when the client leaves', async () => {
      socketEvents.length = 0;
      const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
      await once(client, 'open');
      client.send('hello');
      const [message] = (await once(client, 'message')) as [Buffer];
      assert.equal(message.toString(), 'echo hello');
      client.close();
      await once(client, 'close');
      while (!socketEvents.includes('closed'))
        await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(socketEvents, ['opened', 'closed']);
      assert.equal(lastSocket?.send('too late'), false);
      lastSocket?.close(1000, 'again');
    });

    it('closes a WebSocket that sends too much, or binary', async () => {
      for (const message of ['x'.repeat(101), Buffer.from([1, 2, 3])]) {
        const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
        client.on('error', () => {});
        await once(client, 'open');
        client.send(message);
        await once(client, 'close');
      }
    });

    it('refuses an upgrade elsewhere, and one that the handler refuses', async () => {
      for (const [path, origin] of [
        ['/live', 'http://evil.example'],
        ['/other', 'http://h'],
      ] as const) {
        const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { origin });
        const [error] = (await once(client, 'error')) as [Error];
        assert.match(error.message, /Unexpected server response/);
      }
    });

    it('leaves messages out for a WebSocket client that does not read', async () => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
      await once(client, 'open');
      client.pause();
      const text = 'x'.repeat(256 << 10);
      let sent = 0;
      while (sent < 2000 && lastSocket!.send(text)) {
        sent++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(sent < 2000, 'nothing was ever left out');
      client.terminate();
    });

    it('has a cap on connections', async () => {
      const clients: Socket[] = [];
      let closed = 0;
      for (let i = 0; i < connectionsMax + 10; i++) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        socket.once('close', () => closed++);
        socket.resume();
        await once(socket, 'connect');
        clients.push(socket);
      }
      while (closed < 10) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(listener.connections() <= connectionsMax);
      for (const socket of clients) socket.destroy();
      while (listener.connections() > 5) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await fetch(url('/unread'))).status, 200);
    });

    it('refuses a port that is taken', async () => {
      const second = open(handler, sockets);
      await assert.rejects(second.listen('127.0.0.1', port));
      await second.close();
    });
  });
}
