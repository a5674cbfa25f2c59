// CPU per billed call: Tandem with rates, prepaid balances of customer and carrier, and CDRs and postings in a
// MariaDB; Kamailio with its accounting in a MariaDB of the same kind. Both commit to the disk
// (innodb_flush_log_at_trx_commit=1). The server's CPU is counted apart.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RateDocument } from '../../core/configuration/model.ts';
import { MariaDb } from '../../test/peers/mariadb.ts';
import { round } from '../load.ts';
import { startMeasuredKamailio } from '../peers/kamailio.ts';
import { choosePorts, type PeerPorts, type SystemUnderTest } from '../peers/system-under-test.ts';
import {
  allStored,
  auditDifference,
  benchDocument,
  startMeasuredTandem,
  type Tandem,
} from '../peers/tandem.ts';
import { deckRandom, largeDeck } from '../rate-deck.ts';
import type { BilledResult } from '../results.ts';
import { step } from './steps.ts';
import { type SuiteContext, type SystemName, switches } from './suite.ts';

const deckRates = 10_000;
const drainMs = 60_000;
const schemaFolder = '/usr/share/kamailio/mysql';

export async function measureBilled(context: SuiteContext): Promise<BilledResult[]> {
  const results: BilledResult[] = [];
  const given = context.options['billed-cps'];
  const rates = given !== undefined ? [given] : context.quick ? [100] : [500, 1000];
  for (const rate of rates) {
    for (const name of switches(context)) {
      results.push(await measureOne(context, name, rate));
    }
  }
  return results;
}

/** On a database and a system of its own, so that no step pays for rows of the one before. */
async function measureOne(
  context: SuiteContext,
  name: SystemName,
  rate: number,
): Promise<BilledResult> {
  const folder = join(context.folder, 'billed');
  const files = join(folder, `${name}-${rate}-files`);
  mkdirSync(files, { recursive: true });
  const ports = await choosePorts();
  const database = await MariaDb.start();
  let system: SystemUnderTest | undefined;
  try {
    system = await startBilled(name, { ports, folder: files, database });
    const measured = await step(context, { system, ports, folder }, { kind: 'answer', rate });
    const judged = await judgeBooks(system, database, measured.calls);
    context.say(
      `${measured.system}: database ${measured.databaseCpuPerCallUs} µs a call, ` +
        `${judged.rowsPerCall} rows a call`,
    );
    return { ...measured, ...judged };
  } finally {
    await system?.stop();
    await database.close();
    await delay(500);
  }
}

async function startBilled(
  name: SystemName,
  { ports, folder, database }: { ports: PeerPorts; folder: string; database: MariaDb },
): Promise<SystemUnderTest> {
  const databasePids = (): number[] => [database.pid];
  if (name === 'tandem') {
    const mysqlUrl = await database.createDatabase('tandem');
    const document = billedDocument(ports);
    return {
      ...(await startMeasuredTandem({ ports, folder }, { mysqlUrl, document })),
      databasePids,
    };
  }
  const url = await database.createDatabase('kamailio');
  await createAccountingTables(database);
  return { ...(await startMeasuredKamailio({ ports, folder }, url)), databasePids };
}

/** The suites' configuration with a customer and a carrier that pay by decks of their own. */
export function billedDocument(ports: PeerPorts): object {
  const document = benchDocument(ports);
  const random = deckRandom();
  // Every number of the suite has a rate of its own prefix besides what the deck says.
  const answer: RateDocument = {
    ...largeDeck(1, deckRandom())[0]!,
    prefix: '44',
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
  };
  const rates = (ratePerMinute: string): RateDocument[] => [
    ...largeDeck(deckRates, random).filter(({ prefix }) => !prefix.startsWith('44')),
    { ...answer, ratePerMinute, connectionFee: '0.001' },
  ];
  const account = { balance: '1000000', creditLimit: '0' };
  return {
    ...document,
    rateTables: [
      { name: 'retail', rates: rates('0.06') },
      { name: 'buy', rates: rates('0.03') },
    ],
    accounts: [
      { name: 'customer', kind: 'customer', rateTable: 'retail', ...account },
      { name: 'carrier', kind: 'clearing', rateTable: 'buy', ...account },
    ],
    mappingGateways: document.mappingGateways.map((gateway) => ({
      ...gateway,
      account: 'customer',
    })),
    routingGateways: document.routingGateways.map((gateway) => ({
      ...gateway,
      account: 'carrier',
    })),
  };
}

/** The schema that Kamailio's own package brings, and the columns of `db_extra`. */
async function createAccountingTables(database: MariaDb): Promise<void> {
  for (const name of ['standard-create.sql', 'acc-create.sql']) {
    const file = join(schemaFolder, name);
    if (!existsSync(file)) {
      throw new Error(
        `${file} is missing: expected from the Debian package kamailio-mysql-modules`,
      );
    }
    for (const statement of readFileSync(file, 'utf8').split(';')) {
      if (statement.trim() !== '') await database.sql(statement, 'kamailio');
    }
  }
  for (const table of ['acc', 'missed_calls']) {
    const columns = ['caller', 'callee', 'source'].map(
      (name) => `ADD ${name} VARCHAR(64) NOT NULL`,
    );
    await database.sql(`ALTER TABLE ${table} ${columns.join(', ')}`, 'kamailio');
  }
}

/** Nothing may be bought by leaving rows out: they are counted, and Tandem's books are audited. */
async function judgeBooks(
  system: SystemUnderTest,
  database: MariaDb,
  calls: number,
): Promise<Pick<BilledResult, 'rowsPerCall' | 'auditDifference'>> {
  const { tandem } = system as { tandem?: Tandem };
  if (tandem === undefined) {
    const [row] = (await database.sql('SELECT COUNT(*) AS count FROM acc', 'kamailio')) as {
      count: number;
    }[];
    return { rowsPerCall: round(row!.count / calls, 3) };
  }
  await allStored(tandem, drainMs);
  const days = (await database.sql('SELECT row_count FROM cdr_day', 'tandem')) as {
    row_count: number;
  }[];
  const rows = days.reduce((sum, { row_count }) => sum + Number(row_count), 0);
  return {
    rowsPerCall: round(rows / calls, 3),
    auditDifference: await auditDifference(tandem),
  };
}
