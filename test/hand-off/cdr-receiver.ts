// A receiver of pushed CDRs: a real HTTP server on a free port of loopback that answers as a test says.
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ReceivedPost {
  readonly headers: http.IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
}

/** What is done with one POST: a status with headers and a body, or something unkind. */
export type Manner =
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  | { kind: 'hang' }
  /** Closes after so many bytes of the request's body. */
  | { kind: 'closeWithinRequest' }
  /** Begins an answer of 200, and closes. */
  | { kind: 'closeWithinAnswer' };

export const taken: Manner = { kind: 'answer', status: 200 };

export interface CdrReceiver {
  readonly url: string;
  readonly posts: ReceivedPost[];
  /** Connections taken. */
  connections: number;
  manner: (post: ReceivedPost) => Manner;
  /** Resolves once `count` POSTs have come. */
  postsAre(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startCdrReceiver(
  tls?: { key: string; cert: string },
  port = 0,
): Promise<CdrReceiver> {
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  const waiting: { count: number; resolve: () => void }[] = [];
  const receiver: CdrReceiver = {
    url: '',
    posts: [],
    connections: 0,
    manner: () => taken,
    postsAre: (count) =>
      new Promise((resolve) => {
        if (receiver.posts.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('connection', () => receiver.connections++);
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    request.on('error', () => {});
    const parts: Buffer[] = [];
    const head = { headers: request.headers, path: request.url ?? '' };
    request.on('data', (part: Buffer) => {
      const manner = receiver.manner({ ...head, body: '' });
      if (manner.kind === 'closeWithinRequest') request.socket.destroy();
      else parts.push(part);
    });
    request.on('end', () => {
      const post = { ...head, body: Buffer.concat(parts).toString('utf8') };
      receiver.posts.push(post);
      behave(receiver.manner(post), response);
      for (const { count, resolve } of waiting) if (receiver.posts.length >= count) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}/cdrs`;
  return Object.assign(receiver, { url });
}

function behave(manner: Manner, response: http.ServerResponse): void {
  switch (manner.kind) {
    case 'answer':
      response.writeHead(manner.status, manner.headers);
      response.end(manner.body ?? '');
      return;
    case 'closeWithinAnswer':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('begun', () => response.socket?.destroy());
      return;
    case 'hang':
    case 'closeWithinRequest':
      return;
  }
}
