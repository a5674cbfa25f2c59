// More calls than a prepaid account can pay for, again and again: what its calls are charged is never more than it
// had, and its balance changes by just that. Its money runs out in the setup of calls and in calls that are up.
import assert from 'node:assert/strict';
import { freePorts } from '../../bench/peers/free-port.ts';
import { projectPath } from '../../bench/peers/project-path.ts';
import { finishCaller, startSipp, stopGateway } from '../../bench/peers/sipp.ts';
import { moneyText, parseMoney } from '../../core/money.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { type NodeUnderTest, openNode, until } from './node-under-test.ts';

export interface OverspendRun {
  readonly runs: number;
  /** Attempts of each run, and of a second. */
  readonly attempts: number;
  readonly rate: number;
  readonly callsAtOnce: number;
}

export interface OverspendResult {
  attempts: number;
  answered: number;
  /** For want of money: before a carrier heard of the call, and in a call. */
  refused: number;
  cut: number;
  /** Of all runs. */
  charged: string;
}

/** 0.01 a second. */
const secondUnits = 1_000_000n;
/** A run has money for so many of its first seconds, so that some runs begin with too little for all. */
const secondsMin = 50;
const secondsSpan = 500;
const patienceMs = 90_000;

interface Sums {
  readonly charged: bigint;
  readonly balance: bigint;
  readonly answered: number;
  readonly refused: number;
  readonly cut: number;
}

export async function overspendRuns(run: OverspendRun): Promise<OverspendResult> {
  const database = await MariaDb.start();
  const node = await openNode({ mysqlUrl: await database.createDatabase('tandem') });
  const [callerPort, gatewayPort] = (await freePorts(2)) as [number, number];
  const gateway = await startSipp({
    name: 'overspend-gateway',
    scenarioFile: projectPath('test/scenario/sipp/gateway-logged.xml'),
    port: gatewayPort,
    folder: node.folder,
  });
  const result = { attempts: 0, answered: 0, refused: 0, cut: 0 };
  try {
    await node.apply(documentOf(callerPort, gatewayPort));
    let before = await settled(node, database);
    for (let index = 0; index < run.runs; index++) {
      // Not a whole number of seconds.
      const seconds = secondsMin + Math.floor(Math.random() * secondsSpan);
      const paid = BigInt(seconds) * secondUnits + BigInt(Math.floor(Math.random() * 999_999) + 1);
      await node.command('pay', 'rush', 'recharge', moneyText(paid), '--reason', 'test');
      result.attempts += await rush(node, callerPort, run);
      const after = await settled(node, database);
      const charged = after.charged - before.charged;
      const had = before.balance + paid;
      const says = `run ${index}: had ${moneyText(had)}, was charged ${moneyText(charged)}`;
      assert.ok(charged > 0n && charged <= had, says);
      assert.equal(after.balance, had - charged, says);
      const isExhausted = after.refused > before.refused || after.cut > before.cut;
      assert.ok(isExhausted, `${says}, and no call went without`);
      before = after;
    }
    const { answered, refused, cut } = before;
    const { difference } = JSON.parse(await node.command('audit')) as { difference: string | null };
    assert.equal(difference, null);
    return { ...result, answered, refused, cut, charged: moneyText(before.charged) };
  } finally {
    await stopGateway(gateway);
    await node.close();
    await database.close();
  }
}

function documentOf(callerPort: number, gatewayPort: number): object {
  const increments = { firstIncrementSeconds: 1, nextIncrementSeconds: 1 };
  return {
    parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
    rateTables: [
      { name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.6', ...increments }] },
    ],
    accounts: [{ name: 'rush', kind: 'customer', balance: '0', rateTable: 'retail' }],
    mappingGateways: [
      { name: 'in', account: 'rush', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] },
    ],
    routingGateways: [{ name: 'out', address: `127.0.0.1:${gatewayPort}`, prefixes: ['44'] }],
  };
}

/** The calls that were attempted. */
async function rush(
  node: NodeUnderTest,
  callerPort: number,
  { attempts, rate, callsAtOnce }: OverspendRun,
): Promise<number> {
  const caller = await startSipp({
    name: 'overspend-caller',
    scenarioFile: projectPath('test/scenario/sipp/caller-runs-out.xml'),
    port: callerPort,
    folder: node.folder,
    caller: {
      target: `127.0.0.1:${node.port}`,
      service: '44',
      rate,
      calls: attempts,
      callsAtOnce,
      isSudden: true,
    },
    extra: ['-recv_timeout', '10000'],
  });
  const { rows } = await finishCaller(caller, patienceMs);
  return rows.at(-1)?.created ?? 0;
}

/** Once no call is up and the database has what the node has. */
async function settled(node: NodeUnderTest, database: MariaDb): Promise<Sums> {
  await node.quiet(patienceMs);
  let sums: Sums | undefined;
  await until(async () => {
    sums = await sumsIn(database);
    const { balance, reserved } = await cellOf(node);
    return reserved === '0' && parseMoney(balance) === sums.balance;
  }, 'the database has the balance of the node');
  return sums!;
}

async function cellOf(node: NodeUnderTest): Promise<{ balance: string; reserved: string }> {
  const { adminUrl, token } = node.tandem();
  const response = await fetch(`${adminUrl}/api/v1/accounts/rush`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as { balance: string; reserved: string };
}

async function sumsIn(database: MariaDb): Promise<Sums> {
  const [account] = (await database.sql(
    "SELECT balance FROM account_balance WHERE account = 'rush'",
    'tandem',
  )) as { balance: string }[];
  let sums: Sums = {
    charged: 0n,
    balance: parseMoney(account!.balance)!,
    answered: 0,
    refused: 0,
    cut: 0,
  };
  const days = (await database.sql('SELECT day FROM cdr_day', 'tandem')) as { day: number }[];
  for (const { day } of days) {
    const [row] = (await database.sql(
      `SELECT COALESCE(SUM(fee), 0) AS charged, COUNT(answered_at) AS answered,
        COUNT(IF(end_reason = 'Insufficient balance', 1, NULL)) AS refused,
        COUNT(IF(end_reason = 'Balance exhausted during call', 1, NULL)) AS cut FROM cdr_${day}`,
      'tandem',
    )) as { charged: string; answered: number; refused: number; cut: number }[];
    sums = {
      ...sums,
      charged: sums.charged + parseMoney(row!.charged)!,
      answered: sums.answered + Number(row!.answered),
      refused: sums.refused + Number(row!.refused),
      cut: sums.cut + Number(row!.cut),
    };
  }
  return sums;
}
