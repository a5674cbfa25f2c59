// From a request to a reply: finds the route, asks for the token, turns whatever is thrown into a problem
// document, adds the security headers, logs and counts. Nothing but the routes marked open is answered
// without a token, wherever the request comes from.
import type { Log } from '../workers/log.ts';
import { bearerToken, type TokenCheck } from './access/token.ts';
import { type HttpHandler, type HttpReply, type HttpRequest, RequestAborted } from './listener.ts';
import { problem, problemOf, problemReply } from './problem.ts';
import type { Method, Route } from './routes/route.ts';

export interface RequestCounts {
  requests: number;
  refusedToken: number;
  /** Replies of 4xx but for the token's. */
  refused: number;
  failed: number;
}

export interface RouterSettings {
  routes: readonly Route[];
  tokenMatches: TokenCheck;
  counts: RequestCounts;
  log: Log;
}

const securityHeaders: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function routeRequests(settings: RouterSettings): HttpHandler {
  const { counts, log } = settings;
  return async (request) => {
    const startedAt = performance.now();
    const reply = await replyTo(settings, request);
    counts.requests++;
    if (reply.status === 401) counts.refusedToken++;
    else if (reply.status >= 500) counts.failed++;
    else if (reply.status >= 400) counts.refused++;
    log.debug(
      {
        method: request.method,
        path: request.path.slice(0, 200),
        status: reply.status,
        tookMs: Math.round(performance.now() - startedAt),
        from: request.remoteAddress,
      },
      'request',
    );
    const headers = { ...securityHeaders, ...reply.headers };
    const { body } = reply;
    if (typeof body === 'string' || body instanceof Uint8Array) return { ...reply, headers };
    return { ...reply, headers, body: loggedWhenBroken(body, log) };
  };
}

/** A stream that breaks has no status left to say so: the listener cuts it, and the log tells why. */
async function* loggedWhenBroken(
  body: AsyncIterable<string | Uint8Array>,
  log: Log,
): AsyncGenerator<string | Uint8Array, void, void> {
  try {
    yield* body;
  } catch (error) {
    log.error({ err: error }, 'a streamed reply broke off');
    throw error;
  }
}

async function replyTo(settings: RouterSettings, request: HttpRequest): Promise<HttpReply> {
  try {
    return await dispatch(settings, request);
  } catch (error) {
    const known = problemOf(error);
    if (known !== undefined) return problemReply(known);
    if (!(error instanceof RequestAborted)) {
      settings.log.error({ err: error, path: request.path.slice(0, 200) }, 'request failed');
    }
    return problemReply(problem('internal', 'the log of the node says more'));
  }
}

interface Match {
  route: Route;
  parameters: Record<string, string>;
}

function dispatch(settings: RouterSettings, request: HttpRequest): Promise<HttpReply> | HttpReply {
  const matches = matchPath(settings.routes, request.path);
  const isOpen = matches.some(({ route }) => route.open === true);
  // An unknown address asks for the token too: without one there is nothing to learn here.
  if (!isOpen && !settings.tokenMatches(bearerToken(request.header('authorization')))) {
    return problemReply(
      problem('unauthorized', 'expected "Authorization: Bearer TOKEN" with the token of this node'),
      { 'www-authenticate': 'Bearer realm="tandem"' },
    );
  }
  if (matches.length === 0) {
    return problemReply(problem('not-found', `no such address: ${request.path.slice(0, 200)}`));
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const match = matches.find(({ route }) => route.method === method);
  if (match === undefined) return methodNotAllowed(matches, request.method);
  return match.route.handle(request, match.parameters);
}

function methodNotAllowed(matches: readonly Match[], method: string): HttpReply {
  const allowed = new Set<Method | 'HEAD'>();
  for (const { route } of matches) {
    allowed.add(route.method);
    if (route.method === 'GET') allowed.add('HEAD');
  }
  const allow = [...allowed].join(', ');
  return problemReply(problem('method-not-allowed', `${method.slice(0, 20)}: expected ${allow}`), {
    allow,
  });
}

function matchPath(routes: readonly Route[], path: string): Match[] {
  const matches: Match[] = [];
  for (const route of routes) {
    const parameters = parametersOf(route.path, path);
    if (parameters !== undefined) matches.push({ route, parameters });
  }
  return matches;
}

function parametersOf(pattern: string, path: string): Record<string, string> | undefined {
  if (!pattern.includes('{')) return pattern === path ? {} : undefined;
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith('{')) {
      const value = decoded(given[i]!);
      if (value === undefined || value === '') return undefined;
      parameters[part.slice(1, -1)] = value;
    } else if (part !== given[i]) {
      return undefined;
    }
  }
  return parameters;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
