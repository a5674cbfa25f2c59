// Entry of the admin process, forked by the engine ahead of its own modules; what to serve comes in the first
// message. It ends when the engine asks, or when the engine is gone.
import { ConfigurationVersions } from '../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../workers/configuration/open-store.ts';
import { openLedger } from '../workers/ledger/open-ledger.ts';
import { openLog } from '../workers/log.ts';
import type { LogLevel } from '../workers/settings.ts';
import { mintAdminToken, tokenFileIsOpen } from './access/token.ts';
import { createAccountService } from './account-service.ts';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { makeBackup } from './backup.ts';
import { createCdrPages } from './cdr-pages.ts';
import { chooseListener } from './choose-listener.ts';
import { createConfigurationMaster, openSource } from './configuration-master.ts';
import { createConfigurationService } from './configuration-service.ts';
import { poolDeckTasks } from './deck/deck-pool.ts';
import { createRateDecks } from './deck/deck-service.ts';
import { openEngineChannel, processPort } from './engine-channel.ts';
import { createExtensionNotes } from './extension-notes.ts';
import { createFindCdrs } from './find-cdrs.ts';
import { followMaster } from './follow-master.ts';
import { settleExtensions } from './settle-extensions.ts';

if (!process.connected) {
  process.stderr.write('admin/main.js is started by the engine: use "tandem start"\n');
  process.exit(2);
}

/** Longer than this nothing that is still open is waited for. */
const closeMs = 2_000;
let server: AdminServer | undefined;
let flush: () => void = () => {};
let stopping = false;

function stop(exitCode: number): void {
  if (stopping) return;
  stopping = true;
  const end = (): never => {
    flush();
    process.exit(exitCode);
  };
  setTimeout(end, closeMs);
  void (server?.close() ?? Promise.resolve()).then(end, end);
}

// The terminal sends Ctrl-C to the whole group; when to stop is the engine's to say, after draining.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

const engine = openEngineChannel(processPort());
engine.onStop(() => stop(0));
const start = await engine.started;
const output = openLog(start.logLevel as LogLevel, { process: 'admin' });
const { log } = output;
flush = output.flush;
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'admin process: a fault of ours');
  stop(1);
});

try {
  const token = mintAdminToken(start.dataDir);
  if (tokenFileIsOpen(start.dataDir)) {
    log.warn('admin-token can be read by others than its owner: expected mode 0600');
  }
  const store = await openConfigurationStore(start.dataDir, {
    onStandIn: (reason) =>
      log.info({ because: reason }, 'configuration store: native-free stand-in'),
  });
  const versions = new ConfigurationVersions(store);
  const { dataDir, listeners } = start;
  const tasks = poolDeckTasks();
  const ledger = await openLedger({ dataDir, mysqlUrl: start.mysqlUrl }, (reason) =>
    log.info({ because: reason }, 'ledger: native-free stand-in'),
  );
  const source = await openSource({ url: start.mysqlUrl, node: start.node });
  const configuration = createConfigurationService(versions, {
    engine,
    listeners,
    ledger,
    ...(source === undefined ? {} : { master: createConfigurationMaster(source, store) }),
  });
  if (source !== undefined) followMaster(configuration, log);
  const { extendExpiry } = configuration;
  const notes = createExtensionNotes(async (use) => use(store));
  settleExtensions(notes, { ledger, extend: extendExpiry }, log);
  server = await startAdminServer({
    start,
    token,
    engine,
    configuration,
    decks: createRateDecks({ dataDir, versions, configuration, tasks, listeners }),
    accounts: createAccountService({
      ledger,
      configuration: () => configuration.inForce(),
      extendExpiry,
      notes,
      engine,
    }),
    makeBackup: () => makeBackup({ dataDir, store, ledger }),
    cdrPages: createCdrPages({
      dataDir,
      ledger,
      parameters: () => configuration.inForce().parameters,
    }),
    rejectedRows: ledger.rejectedRows,
    findCdrs: createFindCdrs({ dataDir, ledger, now: Date.now }),
    openListener: await chooseListener(log),
    log,
  });
} catch (error) {
  log.fatal({ err: error, listen: start.listen }, 'admin process cannot start');
  stop(1);
}
