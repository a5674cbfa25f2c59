// How fast the CDR writer ships a backlog of the log, and what it costs: into LMDB, and into a MariaDB of its
// own with every commit on the disk. `node dist/bench/micro/ledger-drain.js [CDRS] [lmdb|mysql] [BATCH]`;
// without arguments a million into both.
import { drainAlone } from '../ledger-drain.ts';

const cdrs = Number(process.argv[2] ?? 1_000_000);
const stores = (['lmdb', 'mysql'] as const).filter((store) =>
  [undefined, store].includes(process.argv[3] as typeof store | undefined),
);
const batch = process.argv[4] === undefined ? undefined : Number(process.argv[4]);

for (const store of stores) {
  const { cdrsPerSecond, writerCpuUs, databaseCpuUs, auditDifference } = await drainAlone({
    store,
    cdrs,
    batch,
  });
  console.log(
    `${store}: ${cdrs} CDRs: ${cdrsPerSecond} CDRs/s, ${writerCpuUs} us of the writer, ` +
      `${databaseCpuUs} us of the database a CDR; audit: ${auditDifference ?? 'the books are right'}`,
  );
}
