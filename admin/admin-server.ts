// The administration server put together: routes, token, live feed, listener, and the file that tells
// commands its address. The process entry is main.ts; tests build it with parts of their own.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AdminStart } from '../workers/admin-messages.ts';
import { adminUrlPath } from '../workers/data-directory.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import type { Log } from '../workers/log.ts';
import { type TokenCheck, tokenCheck } from './access/token.ts';
import type { AccountService } from './account-service.ts';
import type { CdrPages } from './cdr-pages.ts';
import type { ConfigurationService } from './configuration-service.ts';
import type { RateDecks } from './deck/deck-service.ts';
import type { EngineChannel } from './engine-channel.ts';
import type { FindCdrs } from './find-cdrs.ts';
import type { HttpListener, OpenListener } from './listener.ts';
import { createLiveFeed, type LiveFeed } from './live-feed.ts';
import type { AdminFigures } from './metrics-text.ts';
import { openApiDocument } from './openapi.ts';
import { findPackageRoot } from './package-root.ts';
import { type RequestCounts, routeRequests } from './request-router.ts';
import { accountRoutes } from './routes/accounts.ts';
import { backupRoutes } from './routes/backup.ts';
import { cdrRoutes } from './routes/cdrs.ts';
import { configRoutes } from './routes/config.ts';
import { configVersionRoutes } from './routes/config-versions.ts';
import { listedNumberRoutes } from './routes/listed-numbers.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { pageRoutes } from './routes/page.ts';
import { rateTableRoutes } from './routes/rate-tables.ts';
import { ratingRoutes } from './routes/rating.ts';
import { jsonReply, type Route } from './routes/route.ts';
import { routingRoutes } from './routes/routing.ts';
import { statusRoutes } from './routes/status.ts';

export interface AdminParts {
  start: AdminStart;
  token: string;
  engine: EngineChannel;
  configuration: ConfigurationService;
  decks: RateDecks;
  cdrPages: CdrPages;
  rejectedRows: LedgerStore['rejectedRows'];
  findCdrs: FindCdrs;
  accounts: AccountService;
  makeBackup: () => Promise<Buffer>;
  openListener: OpenListener;
  log: Log;
}

export interface AdminServer {
  /** "http://127.0.0.1:8080", as a client on this machine reaches it. */
  readonly url: string;
  close(): Promise<void>;
}

/** @throws where the address cannot be listened on */
export async function startAdminServer(parts: AdminParts): Promise<AdminServer> {
  const { start, engine, log } = parts;
  const tokenMatches = tokenCheck(parts.token);
  const live = createLiveFeed(tokenMatches);
  const listener = listenerOf(parts, live, tokenMatches);
  engine.onFigures((figures) => live.publish(figures));

  const listenUrl = new URL(start.listen);
  const host = listenUrl.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = await listener.listen(host, Number(listenUrl.port || 80));
  const url = `http://${reachableHost(host)}:${port}`;
  writeUrl(start.dataDir, url);
  engine.listening(url);
  log.info({ url, listener: listener.kind }, 'admin listening');
  return {
    url,
    close: async () => {
      rmSync(adminUrlPath(start.dataDir), { force: true });
      await listener.close();
    },
  };
}

function listenerOf(parts: AdminParts, live: LiveFeed, tokenMatches: TokenCheck): HttpListener {
  const { engine, configuration, log, start } = parts;
  const counts: RequestCounts = { requests: 0, refusedToken: 0, refused: 0, failed: 0 };
  const adminFigures = (): AdminFigures => ({
    requests: counts,
    connections: listener.connections(),
    liveClients: live.clients(),
    liveRefused: live.refused(),
    liveLeftOut: live.leftOut(),
    memoryRssBytes: process.memoryUsage.rss(),
    master: configuration.masterState(),
  });
  const described: Route[] = [
    ...statusRoutes(engine, configuration.masterState),
    ...configRoutes(configuration),
    ...configVersionRoutes(configuration),
    ...routingRoutes({ engine, findCdrs: parts.findCdrs, node: start.node }),
    ...listedNumberRoutes(engine),
    ...ratingRoutes(engine),
    ...rateTableRoutes(parts.decks),
    ...cdrRoutes(parts.cdrPages, parts.rejectedRows),
    ...backupRoutes(parts.makeBackup),
    ...accountRoutes(parts.accounts),
    ...metricsRoutes(engine, adminFigures),
    openApiRoute(() => openApiDocument(described, start.version)),
  ];
  const routes = [...described, ...pageRoutes(findPackageRoot())];
  const listener = parts.openListener(
    routeRequests({ routes, tokenMatches, counts, log }),
    live.handler,
  );
  return listener;
}

function openApiRoute(document: () => unknown): Route {
  return {
    method: 'GET',
    path: '/api/v1/openapi.json',
    operation: {
      summary: 'This description',
      reply: { 'application/json': { type: 'object' } },
    },
    handle: () => jsonReply(document()),
  };
}

/** A wildcard is no address to connect to. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Renamed into place: a reader finds the whole address or none. */
function writeUrl(dataDir: string, url: string): void {
  const path = adminUrlPath(dataDir);
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${url}\n`);
  renameSync(fresh, path);
}
