// Calls with a price while something fails again and again: the node or its database is killed, the database
// hangs with its connections open, the disk of either is full. At the end the database must have one CDR for
// every call that the far end answered, the node the balances that the database has, and the books be right.
// None of these can be right at the end and have been wrong after one of the faults: rows and postings are
// only ever added.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../bench/peers/free-port.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { SmallDisk } from '../peers/small-disk.ts';
import { type LoggedCalls, startLoggedLoad } from './logged-load.ts';
import { type Durations, durationsOf } from './measured-durations.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';

export const ledgerFaults = [
  'nodeKilled',
  'databaseKilled',
  'databaseHangs',
  'diskFull',
  'databaseDiskFull',
] as const;
type OneFault = (typeof ledgerFaults)[number];
/** `eitherKilled`: two deaths of the node for one of the database, at random moments. */
export type LedgerFault = OneFault | 'eitherKilled';

export interface LedgerFaultRun {
  readonly fault: LedgerFault;
  readonly times: number;
  /** New calls a second. */
  readonly rate: number;
  /** Between a return and the next fault; with `eitherKilled` anything up to twice that. */
  readonly upMs: number;
  /** How long a fault lasts, in turn. */
  readonly awayMs: readonly number[];
}

export interface LedgerFaultResult
  extends Omit<LoggedCalls, 'ended' | 'answered' | 'acknowledged' | 'heldMs' | 'surprises'> {
  readonly ended: number;
  readonly acknowledged: number;
  readonly rows: number;
  readonly answeredRows: number;
  /** Of these, calls whose ACK the far end did not take: its 200 is what the node went by. None, but where the
   *  node was killed between the two, or the machine was too slow for SIPp. */
  readonly unacknowledged: number;
  readonly durations: Durations;
  /** At the end of how many faults `tandem status` said that CDRs cannot be stored or written. */
  readonly told: number;
}

/** Beyond the first and into a second increment, so that running calls ask for more money. */
const holdMs = 1_500;
const drainMs = 120_000;
/** An answered call whose caller is gone is given up after 64 T1. */
const quietMs = 45_000;
/** Until the log of a full disk has used up what it kept for calls that are up. */
const reservesMs = 20_000;
const nodeDiskMegabytes = 512;
const databaseDiskMegabytes = 768;

interface Stage {
  readonly node: NodeUnderTest;
  readonly database: MariaDb;
  readonly disk: SmallDisk | undefined;
  /** When the node was ended, ms since 1970. */
  readonly nodeEnds: number[];
}

/** Why this fault cannot be had here; undefined where it can. */
export function faultMissing(fault: LedgerFault): string | undefined {
  return fault === 'diskFull' || fault === 'databaseDiskFull' ? SmallDisk.missing() : undefined;
}

export async function faultsUnderCalls(run: LedgerFaultRun): Promise<LedgerFaultResult> {
  const disk = diskOf(run.fault);
  const database = await MariaDb.start(
    [],
    run.fault === 'databaseDiskFull' ? disk?.path : undefined,
  );
  const mysqlUrl = await database.createDatabase('tandem');
  const onDisk = run.fault === 'diskFull' ? { folder: `${disk!.path}/node` } : {};
  if (onDisk.folder !== undefined) mkdirSync(onDisk.folder);
  const node = await openNode({ mysqlUrl, ...onDisk });
  const [callerPort, gatewayPort] = (await freePorts(2)) as [number, number];
  let stop: (() => Promise<LoggedCalls>) | undefined;
  try {
    await node.apply(documentOf(callerPort, gatewayPort));
    stop = await startLoggedLoad({
      folder: node.folder,
      targetPort: node.port,
      callerPort,
      gatewayPort,
      service: '44',
      rate: run.rate,
      holdMs,
    });
    const stage: Stage = { node, database, disk, nodeEnds: [] };
    let told = 0;
    for (let time = 0; time < run.times; time++) {
      const isRandom = run.fault === 'eitherKilled';
      await delay(isRandom ? Math.random() * 2 * run.upMs : run.upMs);
      const awayMs = run.awayMs[time % run.awayMs.length]!;
      if (await inflict(faultOf(run.fault, time), awayMs, stage)) told++;
    }
    await delay(run.upMs);
    const calls = await stop();
    stop = undefined;
    return { ...(await judge(calls, stage)), told };
  } finally {
    await stop?.();
    await node.close();
    await database.close();
    disk?.close();
  }
}

