// A backlog of CDRs in a log, and how fast the CDR writer ships it alone: into LMDB, or into a MariaDB of its
// own with every commit on the disk.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endOf, sampleAnswer, sampleCharges } from '../test/cdr/sample-records.ts';
import { MariaDb } from '../test/peers/mariadb.ts';
import { CdrLog } from '../workers/cdr/cdr-log.ts';
import { CdrWriter } from '../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../workers/cdr/row-rules.ts';
import { auditLedger } from '../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import { openMysqlLedger } from '../workers/ledger/mysql-ledger.ts';
import { round } from './load.ts';
import { cpuSeconds } from './process-usage.ts';
import type { DrainResult } from './results.ts';

/** A server that has room for what a million CDRs grow to, as a carrier's would: in MariaDB's own 128 MB the seven indexes
 *  are read from the disk again while they grow. */
export const drainServer: readonly string[] = [
  '--innodb-buffer-pool-size=2G',
  '--innodb-log-file-size=1G',
];

const accounts = 50;
const callsAtOnce = 16;

export interface DrainOptions {
  readonly store: DrainResult['store'];
  readonly cdrs: number;
  /** Records of a batch; default as the parameters say. */
  readonly batch?: number | undefined;
}

export async function drainAlone({ store: kind, cdrs, batch }: DrainOptions): Promise<DrainResult> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tandem-drain-'));
  const database = kind === 'mysql' ? await MariaDb.start(drainServer) : undefined;
  try {
    fillLog(directory, cdrs);
    const store: LedgerStore =
      database === undefined
        ? await openEmbeddedLedger(directory)
        : openMysqlLedger({ url: await database.createDatabase('tandem') });
    await store.days();
    const parameters = {
      ...defaultWriterParameters,
      ...(batch === undefined ? {} : { SS_CDR_FILE_WRITE_MAX: batch }),
    };
    const onRejected = ({ reason }: { reason: string }): never => {
      throw new Error(`a CDR was set aside: ${reason}`);
    };
    const writer = new CdrWriter({ directory, store, parameters: () => parameters, onRejected });
    const databasePids = database === undefined ? [] : [database.pid];
    const databaseBefore = cpuSeconds(databasePids);
    const before = process.cpuUsage();
    const startedMs = performance.now();
    await writer.drain();
    const tookMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(before);
    const databaseCpu = cpuSeconds(databasePids) - databaseBefore;
    const auditDifference = (await auditLedger(store)) ?? null;
    writer.close();
    await store.close();
    return {
      store: kind,
      cdrs,
      rate: 0,
      cdrsPerSecond: Math.round((cdrs / tookMs) * 1000),
      writerCpuUs: round((user + system) / cdrs, 1),
      databaseCpuUs: round((databaseCpu / cdrs) * 1e6, 1),
      auditDifference,
      failed: 0,
      retransmissions: 0,
    };
  } finally {
    await database?.close();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Answered, billed calls whose numbers and Call-IDs come in no order, as those of real callers. */
export function fillLog(directory: string, cdrs: number): void {
  const startedAt = Date.now();
  const log = new CdrLog({
    directory,
    worker: 0,
    node: 'edge-1',
    syncMs: 1000,
    nowWallMs: startedAt,
  });
  for (let index = 0; index < cdrs; index++) {
    const answer = sampleAnswer(`edge-1-${index}`, startedAt);
    const { cdr } = answer;
    cdr.startedAt = startedAt;
    cdr.callId = `${(index * 7919) % cdrs}-${index}@192.0.2.1`;
    cdr.account = `acme-${index % accounts}`;
    cdr.calleeAccess = `44${7_000_000_000 + ((index * 104_729) % 100_000_000)}`;
    log.recordAnswer(answer);
    log.recordEnd({ ...endOf(answer, startedAt + (index >> 3)), ...sampleCharges });
    if (index % callsAtOnce === 0) log.flush();
  }
  log.flush();
  log.close(startedAt);
}
