// Calls with a price through a real node on a real MariaDB, placed and taken by SIPp: charged to the last digit,
// refused without money, cut when nothing is left, and never paid for twice by a thousand at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { assertPlayed, placeSippCalls, type SippOutcome, startSippGateway } from '../peers/sipp.ts';
import { type CdrLine, type NodeUnderTest, openNode } from './node-under-test.ts';

/** What these tests read of a billed call. */
interface BilledCdr extends CdrLine {
  readonly account: string;
  readonly billedSeconds: number;
  readonly fee: string;
  readonly clearingAccount: string | null;
  readonly cost: string;
}

const customers = ['pays', 'poor', 'runs-out', 'rush'] as const;
type Customer = (typeof customers)[number];

/** Calls at once on an account that can pay for so many of them. */
const rushCalls = 1000;
const rushPaid = 50;
const rushHoldMs = 8_000;

const balances: Readonly<Record<Customer, string>> = {
  pays: '10',
  poor: '0',
  // Three seconds and half of a fourth.
  'runs-out': '0.035',
  // One unit more than fifty calls cost.
  rush: '3.00000001',
};

describe('billed calls by SIPp', () => {
  let database: MariaDb;
  let node: NodeUnderTest;
  let gatewayPort = 0;
  const callerPorts = new Map<Customer, number>();

  before(async () => {
    database = await MariaDb.start();
    node = await openNode({ mysqlUrl: await database.createDatabase('tandem') });
    const [first, ...others] = await freePorts(1 + customers.length);
    gatewayPort = first!;
    for (const [index, name] of customers.entries()) callerPorts.set(name, others[index]!);
    await node.apply(document());
  });
  after(async () => {
    await node.close();
    await database.close();
  });

  /** By the second: 0.01 for customers, 0.005 for the carrier. 45: whole minutes, 0.06 and 0.03. */
  function document(): object {
    const bySecond = { prefix: '44', firstIncrementSeconds: 1, nextIncrementSeconds: 1 };
    const byMinute = { prefix: '45', firstIncrementSeconds: 60, nextIncrementSeconds: 60 };
    return {
      parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
      rateTables: [
        {
          name: 'retail',
          rates: [
            { ...bySecond, ratePerMinute: '0.6' },
            { ...byMinute, ratePerMinute: '0.06' },
          ],
        },
        {
          name: 'buy',
          rates: [
            { ...bySecond, ratePerMinute: '0.3' },
            { ...byMinute, ratePerMinute: '0.03' },
          ],
        },
      ],
      accounts: [
        ...customers.map((name) => ({
          name,
          kind: 'customer',
          balance: balances[name],
          rateTable: 'retail',
        })),
        { name: 'carrier', kind: 'clearing', balance: '1000', rateTable: 'buy' },
      ],
      mappingGateways: customers.map((name) => ({
        name: `${name}-in`,
        account: name,
        auth: 'ip',
        addresses: [`127.0.0.1:${callerPorts.get(name)}`],
      })),
      routingGateways: [
        {
          name: 'out',
          account: 'carrier',
          address: `127.0.0.1:${gatewayPort}`,
          prefixes: ['44', '45'],
        },
      ],
    };
  }

  interface Play {
    readonly caller: string;
    readonly gateway: string;
    readonly calls: number;
    readonly rate?: number;
    readonly service?: string;
    readonly holdMs?: number;
    /** While the calls are up. */
    readonly meanwhile?: () => Promise<void>;
  }

  async function play(customer: Customer, calls: Play): Promise<[SippOutcome, SippOutcome]> {
    const gateway = await startSippGateway(node.folder, calls.gateway, { port: gatewayPort });
    let taken: SippOutcome;
    let called: SippOutcome;
    try {
      const placing = placeSippCalls(node.folder, {
        scenario: calls.caller,
        port: callerPorts.get(customer)!,
        targetPort: node.port,
        service: calls.service ?? '44',
        rate: calls.rate ?? 20,
        calls: calls.calls,
        ...(calls.holdMs === undefined ? {} : { holdMs: calls.holdMs }),
        patienceMs: 60_000,
      });
      await calls.meanwhile?.();
      called = await placing;
    } finally {
      taken = await gateway.stop();
    }
    return [called, taken];
  }

  const cdrsOf = async (customer: Customer): Promise<BilledCdr[]> =>
    (await node.cdrs('--account', customer)) as BilledCdr[];

  /** balance, reserved, available. */
  async function moneyOf(account: string): Promise<string[]> {
    const { adminUrl, token } = node.tandem();
    const response = await fetch(`${adminUrl}/api/v1/accounts/${account}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const money = (await response.json()) as Record<string, string>;
    return [money.balance!, money.reserved!, money.available!];
  }

  it('an answered call is charged by its seconds, to the customer and by the carrier', async () => {
    const calls = 5;
    for (const outcome of await play('pays', {
      caller: 'caller-answer',
      gateway: 'gateway-answer',
      calls,
    })) {
      assertPlayed(outcome, calls);
    }
    await node.quiet();
    const cdrs = await cdrsOf('pays');
    assert.equal(cdrs.length, calls);
    let spent = 0;
    for (const { holdTimeMs, billedSeconds, fee, cost, clearingAccount } of cdrs) {
      assert.equal(billedSeconds, Math.ceil(holdTimeMs / 1000));
      assert.deepEqual(
        [fee, cost, clearingAccount],
        [`${billedSeconds / 100}`, `${billedSeconds / 200}`, 'carrier'],
      );
      spent += billedSeconds;
    }
    const left = `${(1000 - spent) / 100}`;
    assert.deepEqual(await moneyOf('pays'), [left, '0', left]);
  });

  it('an account without money is refused before any carrier hears of the call', async () => {
    const [called, taken] = await play('poor', {
      caller: 'caller-pays-or-not',
      gateway: 'gateway-answer',
      calls: 3,
    });
    assertPlayed(called, 3);
    assertPlayed(taken, 0);
    const cdrs = await cdrsOf('poor');
    assert.deepEqual(
      cdrs.map(({ endReason, endedBy, sipCode, fee }) => [endReason, endedBy, sipCode, fee]),
      Array(3).fill(['Insufficient balance', 'server', 403, '0']),
    );
    await node.command('pay', 'poor', 'recharge', '0.01', '--reason', 'transfer');
    const [again, reached] = await play('poor', {
      caller: 'caller-answer',
      gateway: 'gateway-answer',
      calls: 1,
    });
    assertPlayed(again, 1);
    assertPlayed(reached, 1);
    assert.deepEqual(await moneyOf('poor'), ['0', '0', '0']);
  });

  it('a call is cut at the second that cannot be paid any more', async () => {
    for (const outcome of await play('runs-out', {
      caller: 'caller-is-cut',
      gateway: 'gateway-is-cut',
      calls: 1,
    })) {
      assertPlayed(outcome, 1);
    }
    const [cdr, ...more] = await cdrsOf('runs-out');
    assert.equal(more.length, 0);
    const { endReason, endedBy, billedSeconds, fee, holdTimeMs } = cdr!;
    assert.deepEqual([endReason, endedBy], ['Balance exhausted during call', 'server']);
    assert.deepEqual([billedSeconds, fee], [3, '0.03']);
    // Never before what was paid for, and the timer's lateness behind it.
    assert.ok(holdTimeMs >= 2_990 && holdTimeMs < 3_900, `${holdTimeMs} ms`);
    assert.deepEqual(await moneyOf('runs-out'), ['0.005', '0', '0.005']);
  });

  it('a thousand calls at once on money for fifty: exact to the unit', async () => {
    const before = await moneyOf('carrier');
    const [called, taken] = await play('rush', {
      caller: 'caller-pays-or-not',
      gateway: 'gateway-logged',
      service: '45',
      calls: rushCalls,
      rate: rushCalls,
      holdMs: rushHoldMs,
      meanwhile: async () => {
        const end = performance.now() + rushHoldMs;
        // None of the answered has ended when the last one is refused.
        while ((await moneyOf('rush'))[1] !== '3' && performance.now() < end);
        assert.deepEqual(await moneyOf('rush'), ['3.00000001', '3', '0.00000001']);
      },
    });
    assertPlayed(called, rushCalls);
    assertPlayed(taken, rushPaid);
    await node.quiet();
    const cdrs = await cdrsOf('rush');
    const paid = cdrs.filter(({ answeredAt }) => answeredAt !== null);
    assert.deepEqual(
      paid.map(({ fee, cost }) => [fee, cost]),
      Array(rushPaid).fill(['0.06', '0.03']),
    );
    const refused = cdrs.filter(({ endReason }) => endReason === 'Insufficient balance');
    // The rest met a machine that was too slow (503): they asked for no money.
    assert.ok(refused.length > rushCalls / 2, `${refused.length} refused for want of money`);
    assert.deepEqual(await moneyOf('rush'), ['0.00000001', '0', '0.00000001']);
    assert.equal(Number((await moneyOf('carrier'))[0]), Number(before[0]) - 1.5);
  });

  it('the books in the database are right, and say the same', async () => {
    const audit = JSON.parse(await node.command('audit')) as { difference: string | null };
    assert.equal(audit.difference, null);
    const rows = (await database.sql('SELECT account, balance FROM account_balance', 'tandem')) as {
      account: string;
      balance: string;
    }[];
    for (const { account, balance } of rows) {
      assert.equal(Number(balance), Number((await moneyOf(account))[0]), account);
    }
    assert.equal(rows.length, customers.length + 1);
  });
});