/** What the database does is nothing to the far end: a SIPp without a processor may miss the ACK of one call in a
 *  hundred. */
export function assertAcknowledged({
  placed,
  unacknowledged,
}: Pick<LedgerFaultResult, 'placed' | 'unacknowledged'>): void {
  const says = `of ${placed} calls ${unacknowledged} are charged whose ACK the far end did not take`;
  assert.ok(unacknowledged <= placed / 100, says);
}

function faultOf(fault: LedgerFault, time: number): OneFault {
  if (fault !== 'eitherKilled') return fault;
  return time % 3 === 2 ? 'databaseKilled' : 'nodeKilled';
}

function diskOf(fault: LedgerFault): SmallDisk | undefined {
  if (fault === 'diskFull') return SmallDisk.mount(nodeDiskMegabytes);
  return fault === 'databaseDiskFull' ? SmallDisk.mount(databaseDiskMegabytes) : undefined;
}

/** A customer below an agent, and a carrier, each with a price of its own. */
function documentOf(callerPort: number, gatewayPort: number): object {
  const increments = { firstIncrementSeconds: 1, nextIncrementSeconds: 1 };
  const table = (name: string, ratePerMinute: string, connectionFee: string): object => ({
    name,
    rates: [{ prefix: '44', ratePerMinute, connectionFee, ...increments }],
  });
  const balance = '1000000';
  return {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [
      table('retail', '0.6', '0.01'),
      table('wholesale', '0.51234567', '0'),
      table('buy', '0.3', '0.00000001'),
    ],
    accounts: [
      { name: 'reseller', kind: 'agent', balance, rateTable: 'wholesale' },
      { name: 'acme', kind: 'customer', agent: 'reseller', balance, rateTable: 'retail' },
      { name: 'carrier', kind: 'clearing', balance, rateTable: 'buy' },
    ],
    mappingGateways: [
      { name: 'in', account: 'acme', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] },
    ],
    routingGateways: [
      {
        name: 'out',
        account: 'carrier',
        address: `127.0.0.1:${gatewayPort}`,
        prefixes: ['44'],
      },
    ],
  };
}

/** Whether the node said so before the fault went away. */
async function inflict(fault: OneFault, awayMs: number, stage: Stage): Promise<boolean> {
  const { node, database, disk, nodeEnds } = stage;
  const isTold = async (): Promise<boolean> => {
    const { cdrLog, cdrStore } = await node.status();
    return !cdrLog.accepting || cdrStore.state === 'away';
  };
  const lasts = async (): Promise<boolean> => {
    await delay(awayMs);
    // The log has reserves: how long they last depends on how many calls the machine manages.
    const end = performance.now() + (fault === 'diskFull' ? reservesMs : 0);
    while (!(await isTold())) {
      if (performance.now() > end) return false;
      await delay(500);
    }
    return true;
  };
  let told = false;
  switch (fault) {
    case 'nodeKilled':
      nodeEnds.push(Date.now());
      await node.crash();
      break;
    case 'databaseKilled':
      await database.kill();
      told = await lasts();
      await database.run();
      break;
    case 'databaseHangs':
      database.signal('SIGSTOP');
      told = await lasts();
      database.signal('SIGCONT');
      break;
    case 'diskFull':
    case 'databaseDiskFull':
      disk!.fill();
      told = await lasts();
      disk!.relieve();
      break;
  }
  return told;
}

interface Row {
  readonly callId: string;
  readonly calleeCallId: string | null;
  readonly isAnswered: boolean;
  readonly holdTimeMs: number;
  /** ms since 1970. */
  readonly endedAt: number;
  /** Why, and by whom. */
  readonly end: string;
}

