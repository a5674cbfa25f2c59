// A call worker dies under calls with a price: its own calls are closed, charged and hung up, what they had set aside
// is back, the others' calls notice nothing.
// In this process, because nothing outside can make a worker die.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { moneyText, parseMoney } from '../../core/money.ts';
import { Transport } from '../../core/sip/hop.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { Engine } from '../../workers/engine.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { loadSettings } from '../../workers/settings.ts';
import { readCdrs } from '../engine/read-cdrs.ts';
import { until } from './node-under-test.ts';

const heldCalls = 16;
/** Of the better of both deaths: the machine's other tests may hold up one. */
const awayMsWanted = 1000;
const awayMsMax = 4000;
const accounts = ['acme', 'reseller', 'vendor'];
const increments = { firstIncrementSeconds: 1, nextIncrementSeconds: 1 };

describe('a call worker dies', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tandem-worker-death-'));
  const away: number[] = [];
  const lines: { readonly [field: string]: unknown }[] = [];
  let engine: Engine;
  let customer: UserAgent;
  let carrier: UserAgent;

  before(async () => {
    [customer, carrier] = await Promise.all([startUserAgent(), startUserAgent()]);
    await configure();
    engine = await Engine.open({
      settings: {
        ...loadSettings({ dataDir }),
        node: 'test-1',
        listen: [{ transport: Transport.udp, address: '127.0.0.1', port: 0 }],
        callWorkers: 2,
        drainSeconds: 0,
        logLevel: 'silent',
      },
      log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    });
  });
  after(async () => {
    await engine.close();
    await Promise.all([customer.close(), carrier.close()]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function configure(): Promise<void> {
    const store = await openConfigurationStore(dataDir);
    const versions = new ConfigurationVersions(store);
    const applied = versions.apply({
      // Any part of a second is charged.
      parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
      rateTables: [
        { name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.6', ...increments }] },
        {
          name: 'wholesale',
          rates: [{ prefix: '44', ratePerMinute: '0.51234567', ...increments }],
        },
        { name: 'buy', rates: [{ prefix: '44', ratePerMinute: '0.3', ...increments }] },
      ],
      accounts: [
        { name: 'reseller', kind: 'agent', balance: '100', rateTable: 'wholesale' },
        { name: 'acme', kind: 'customer', agent: 'reseller', balance: '50', rateTable: 'retail' },
        { name: 'vendor', kind: 'clearing', balance: '70', rateTable: 'buy' },
      ],
      mappingGateways: [
        {
          name: 'customer',
          account: 'acme',
          auth: 'ip',
          addresses: [`127.0.0.1:${customer.port}`],
        },
      ],
      routingGateways: [
        {
          name: 'carrier',
          account: 'vendor',
          address: `127.0.0.1:${carrier.port}`,
          prefixes: ['44'],
        },
      ],
    });
    assert.equal(applied.kind, 'staged', JSON.stringify(applied));
    if (applied.kind === 'staged') versions.commit(applied.version);
    await store.close();
  }

  /** Holds calls of both workers; the called ends by nothing: each caller's end with its own. */
  async function holdCalls(): Promise<{ callers: SipCall[]; taken: SipCall[] }> {
    const taken: SipCall[] = [];
    carrier.onCall = (call) => {
      taken.push(call);
      call.reply(200);
    };
    const target = { address: '127.0.0.1', port: engine.listeners[0]!.port };
    const callers = Array.from({ length: heldCalls }, () =>
      customer.place(target, { callee: '442071234567' }),
    );
    const statuses = await Promise.all(callers.map((call) => call.answered));
    assert.deepEqual(statuses, Array<number>(heldCalls).fill(200));
    await until(() => engine.figures().callsAnsweredUp === heldCalls, 'the calls are counted');
    return { callers, taken };
  }

  function reserved(account: string): bigint {
    return parseMoney(engine.accounts.balanceOf(account).reserved)!;
  }

  function isRestarted(worker: number): boolean {
    const { state, restarts } = engine.supervisor.figures()[worker]!;
    return restarts === 1 && state === 'running';
  }

  for (const victim of [0, 1]) {
    it(`worker ${victim}: its calls end on both legs, the other’s go on, and it takes new ones`, async (t) => {
      const { callers, taken } = await holdCalls();
      const lost = engine.supervisor.figures()[victim]!.gauges.callsAnsweredUp;
      assert.ok(lost > 0 && lost < heldCalls, `${lost} of ${heldCalls} calls are the worker's`);
      const held = accounts.map(reserved);
      assert.ok(
        held.every((units) => units > 0n && units % BigInt(heldCalls) === 0n),
        `every call has set as much aside: ${held.map(moneyText)}`,
      );
      engine.supervisor.post(victim, { kind: 'fail', how: 'die' });
      await until(() => isRestarted(victim), 'it is restarted');
      const said = (text: string) =>
        lines.find(({ msg, worker }) => worker === victim && String(msg).startsWith(text));
      assert.equal(said('call worker ended')?.restartMs, 0, 'at once');
      await until(() => said('call worker runs again') !== undefined, 'it says so');
      const awayMs = Number(said('call worker runs again')?.awayMs);
      t.diagnostic(`away for ${awayMs} ms`);
      assert.ok(awayMs < awayMsMax, `away for ${awayMs} ms`);
      away.push(awayMs);
      const over = (calls: readonly SipCall[]): number =>
        calls.filter((call) => call.isOver).length;
      await until(() => over(callers) === lost && over(taken) === lost, 'the lost are hung up');
      const going = callers.filter((call) => !call.isOver);
      assert.equal(engine.supervisor.figures()[1 - victim]!.restarts, victim);
      for (const call of going) assert.equal((await call.request('INFO'))?.status, 200);
      const left = held.map((units) => (units / BigInt(heldCalls)) * BigInt(going.length));
      assert.deepEqual(accounts.map(reserved), left, 'what the lost had set aside is back');
      for (const call of going) assert.equal(await call.hangUp(), 200);
      await until(
        () => engine.figures().gateways.every(({ linesUsed }) => linesUsed === 0),
        'every line is back',
      );
      assert.deepEqual(accounts.map(reserved), [0n, 0n, 0n]);
      assert.equal(engine.figures().counters.bugs, 0);
      assert.equal(engine.supervisor.figures()[victim]!.restarts, 1, 'once');
      const cdrs = await readCdrs(dataDir);
      const reasons = callers.map(({ callId }) =>
        cdrs.filter((cdr) => cdr.callId === callId).map(({ endReason }) => endReason),
      );
      const wanted = callers.map((call) =>
        going.includes(call) ? ['Normal release'] : ['Server forced release'],
      );
      assert.deepEqual(reasons, wanted);
      const own = cdrs.filter((cdr) => callers.some(({ callId }) => callId === cdr.callId));
      assert.ok(
        own.every(
          ({ fee, cost, holdTimeMs }) =>
            fee! > 0n === holdTimeMs > 0 && cost! > 0n === holdTimeMs > 0,
        ),
        'every call is charged for its time, on both sides',
      );
      const again = await holdCalls();
      const newcomers = engine.supervisor.figures()[victim]!.gauges.callsAnsweredUp;
      assert.ok(
        newcomers > 0 && newcomers < heldCalls,
        `it has taken ${newcomers} of ${heldCalls} new ones`,
      );
      for (const call of again.callers) assert.equal(await call.hangUp(), 200);
      await until(() => engine.figures().callsUp === 0, 'they are over');
    });
  }

  it('takes calls again within a second', () => {
    assert.ok(Math.min(...away) < awayMsWanted, `${away.join(' and ')} ms`);
  });

  it('has the books right behind it', async () => {
    const balances = accounts.map((account) => engine.accounts.balanceOf(account).balance);
    await engine.close();
    const charged = (await readCdrs(dataDir)).filter(({ fee }) => fee! > 0n).length;
    const ledger = await openEmbeddedLedger(dataDir);
    const { cdrs, difference } = await auditReport(ledger);
    const stored = await Promise.all(accounts.map((account) => ledger.account(account)));
    await ledger.close();
    assert.deepEqual([cdrs, difference], [4 * heldCalls, undefined]);
    assert.deepEqual(
      stored.map((account) => account!.calls),
      accounts.map(() => charged),
    );
    assert.deepEqual(
      stored.map((account) => moneyText(account!.balance)),
      balances,
    );
  });
});
