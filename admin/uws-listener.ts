// The HTTP listener on uWebSockets.js. Its rules, kept here so that nobody else needs to know them: a
// request object is valid only until its callback returns; a response must not be touched after it was
// aborted; writes are corked; a body chunk is only ours until its callback returns.
import { STATUS_CODES } from 'node:http';
import {
  BodyTooLarge,
  connectionsMax,
  type HttpHandler,
  type HttpListener,
  type HttpReply,
  type HttpRequest,
  type LiveSocket,
  type OpenListener,
  RequestAborted,
  type SocketHandler,
  socketIdleSeconds,
  socketQueueBytesMax,
} from './listener.ts';
import type { UwsApp, UwsModule, UwsRequest, UwsResponse, UwsWebSocket } from './uws-types.ts';

/** The listener, or why the module cannot be used here. */
export async function loadUwsListener(): Promise<OpenListener | string> {
  try {
    const uws = (await import('uWebSockets.js')) as UwsModule;
    return (handler, sockets) => openUwsListener(uws, handler, sockets);
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  }
}

function openUwsListener(
  uws: UwsModule,
  handler: HttpHandler,
  sockets: SocketHandler,
): HttpListener {
  const app = uws.App();
  let connections = 0;
  const countConnection = (response: UwsResponse, change: number): void => {
    connections += change;
    if (change > 0 && connections > connectionsMax) response.close();
  };
  app.filter(countConnection);
  attachSockets(app, sockets);
  app.any('/*', (response, request) => {
    void answer(handler, response, request);
  });
  return {
    kind: 'uWebSockets.js',
    connections: () => connections,
    listen: (address, port) =>
      new Promise((resolve, reject) => {
        // Exclusive: without it a second listener on the port would be let in beside the first.
        app.listen(address, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
          if (socket === false) reject(new Error(`${address} port ${port} cannot be listened on`));
          else resolve(uws.us_socket_local_port(socket));
        });
      }),
    close: () => {
      app.close();
      return Promise.resolve();
    },
  };
}

/** What is known of a response that may be gone at any turn. */
interface Exchange {
  response: UwsResponse;
  head: boolean;
  finished: boolean;
  /** Called once when the client goes away. */
  onGone: (() => void)[];
}

async function answer(
  handler: HttpHandler,
  response: UwsResponse,
  request: UwsRequest,
): Promise<void> {
  const exchange: Exchange = { response, head: false, finished: false, onGone: [] };
  response.onAborted(() => {
    exchange.finished = true;
    for (const notify of exchange.onGone) notify();
  });
  const { asked, bodyUnread } = requestOf(exchange, request);
  exchange.head = asked.method === 'HEAD';
  const reply = await handler(asked);
  if (exchange.finished) return;
  if (typeof reply.body === 'string' || reply.body instanceof Uint8Array) {
    finish(exchange, reply, reply.body, bodyUnread());
  } else {
    await stream(exchange, reply, reply.body);
  }
}

function finish(
  exchange: Exchange,
  reply: HttpReply,
  body: string | Uint8Array,
  closeAfter: boolean,
): void {
  exchange.finished = true;
  exchange.response.cork(() => {
    writeHead(exchange.response, reply);
    if (exchange.head) {
      exchange.response.endWithoutBody(Buffer.byteLength(body), closeAfter);
    } else {
      exchange.response.end(body, closeAfter);
    }
  });
}

