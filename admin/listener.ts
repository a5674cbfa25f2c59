// What the admin process asks of an HTTP server: small enough that uWebSockets.js and node:http both
// fit behind it without either showing. A handler gets a request and answers with a reply; the listener
// does the sending, the back-pressure and the HEAD.

export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name; '' where the client sent none. */
  header(name: string): string;
  readonly remoteAddress: string;
  /** The whole body. @throws BodyTooLarge, RequestAborted */
  readBody(limitBytes: number): Promise<Uint8Array>;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  /** Pieces of an iterable leave as they come, and no faster than the client reads. */
  body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** Never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;

export interface LiveSocket {
  /** False when the client is too far behind, or gone: the message was not queued. */
  send(text: string): boolean;
  close(code: number, reason: string): void;
}

export interface UpgradeRequest {
  header(name: string): string;
  readonly remoteAddress: string;
}

export interface SocketHandler {
  readonly path: string;
  /** Longest message accepted from a client; a longer one closes the connection. */
  readonly messageBytesMax: number;
  /** The HTTP status to refuse with, or undefined to let the client in. */
  refusal(request: UpgradeRequest): number | undefined;
  opened(socket: LiveSocket): void;
  received(socket: LiveSocket, text: string): void;
  closed(socket: LiveSocket): void;
}

export interface HttpListener {
  readonly kind: 'uWebSockets.js' | 'node:http';
  /** Resolves with the port, which matters where 0 was asked for. @throws where it cannot be had */
  listen(address: string, port: number): Promise<number>;
  connections(): number;
  /** Stops listening and closes what is open. */
  close(): Promise<void>;
}

export type OpenListener = (handler: HttpHandler, sockets: SocketHandler) => HttpListener;

/** Connections at once; a further one is closed as soon as it is accepted. */
export const connectionsMax = 256;

/** Bytes that may wait for a slow WebSocket client before messages to it are left out. */
export const socketQueueBytesMax: number = 1 << 20;

/** Silence after which a WebSocket counts as dead; pings keep a live one from being silent. */
export const socketIdleSeconds = 30;

export class BodyTooLarge extends Error {
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`the body is larger than ${limitBytes} bytes`);
    this.name = 'BodyTooLarge';
    this.limitBytes = limitBytes;
  }
}

export class RequestAborted extends Error {
  constructor() {
    super('the client went away');
    this.name = 'RequestAborted';
  }
}
