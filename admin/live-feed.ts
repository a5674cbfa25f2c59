// WebSocket /api/v1/live: the figures, once a second, to whoever showed the token. It is shown in the
// first message, {"token":"…"}, never in the address, which ends up in logs.
import type { EngineFigures } from '../workers/admin-messages.ts';
import type { TokenCheck } from './access/token.ts';
import type { LiveSocket, SocketHandler, UpgradeRequest } from './listener.ts';
import { liveDocument } from './status-document.ts';

export interface LiveFeed {
  readonly handler: SocketHandler;
  publish(figures: EngineFigures): void;
  clients(): number;
  /** Connections refused: full, foreign origin, no token. */
  refused(): number;
  /** Messages left out because a client was too slow. */
  leftOut(): number;
}

/** Clients at once, those that have not shown the token yet included. */
export const liveClientsMax = 64;
/** Time to show the token. */
const tokenWithinMs = 5_000;
const closePolicy = 1008;
const closeTryLater = 1013;

interface Client {
  authenticated: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function createLiveFeed(tokenMatches: TokenCheck): LiveFeed {
  const clients = new Map<LiveSocket, Client>();
  let refused = 0;
  let leftOut = 0;
  let latest: string | undefined;

  const send = (socket: LiveSocket, text: string): void => {
    if (!socket.send(text)) leftOut++;
  };
  const refuse = (socket: LiveSocket, code: number, reason: string): void => {
    refused++;
    socket.close(code, reason);
  };
  const handler: SocketHandler = {
    path: '/api/v1/live',
    messageBytesMax: 4 << 10,
    refusal(request) {
      if (isOwnOrigin(request)) return undefined;
      refused++;
      return 403;
    },
    opened(socket) {
      if (clients.size >= liveClientsMax) {
        refuse(socket, closeTryLater, 'too many clients');
        return;
      }
      const timer = setTimeout(() => {
        refuse(socket, closePolicy, 'no token shown');
      }, tokenWithinMs);
      clients.set(socket, { authenticated: false, timer });
    },
    received(socket, text) {
      const client = clients.get(socket);
      // After the token there is nothing that a client may say.
      if (client === undefined || client.authenticated) return;
      if (!tokenMatches(tokenIn(text))) {
        refuse(socket, closePolicy, 'wrong token');
        return;
      }
      client.authenticated = true;
      clearTimeout(client.timer);
      if (latest !== undefined) send(socket, latest);
    },
    closed(socket) {
      clearTimeout(clients.get(socket)?.timer);
      clients.delete(socket);
    },
  };
  return {
    handler,
    publish(figures) {
      latest = JSON.stringify({ kind: 'figures', figures: liveDocument(figures) });
      for (const [socket, client] of clients) if (client.authenticated) send(socket, latest);
    },
    clients: () => clients.size,
    refused: () => refused,
    leftOut: () => leftOut,
  };
}

/** A page of another origin must not talk to us with a token it was tricked into having. */
function isOwnOrigin(request: UpgradeRequest): boolean {
  const origin = request.header('origin');
  return origin === '' || hostOf(origin) === request.header('host').toLowerCase();
}

function hostOf(origin: string): string {
  try {
    return new URL(origin).host;
  } catch {
    return '';
  }
}

function tokenIn(text: string): string {
  try {
    const message = JSON.parse(text) as { token?: unknown } | null;
    return typeof message?.token === 'string' ? message.token : '';
  } catch {
    return '';
  }
}