function writeHead(response: UwsResponse, reply: HttpReply): void {
  response.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? 'Unknown'}`);
  for (const [name, value] of Object.entries(reply.headers)) response.writeHeader(name, value);
}

async function stream(
  exchange: Exchange,
  reply: HttpReply,
  body: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const { response } = exchange;
  if (exchange.head) {
    finish(exchange, reply, '', false);
    return;
  }
  let wake: () => void = () => {};
  response.onWritable(() => {
    wake();
    return true;
  });
  exchange.onGone.push(() => wake());
  response.cork(() => writeHead(response, reply));
  try {
    for await (const piece of body) {
      if (exchange.finished) return;
      let roomLeft = true;
      const drained = new Promise<void>((resolve) => {
        wake = resolve;
      });
      response.cork(() => {
        roomLeft = response.write(piece);
      });
      if (!roomLeft) await drained;
    }
    if (!exchange.finished) response.cork(() => response.end());
  } catch {
    // The head has left: a cut connection is the only way left to say that it is not whole.
    if (!exchange.finished) response.close();
  }
  exchange.finished = true;
}

function requestOf(
  exchange: Exchange,
  request: UwsRequest,
): { asked: HttpRequest; bodyUnread: () => boolean } {
  const headers = headersOf(request);
  const header = (name: string): string => headers.get(name) ?? '';
  const body = receiveBody(exchange, Number(header('content-length') || 0));
  const asked: HttpRequest = {
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: request.getUrl(),
    query: new URLSearchParams(request.getQuery() ?? ''),
    header,
    remoteAddress: Buffer.from(exchange.response.getRemoteAddressAsText()).toString(),
    readBody: body.read,
  };
  return { asked, bodyUnread: () => !body.complete() };
}

function headersOf(request: UwsRequest): Map<string, string> {
  const headers = new Map<string, string>();
  request.forEach((name, value) => {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  });
  return headers;
}

/** Bytes that may arrive before the handler has said how much it wants. */
const unaskedBytesMax = 1 << 20;

/** `onData` must be set before the request callback returns, long before anybody asks for the body. */
function receiveBody(
  exchange: Exchange,
  declaredBytes: number,
): { read: HttpRequest['readBody']; complete: () => boolean } {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let limit = unaskedBytesMax;
  let complete = false;
  let settle: () => void = () => {};
  exchange.response.onData((chunk, isLast) => {
    bytes += chunk.byteLength;
    // Past the limit what still comes is counted and thrown away until the refusal has left.
    if (bytes <= limit) pieces.push(Buffer.from(Buffer.from(chunk)));
    else pieces.length = 0;
    complete = isLast;
    if (isLast || bytes > limit) settle();
  });
  const read = async (limitBytes: number): Promise<Uint8Array> => {
    if (declaredBytes > limitBytes || bytes > limit) throw new BodyTooLarge(limitBytes);
    limit = limitBytes;
    if (!complete && bytes <= limit) {
      await new Promise<void>((resolve) => {
        settle = resolve;
        exchange.onGone.push(resolve);
      });
    }
    if (exchange.finished && !complete) throw new RequestAborted();
    if (bytes > limit) throw new BodyTooLarge(limitBytes);
    return Buffer.concat(pieces);
  };
  return { read, complete: () => complete };
}

interface SocketData {
  socket: LiveSocket | undefined;
}

function attachSockets(app: UwsApp, handler: SocketHandler): void {
  app.ws<SocketData>(handler.path, {
    maxPayloadLength: handler.messageBytesMax,
    idleTimeout: socketIdleSeconds + 2,
    maxBackpressure: socketQueueBytesMax,
    closeOnBackpressureLimit: false,
    sendPingsAutomatically: true,
    compression: 0,
    upgrade(response, request, context) {
      const refusal = handler.refusal({
        header: (name) => request.getHeader(name),
        remoteAddress: Buffer.from(response.getRemoteAddressAsText()).toString(),
      });
      if (refusal !== undefined) {
        response.cork(() => {
          response.writeStatus(`${refusal} Refused`).end('', true);
        });
        return;
      }
      response.upgrade<SocketData>(
        { socket: undefined },
        request.getHeader('sec-websocket-key'),
        '',
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open(client) {
      const socket = liveSocketOf(client);
      client.getUserData().socket = socket;
      handler.opened(socket);
    },
    message(client, message, isBinary) {
      if (isBinary) client.end(1003, 'text only');
      else handler.received(client.getUserData().socket!, Buffer.from(message).toString());
    },
    close(client) {
      const { socket } = client.getUserData();
      if (socket === undefined) return;
      client.getUserData().socket = undefined;
      gone.add(socket);
      handler.closed(socket);
    },
  });
}

/** A closed uWebSockets.js socket throws when touched. */
const gone = new WeakSet<LiveSocket>();

/** Its `send`: 1 sent, 0 queued, 2 left out for back-pressure. */
const leftOut = 2;

function liveSocketOf(client: UwsWebSocket<SocketData>): LiveSocket {
  const socket: LiveSocket = {
    send(text) {
      if (gone.has(socket)) return false;
      let outcome = leftOut;
      client.cork(() => {
        outcome = client.send(text, false);
      });
      return outcome !== leftOut;
    },
    close(code, reason) {
      if (!gone.has(socket)) client.end(code, reason);
    },
  };
  return socket;
}
