// A backlog of CDRs shipped into the store: by the writer alone, and by a node that starts with the backlog in
// its log and takes calls meanwhile.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MariaDb } from '../../test/peers/mariadb.ts';
import { drainAlone, drainServer, fillLog } from '../ledger-drain.ts';
import { round } from '../load.ts';
import { choosePorts } from '../peers/system-under-test.ts';
import {
  allStored,
  applyDocument,
  auditDifference,
  benchDocument,
  chooseTandemOptions,
  readStatus,
  startTandem,
  stopTandem,
  type Tandem,
} from '../peers/tandem.ts';
import { cpuSeconds, processTree } from '../process-usage.ts';
import type { DrainResult } from '../results.ts';
import { startLoad } from './node-figures.ts';
import type { SuiteContext } from './suite.ts';

const rate = 500;
const patienceMs = 600_000;

export async function measureDrain(context: SuiteContext): Promise<DrainResult[]> {
  const cdrs = context.options.backlog ?? (context.quick ? 20_000 : 1_000_000);
  const results: DrainResult[] = [];
  const say = (result: DrainResult): void => {
    results.push(result);
    const { store, cdrsPerSecond, databaseCpuUs, failed } = result;
    context.say(
      `${cdrs} CDRs into ${store} at ${result.rate} CPS: ${cdrsPerSecond} a second, ` +
        `writer ${result.writerCpuUs} µs, database ${databaseCpuUs} µs a CDR, ${failed} calls failed`,
    );
  };
  for (const store of ['lmdb', 'mysql'] as const) say(await drainAlone({ store, cdrs }));
  say(await drainUnderCalls(context, cdrs));
  return results;
}

/** Read before the calls begin, so that what the backlog takes is not that of the calls. */
async function drainUnderCalls(context: SuiteContext, cdrs: number): Promise<DrainResult> {
  const folder = join(context.folder, 'drain');
  const ports = await choosePorts();
  const options = await chooseTandemOptions(join(folder, 'tandem-files'));
  const database = await MariaDb.start(drainServer);
  let tandem: Tandem | undefined;
  try {
    const mysqlUrl = await database.createDatabase('tandem');
    const first = await startTandem({ ...options, mysqlUrl });
    await applyDocument(first, benchDocument(ports), 'configuration');
    await stopTandem(first);
    mkdirSync(folder, { recursive: true });
    fillLog(first.dataDir, cdrs);
    const databaseBefore = cpuSeconds([database.pid]);
    tandem = await startTandem({ ...options, mysqlUrl });
    const stage = { system: systemOf(tandem), ports, folder };
    const seconds = Math.max(5, Math.ceil(cdrs / 20_000));
    const load = await startLoad(stage, rate, seconds);
    const cdrsPerSecond = await watchDrain(tandem, cdrs);
    const databaseCpu = cpuSeconds([database.pid]) - databaseBefore;
    const { failed, retransmissions } = await load();
    await allStored(tandem, patienceMs);
    return {
      store: 'mysql',
      cdrs,
      rate,
      cdrsPerSecond,
      writerCpuUs: null,
      databaseCpuUs: round((databaseCpu / cdrs) * 1e6, 1),
      auditDifference: await auditDifference(tandem),
      failed,
      retransmissions,
    };
  } finally {
    if (tandem !== undefined) await stopTandem(tandem);
    await database.close();
  }
}

/** From the first reading that shows rows stored to the first that shows the backlog gone. */
async function watchDrain(tandem: Tandem, cdrs: number): Promise<number> {
  const end = performance.now() + patienceMs;
  let first: { atMs: number; rows: number } | undefined;
  while (performance.now() < end) {
    const rows = (await readStatus(tandem)).cdrStore?.storedRows ?? 0;
    const atMs = performance.now();
    if (first === undefined && rows > 0) first = { atMs, rows };
    if (first !== undefined && rows >= cdrs * 0.95 && rows > first.rows) {
      return Math.round(((rows - first.rows) / (atMs - first.atMs)) * 1000);
    }
    await delay(250);
  }
  throw new Error(`the backlog is not stored after ${patienceMs} ms`);
}

function systemOf(tandem: Tandem): {
  name: string;
  port: number;
  pids: () => number[];
  stop: () => Promise<void>;
} {
  return {
    name: 'Tandem',
    port: tandem.port,
    pids: () => processTree(tandem.child.pid),
    stop: async () => {
      await stopTandem(tandem);
    },
  };
}
