// A whole administration server on a free port of loopback, with a store in a temporary directory and a
// fake engine; the same for each listener that can be had on this machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { mintAdminToken } from '../../admin/access/token.ts';
import { createAccountService } from '../../admin/account-service.ts';
import { startAdminServer } from '../../admin/admin-server.ts';
import { makeBackup } from '../../admin/backup.ts';
import { createConfigurationService } from '../../admin/configuration-service.ts';
import { poolDeckTasks } from '../../admin/deck/deck-pool.ts';
import { createRateDecks } from '../../admin/deck/deck-service.ts';
import { openEngineChannel } from '../../admin/engine-channel.ts';
import { createExtensionNotes } from '../../admin/extension-notes.ts';
import type { OpenListener } from '../../admin/listener.ts';
import { loadUwsListener } from '../../admin/uws-listener.ts';
import { logIdText } from '../../core/cdr/cdr-json.ts';
import { Transport } from '../../core/sip/hop.ts';
import { openNodeHttpListener } from '../../native-free/node-http-listener.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore, StoredCdr } from '../../workers/ledger/ledger-store.ts';
import { createFakeEngine, type FakeEngine, figuresOf } from './fake-engine.ts';

/** What the node listens on: IPv4 over UDP. */
const nodeListeners = [{ transport: Transport.udp, address: '127.0.0.1', port: 5060 }];

export interface AdminFixture {
  readonly url: string;
  readonly token: string;
  readonly dataDir: string;
  readonly engine: FakeEngine;
  readonly versions: ConfigurationVersions;
  readonly ledger: LedgerStore;
  /** What GET /api/v1/cdrs finds. */
  cdrs: StoredCdr[];
  /** With the token. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: BodyInit, contentType?: string): Promise<Response>;
  close(): Promise<void>;
}

export async function openAdminFixture(openListener: OpenListener): Promise<AdminFixture> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tandem-admin-'));
  const token = mintAdminToken(dataDir);
  const engine = createFakeEngine();
  const channel = openEngineChannel(engine.port);
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const ledger = await openEmbeddedLedger(dataDir);
  const configuration = createConfigurationService(versions, {
    engine: channel,
    listeners: nodeListeners,
    ledger,
  });
  const tasks = poolDeckTasks();
  const decks = createRateDecks({ dataDir, versions, configuration, tasks });
  const server = await startAdminServer({
    start: {
      dataDir,
      listen: 'http://127.0.0.1:0',
      node: 'edge-1',
      version: '0.1.0',
      logLevel: 'silent',
      mysqlUrl: '',
      listeners: nodeListeners,
    },
    token,
    engine: channel,
    configuration,
    decks,
    accounts: createAccountService({
      ledger,
      configuration: () => configuration.inForce(),
      extendExpiry: configuration.extendExpiry,
      notes: createExtensionNotes(async (use) => use(store)),
      engine: channel,
    }),
    makeBackup: () => makeBackup({ dataDir, store, ledger }),
    cdrPages: async ({ limit = 10_000 }) => ({
      rowsMax: 10_000,
      cdrs: Readable.from(fixture.cdrs.slice(0, limit)),
    }),
    rejectedRows: ledger.rejectedRows,
    findCdrs: async (wanted) =>
      fixture.cdrs.filter((cdr) =>
        'callId' in wanted
          ? cdr.callId === wanted.callId || cdr.calleeCallId === wanted.callId
          : logIdText(cdr.logId) === logIdText(wanted.logId),
      ),
    openListener,
    log: pino({ level: 'silent' }),
  });
  engine.push(figuresOf());
  const fixture: AdminFixture = {
    url: server.url,
    token,
    dataDir,
    engine,
    versions,
    ledger,
    cdrs: [],
    get: (path, headers = {}) =>
      fetch(server.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } }),
    post: (path, body, contentType = 'application/json') =>
      fetch(server.url + path, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      }),
    close: async () => {
      await server.close();
      await tasks.close();
      await store.close();
      await ledger.close();
      rmSync(dataDir, { recursive: true });
    },
  };
  return fixture;
}

export interface ListenerUnderTest {
  name: string;
  open: OpenListener;
  /** Why it cannot be tested here; false where it can. */
  skip: string | false;
}

/** Both listeners. uWebSockets.js is an optional package, and left out where it has no binary. */
export async function listenersUnderTest(): Promise<ListenerUnderTest[]> {
  const uws = await loadUwsListener();
  const node = { name: 'node:http', open: openNodeHttpListener, skip: false as const };
  if (typeof uws === 'string') {
    return [node, { name: 'uWebSockets.js', open: openNodeHttpListener, skip: uws }];
  }
  return [node, { name: 'uWebSockets.js', open: uws, skip: false }];
}
