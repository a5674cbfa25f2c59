// The HTTP listener on node:http and ws, for platforms and installations without uWebSockets.js. Same
// interface, same limits, same tests.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  BodyTooLarge,
  connectionsMax,
  type HttpHandler,
  type HttpListener,
  type HttpReply,
  type HttpRequest,
  type LiveSocket,
  RequestAborted,
  type SocketHandler,
  socketIdleSeconds,
  socketQueueBytesMax,
  type UpgradeRequest,
} from '../admin/listener.ts';

/** Head of a request complete within; a slow one is closed (slow loris). */
const headMs = 10_000;
/** A whole request, body included, within. */
const requestMs = 60_000;
const keepAliveMs = 10_000;
const headBytesMax = 16 << 10;
/** A refused body is read and thrown away this long, so that the client sees the refusal. */
const lingerMs = 2_000;

export function openNodeHttpListener(handler: HttpHandler, sockets: SocketHandler): HttpListener {
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: headBytesMax,
    },
    (message, response) => void answer(handler, message, response),
  );
  server.maxConnections = connectionsMax;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseRaw(error, socket));
  const endSockets = attachSockets(server, sockets);
  return {
    kind: 'node:http',
    connections: () => open.size,
    listen: (address, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: address, port, exclusive: true }, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        endSockets();
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function answer(
  handler: HttpHandler,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A connection lost in the middle is the reader's or the writer's affair, not the process's.
  message.on('error', () => {});
  response.on('error', () => {});
  const reply = await handler(requestOf(message));
  if (response.destroyed || response.writableEnded) return;
  const bodyUnread = !message.complete;
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if (bodyUnread) response.setHeader('connection', 'close');
  response.statusCode = reply.status;
  await writeBody(message, response, reply);
  if (bodyUnread) drainRefused(message);
}

async function writeBody(
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
): Promise<void> {
  const { body } = reply;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.setHeader('content-length', Buffer.byteLength(body));
    response.end(message.method === 'HEAD' ? undefined : body);
    return;
  }
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    for await (const piece of body) {
      if (response.destroyed) return;
      if (!response.write(piece)) await writable(response);
    }
    response.end();
  } catch {
    // The head has left: a cut connection is the only way left to say that it is not whole.
    response.destroy();
  }
}

function writable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function drainRefused(message: IncomingMessage): void {
  message.resume();
  const timer = setTimeout(() => message.destroy(), lingerMs);
  message.once('close', () => clearTimeout(timer));
}

function requestOf(message: IncomingMessage): HttpRequest {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    header: (name) => headerOf(message, name),
    remoteAddress: message.socket.remoteAddress ?? '',
    readBody: (limitBytes) => readBody(message, limitBytes),
  };
}

function headerOf(message: IncomingMessage, name: string): string {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

function readBody(message: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(message.headers['content-length'] ?? 0) > limitBytes) {
      reject(new BodyTooLarge(limitBytes));
      return;
    }
    const pieces: Buffer[] = [];
    let bytes = 0;
    const onData = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes <= limitBytes) {
        pieces.push(piece);
        return;
      }
      message.off('data', onData);
      message.pause();
      reject(new BodyTooLarge(limitBytes));
    };
    message.on('data', onData);
    message.once('end', () => resolve(Buffer.concat(pieces)));
    message.once('close', () => reject(new RequestAborted()));
  });
}

function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const line =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Answers with the function that ends every WebSocket. */
function attachSockets(server: Server, handler: SocketHandler): () => void {
  const upgrades = new WebSocketServer({
    noServer: true,
    maxPayload: handler.messageBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => false,
  });
  const alive = new WeakSet<WebSocket>();
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal =
      requestOf(message).path === handler.path ? handler.refusal(upgradeRequestOf(message)) : 404;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    upgrades.handleUpgrade(message, socket, head, (client) => {
      alive.add(client);
      client.on('pong', () => alive.add(client));
      serve(client, handler);
    });
  });
  const pings = setInterval(
    () => {
      for (const client of upgrades.clients) {
        if (!alive.delete(client)) client.terminate();
        else client.ping();
      }
    },
    (socketIdleSeconds * 1000) / 2,
  );
  pings.unref();
  return () => {
    clearInterval(pings);
    for (const client of upgrades.clients) client.terminate();
    upgrades.close();
  };
}

function upgradeRequestOf(message: IncomingMessage): UpgradeRequest {
  return {
    header: (name) => headerOf(message, name),
    remoteAddress: message.socket.remoteAddress ?? '',
  };
}

function serve(client: WebSocket, handler: SocketHandler): void {
  const socket: LiveSocket = {
    send(text) {
      if (client.readyState !== client.OPEN) return false;
      if (client.bufferedAmount > socketQueueBytesMax) return false;
      client.send(text);
      return true;
    },
    close: (code, reason) => client.close(code, reason),
  };
  client.on('error', () => client.terminate());
  client.on('message', (message, isBinary) => {
    if (isBinary) client.close(1003, 'text only');
    else handler.received(socket, message.toString());
  });
  client.once('close', () => handler.closed(socket));
  handler.opened(socket);
}
