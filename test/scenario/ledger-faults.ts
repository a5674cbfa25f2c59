// Calls with a price while something is killed again and again: the node, its database, or a database that
// hangs. At the end the database has one CDR for every call whose BYE was answered, and the books are right.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openMysqlLedger } from '../../workers/ledger/mysql-ledger.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';

export interface LedgerFaultRun {
  readonly fault: 'nodeKilled' | 'databaseKilled' | 'databaseHangs';
  readonly times: number;
  /** New calls a second. */
  readonly rate: number;
  /** Between a return and the next fault. */
  readonly upMs: number;
  readonly awayMs: number;
}

export interface LedgerFaultResult {
  readonly byesAnswered: number;
  readonly rows: number;
}

const holdMs = 100;
const drainMs = 60_000;

export async function faultsUnderCalls(run: LedgerFaultRun): Promise<LedgerFaultResult> {
  const database = await MariaDb.start();
  const mysqlUrl = await database.createDatabase('tandem');
  const [node, customer, carrier] = await Promise.all([
    openNode({ mysqlUrl }),
    startUserAgent(),
    startUserAgent(),
  ]);
  const answered: string[] = [];
  let load: NodeJS.Timeout | undefined;
  try {
    await node.apply(documentOf(customer, carrier));
    carrier.onCall = (call) => {
      call.reply(180);
      call.reply(200);
    };
    load = setInterval(() => void playOne(node, customer, answered), 1000 / run.rate);
    for (let time = 0; time < run.times; time++) {
      await delay(run.upMs);
      await inflict(run, node, database);
    }
    await delay(run.upMs);
    clearInterval(load);
    await delay(holdMs * 5);
    return await judge(mysqlUrl, answered);
  } finally {
    clearInterval(load);
    await node.close();
    await Promise.all([customer.close(), carrier.close(), database.close()]);
  }
}

function documentOf(customer: UserAgent, carrier: UserAgent): object {
  const rate = { prefix: '44', ratePerMinute: '0.6', connectionFee: '0.01' };
  const increments = { firstIncrementSeconds: 1, nextIncrementSeconds: 1 };
  return {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [{ name: 'retail', rates: [{ ...rate, ...increments }] }],
    accounts: [
      { name: 'acme', kind: 'customer', balance: '1000000', rateTable: 'retail' },
      { name: 'carrier', kind: 'clearing', balance: '1000000', rateTable: 'retail' },
    ],
    mappingGateways: [
      { name: 'in', account: 'acme', auth: 'ip', addresses: [`127.0.0.1:${customer.port}`] },
    ],
    routingGateways: [
      {
        name: 'out',
        account: 'carrier',
        address: `127.0.0.1:${carrier.port}`,
        prefixes: ['44'],
      },
    ],
  };
}

async function playOne(
  node: NodeUnderTest,
  customer: UserAgent,
  answered: string[],
): Promise<void> {
  const call = customer.place(node.target, { callee: '442071234567' });
  if ((await call.answered) !== 200) return;
  await new Promise<void>((resolve) => customer.after(holdMs, resolve));
  if (call.isOver) return;
  if ((await call.hangUp()) === 200) answered.push(call.callId);
}

async function inflict(
  { fault, awayMs }: LedgerFaultRun,
  node: NodeUnderTest,
  database: MariaDb,
): Promise<void> {
  switch (fault) {
    case 'nodeKilled':
      return await node.crash();
    case 'databaseKilled':
      await database.kill();
      await delay(awayMs);
      return await database.run();
    case 'databaseHangs':
      database.signal('SIGSTOP');
      await delay(awayMs);
      return database.signal('SIGCONT');
  }
}

/** Waits until the writer has shipped all, then counts in the tables themselves. */
async function judge(mysqlUrl: string, answered: readonly string[]): Promise<LedgerFaultResult> {
  const ledger = openMysqlLedger({ url: mysqlUrl });
  try {
    const end = performance.now() + drainMs;
    for (;;) {
      const counts = new Map<string, number>();
      let rows = 0;
      for await (const cdr of ledger.cdrs({})) {
        rows++;
        counts.set(cdr.callId, (counts.get(cdr.callId) ?? 0) + 1);
      }
      const twice = [...counts].filter(([, count]) => count > 1).map(([callId]) => callId);
      assert.deepEqual(twice, [], 'calls with more than one CDR');
      const missing = answered.filter((callId) => !counts.has(callId));
      if (missing.length === 0) {
        const { difference, cdrs } = await auditReport(ledger);
        assert.equal(difference, undefined);
        assert.ok(cdrs >= rows);
        return { byesAnswered: answered.length, rows };
      }
      assert.ok(performance.now() < end, `${missing.length} CDRs are not in the database`);
      await delay(200);
    }
  } finally {
    await ledger.close();
  }
}