/** Waits until the writer has shipped all, then counts in the tables themselves. */
async function judge(
  calls: LoggedCalls,
  { node, database, nodeEnds }: Stage,
): Promise<Omit<LedgerFaultResult, 'told'>> {
  await noCallUp(node, nodeEnds);
  const rows = await shippedRows(calls, database);
  assertOnce(
    'caller',
    rows.map(({ callId }) => callId),
  );
  const answeredRows = rows.filter(({ isAnswered }) => isAnswered);
  const answeredIds = answeredRows.map(({ calleeCallId }) => calleeCallId!);
  assertOnce('far end', answeredIds);
  const answered = new Set(calls.answered);
  const unknown = answeredIds.filter((callId) => !answered.has(callId));
  assert.deepEqual(unknown, [], 'answered CDRs of calls that the far end did not answer');
  const acknowledged = new Set(calls.acknowledged);
  const open = answeredRows.filter(({ calleeCallId }) => !acknowledged.has(calleeCallId!));
  if (open.length > 0) console.log(JSON.stringify(countsOf(open)), calls.surprises);
  const { difference } = JSON.parse(await node.command('audit')) as { difference: string | null };
  assert.equal(difference, null);
  await assertSameMoney(node, database);
  return {
    placed: calls.placed,
    failed: calls.failed,
    ended: calls.ended.length,
    acknowledged: calls.acknowledged.length,
    rows: rows.length,
    answeredRows: answeredRows.length,
    unacknowledged: open.length,
    durations: durationsOf(answeredRows, calls.heldMs, nodeEnds),
  };
}

/** A SIPp that got no processor may have left a call up: the node ends it as it drains. */
async function noCallUp(node: NodeUnderTest, nodeEnds: number[]): Promise<void> {
  try {
    await node.quiet(quietMs);
  } catch (error) {
    console.log(`the node is started anew: ${(error as Error).message}`);
    await node.stop();
    nodeEnds.push(Date.now());
    await node.start();
    await node.quiet();
  }
}

async function shippedRows(calls: LoggedCalls, database: MariaDb): Promise<Row[]> {
  const end = performance.now() + drainMs;
  for (;;) {
    const rows = await rowsIn(database);
    const callers = new Set(rows.map(({ callId }) => callId));
    const callees = new Set(
      rows.filter(({ isAnswered }) => isAnswered).map(({ calleeCallId }) => calleeCallId),
    );
    const missing = [
      ...calls.ended.filter((callId) => !callers.has(callId)),
      ...calls.acknowledged.filter((callId) => !callees.has(callId)),
    ];
    if (missing.length === 0) return rows;
    if (performance.now() > end) {
      throw new Error(`${missing.length} CDRs are not in the database, as ${missing[0]}`);
    }
    await delay(500);
  }
}

/** Past our own reader. */
async function rowsIn(database: MariaDb): Promise<Row[]> {
  const days = (await database.sql('SELECT day FROM cdr_day', 'tandem')) as { day: number }[];
  const rows: Row[] = [];
  for (const { day } of days) {
    const found = await database.sql(
      `SELECT call_id AS callId, callee_call_id AS calleeCallId, answered_at IS NOT NULL AS isAnswered,
        hold_time_ms AS holdTimeMs, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ended_at) DIV 1000 AS endedAt,
        CONCAT(end_reason, ' by ', ended_by, ', ', hold_time_ms DIV 1000, ' s') AS end FROM cdr_${day}`,
      'tandem',
    );
    for (const row of found as (Omit<Row, 'isAnswered'> & { isAnswered: number })[]) {
      rows.push({
        ...row,
        isAnswered: row.isAnswered === 1,
        holdTimeMs: Number(row.holdTimeMs),
        endedAt: Number(row.endedAt),
      });
    }
  }
  return rows;
}

/** How many ended in which way. */
function countsOf(rows: readonly Row[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { end } of rows) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

function assertOnce(side: string, callIds: readonly string[]): void {
  const seen = new Set<string>();
  const twice = callIds.filter((callId) => seen.size === seen.add(callId).size);
  assert.deepEqual(twice, [], `calls with more than one CDR, by the ${side}'s Call-ID`);
}

/** The cells that calls are admitted by, and the rows that postings go to. */
async function assertSameMoney(node: NodeUnderTest, database: MariaDb): Promise<void> {
  const kept = (await database.sql(
    'SELECT account, balance FROM account_balance ORDER BY account',
    'tandem',
  )) as { account: string; balance: string }[];
  assert.deepEqual(
    kept.map(({ account }) => account),
    ['acme', 'carrier', 'reseller'],
  );
  for (const { account, balance } of kept) {
    const { adminUrl, token } = node.tandem();
    const response = await fetch(`${adminUrl}/api/v1/accounts/${account}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const cell = (await response.json()) as { balance: string; reserved: string };
    assert.deepEqual(
      [account, unitsOf(cell.balance), cell.reserved],
      [account, unitsOf(balance), '0'],
    );
  }
}

function unitsOf(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(`${whole}${fraction.padEnd(8, '0')}`);
}
