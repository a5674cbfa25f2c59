// Money through the whole engine with two call workers: exact under a thousand calls at once, given back and
// charged when a worker or the process dies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { moneyText } from '../../core/money.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import type { Engine } from '../../workers/engine.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { counterBlock, workerWriter } from '../../workers/memory/counter-block.ts';
import { type Rush, rushOf } from './call-rush.ts';
import {
  configureWith,
  fresh,
  peer,
  placeCall,
  settingsFor,
  start,
  until,
} from './engine-stage.ts';
import { readCdrs } from './read-cdrs.ts';
import { request, type SipPeer } from './sip-peer.ts';

/** Sixty seconds at 0.06 a minute cost 0.06 for acme, 0.03 for the carrier. */
function moneyDocument(caller: SipPeer, carrier: SipPeer, balance: string): object {
  const rate = { prefix: '', firstIncrementSeconds: 60, nextIncrementSeconds: 60 };
  return {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [
      { name: 'retail', rates: [{ ...rate, ratePerMinute: '0.06' }] },
      { name: 'buy', rates: [{ ...rate, ratePerMinute: '0.03' }] },
    ],
    accounts: [
      { name: 'acme', kind: 'customer', balance, rateTable: 'retail' },
      { name: 'carrier', kind: 'clearing', balance: '1000', rateTable: 'buy' },
    ],
    mappingGateways: [{ name: 'in', account: 'acme', addresses: [`127.0.0.1:${caller.port}`] }],
    routingGateways: [
      { name: 'out', account: 'carrier', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'] },
    ],
  };
}

async function startWith(balance: string) {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configureWith(dataDir, moneyDocument(caller, carrier, balance));
  const engine = await start(settingsFor(dataDir));
  return { caller, carrier, dataDir, engine };
}

/** balance, reserved, available. */
function moneyOf(engine: Engine, account: string): string[] {
  const { balance, reserved, available } = engine.accounts.balanceOf(account);
  return [balance, reserved, available];
}

/** Of the ledger, once no engine runs on it: the audit is clean, and the balances are these. */
async function assertBooks(
  dataDir: string,
  balances: Readonly<Record<string, string>>,
): Promise<void> {
  const ledger = await openEmbeddedLedger(dataDir);
  try {
    assert.equal(await auditLedger(ledger), undefined);
    const accounts = await ledger.accounts();
    const found = accounts.map(({ name, balance }) => [name, moneyText(balance)]);
    assert.deepEqual(Object.fromEntries(found), balances);
  } finally {
    await ledger.close();
  }
}

test('a thousand calls at once on an account that can pay for fifty: exact to the unit', async () => {
  // One unit more than fifty calls cost.
  const { caller, carrier, dataDir, engine } = await startWith('3.00000001');
  const { port } = engine.listeners[0]!;
  const calls = 1000;
  const rush: Rush = {
    caller,
    carrier,
    port,
    offered: new Set(),
    heard: new Set(),
    finals: new Map(),
  };
  await rushOf(calls, rush);
  const answered = [...rush.finals].filter(([, { status }]) => status === 200);
  assert.equal(answered.length, 50);
  for (const [callId, { toTag }] of answered) {
    caller.send(request(caller, 'ACK', { callId, toTag, branch: `z9hG4bKack${callId}` }), port);
  }
  await until(() => engine.figures().counters.refusedBalance === calls - 50);
  assert.deepEqual(moneyOf(engine, 'acme'), ['3.00000001', '3', '0.00000001']);
  assert.deepEqual(moneyOf(engine, 'carrier'), ['1000', '1.5', '998.5']);
  for (const worker of [0, 1]) {
    const block = counterBlock(engine.memory, workerWriter(worker));
    assert.ok(block[Counter.refusedBalance]! > 0, `worker ${worker} was asked for money too`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await engine.drainAndClose();
  const cdrs = await readCdrs(dataDir);
  const paid = cdrs.filter(({ answeredAt }) => answeredAt !== null);
  assert.equal(paid.length, 50);
  assert.ok(paid.every(({ fee, cost }) => fee === 6_000_000n && cost === 3_000_000n));
  const refused = cdrs.filter(({ answeredAt }) => answeredAt === null);
  assert.equal(refused.length, calls - 50);
  assert.ok(
    refused.every(({ endReason, fee }) => endReason === 'Insufficient balance' && fee === 0n),
  );
  assert.deepEqual(moneyOf(engine, 'acme'), ['0.00000001', '0', '0.00000001']);
  await assertBooks(dataDir, { acme: '0.00000001', carrier: '998.5' });
});

test('balances survive a restart: the opening balance less what the log says', async () => {
  const { caller, carrier, dataDir, engine } = await startWith('10');
  const { toTag } = await placeCall(engine, caller, carrier, 'one');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const bye = request(caller, 'BYE', { callId: 'one', cseq: 2, toTag });
  caller.send(bye, engine.listeners[0]!.port);
  await caller.next('SIP/2.0 200');
  await until(() => engine.accounts.balanceOf('acme').reserved === '0');
  assert.deepEqual(moneyOf(engine, 'acme'), ['9.94', '0', '9.94']);
  await engine.close();
  const again = await start(settingsFor(dataDir));
  assert.deepEqual(moneyOf(again, 'acme'), ['9.94', '0', '9.94']);
  assert.deepEqual(moneyOf(again, 'carrier'), ['999.97', '0', '999.97']);
});

test('a worker that dies gives its money back, less what its calls cost to their last alive frame', async () => {
  const { caller, carrier, dataDir, engine } = await startWith('10');
  await placeCall(engine, caller, carrier, 'orphan');
  await until(() => engine.figures().callsAnsweredUp === 1);
  assert.deepEqual(moneyOf(engine, 'acme'), ['10', '0.06', '9.94']);
  // Alive frames come every five seconds; the first call after them is what the log knows of the worker.
  const owner = engine.supervisor.figures().find((each) => each.gauges.callsAnsweredUp === 1)!;
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  engine.supervisor.post(owner.index, { kind: 'fail', how: 'die' });
  await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  const cdrs = await readCdrs(dataDir);
  assert.equal(cdrs.length, 1);
  const { fee, cost, billedSeconds, endReason } = cdrs[0]!;
  assert.deepEqual(
    [fee, cost, billedSeconds, endReason],
    [6_000_000n, 3_000_000n, 60, 'Server forced release'],
  );
  assert.deepEqual(moneyOf(engine, 'acme'), ['9.94', '0', '9.94']);
  assert.deepEqual(moneyOf(engine, 'carrier'), ['999.97', '0', '999.97']);
  assert.equal(engine.accounts.balanceOf('acme').linesUsed, 0);
  await engine.drainAndClose();
  await assertBooks(dataDir, { acme: '9.94', carrier: '999.97' });
});

test('a payment reaches the cell at once, and a call that was refused goes through', async () => {
  const { caller, carrier, engine } = await startWith('0');
  const { port } = engine.listeners[0]!;
  caller.send(request(caller, 'INVITE', { callId: 'poor' }), port);
  await caller.next('SIP/2.0 403');
  assert.equal(engine.accounts.pay({ account: 'acme', units: 6_000_000n }).available, '0.06');
  await placeCall(engine, caller, carrier, 'rich');
  assert.deepEqual(moneyOf(engine, 'acme'), ['0.06', '0.06', '0']);
});

test('a call that was up when the process ended is charged at the next start', async () => {
  const { caller, carrier, dataDir, engine } = await startWith('10');
  await placeCall(engine, caller, carrier, 'cut-off');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await engine.close();
  assert.deepEqual(await readCdrs(dataDir), []);
  const again = await start(settingsFor(dataDir));
  const cdrs = await readCdrs(dataDir);
  assert.deepEqual(
    cdrs.map(({ fee, cost, billedSeconds }) => [fee, cost, billedSeconds]),
    [[6_000_000n, 3_000_000n, 60]],
  );
  assert.deepEqual(moneyOf(again, 'acme'), ['9.94', '0', '9.94']);
  await again.drainAndClose();
  await assertBooks(dataDir, { acme: '9.94', carrier: '999.97' });
});

test('a configuration without an account that has money is refused by the running node', async () => {
  const { caller, carrier, dataDir, engine } = await startWith('0');
  engine.accounts.pay({ account: 'acme', units: 1n });
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const without = moneyDocument(caller, carrier, '0') as {
    accounts: { name: string }[];
    mappingGateways: object[];
  };
  without.accounts = without.accounts.filter(({ name }) => name !== 'acme');
  without.mappingGateways = [];
  const applied = versions.apply(without, { replace: true });
  assert.equal(applied.kind, 'staged', JSON.stringify(applied));
  await store.close();
  const { version } = applied as { version: number };
  await assert.rejects(
    engine.activation.activate(version),
    /accounts\[acme\]: is missing, but has a balance of "0.00000001" and 0 calls up/,
  );
  await assert.rejects(engine.activation.prepare(version), /accounts\[acme\]: is missing/);
  engine.accounts.pay({ account: 'acme', units: -1n });
  await engine.activation.prepare(version);
  engine.accounts.pay({ account: 'acme', units: 5n });
  await assert.rejects(engine.activation.activate(version), /has a balance of "0.00000005"/);
  engine.accounts.pay({ account: 'acme', units: -5n });
  assert.equal((await engine.activation.activate(version)).version, version);
  assert.throws(() => engine.accounts.balanceOf('acme'), /expected the name of an account/);
});
