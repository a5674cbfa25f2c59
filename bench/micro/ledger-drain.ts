// How fast the CDR writer ships a backlog of the log, and what it costs: into LMDB, and into a MariaDB of its
// own with every commit on the disk. `node dist/bench/micro/ledger-drain.js [CDRS] [lmdb|mysql] [BATCH]`;
// without arguments a million into both.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endOf, sampleAnswer, sampleCharges } from '../../test/cdr/sample-records.ts';
import { MariaDb } from '../../test/peers/mariadb.ts';
import { CdrLog } from '../../workers/cdr/cdr-log.ts';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { openMysqlLedger } from '../../workers/ledger/mysql-ledger.ts';

const cdrs = Number(process.argv[2] ?? 1_000_000);
const kinds = process.argv[3] === undefined ? ['lmdb', 'mysql'] : [process.argv[3]];
const batch = Number(process.argv[4] ?? defaultWriterParameters.SS_CDR_FILE_WRITE_MAX);
const accounts = 50;
const callsAtOnce = 16;

/** Answered, billed calls whose numbers and Call-IDs come in no order, as those of real callers. */
function fillLog(directory: string): void {
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

async function drainInto(kind: string): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tandem-drain-'));
  fillLog(directory);
  const database = kind === 'mysql' ? await MariaDb.start() : undefined;
  const store: LedgerStore =
    database === undefined
      ? await openEmbeddedLedger(directory)
      : openMysqlLedger({ url: await database.createDatabase('tandem') });
  await store.days();
  const writer = new CdrWriter({
    directory,
    store,
    parameters: () => ({ ...defaultWriterParameters, SS_CDR_FILE_WRITE_MAX: batch }),
    onRejected: ({ reason }) => console.log(`set aside: ${reason}`),
  });
  const databaseBefore = database === undefined ? 0 : cpuMs(database.pid);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await writer.drain();
  const tookMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  const databaseMs = database === undefined ? 0 : cpuMs(database.pid) - databaseBefore;
  console.log(
    `${kind}: ${cdrs} CDRs in batches of ${batch}: ${Math.round((cdrs / tookMs) * 1000)} CDRs/s, ` +
      `${((user + system) / cdrs).toFixed(1)} us of the writer, ` +
      `${((databaseMs * 1000) / cdrs).toFixed(1)} us of the database a CDR`,
  );
  console.log(`audit: ${(await auditLedger(store)) ?? 'the books are right'}`);
  writer.close();
  await store.close();
  await database?.close();
  fs.rmSync(directory, { recursive: true, force: true });
}

/** Of a process, by the kernel's ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

for (const kind of kinds) await drainInto(kind);
