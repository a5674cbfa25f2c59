// Packages through the whole engine with two call workers: free seconds and gift money shared to the unit by calls at
// once, rent charged once, all of it known to a node that starts again, also after a crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageState } from '../../workers/admin-messages.ts';
import type { Engine } from '../../workers/engine.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
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

test('many calls at once on ten times an hour of free seconds, and no money', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configureWith(dataDir, {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.6' }] }],
    packages: [{ name: 'gold', gifts: [{ prefixes: ['44'], seconds: 36_000 }] }],
    accounts: [
      {
        name: 'acme',
        kind: 'customer',
        balance: '0',
        rateTable: 'retail',
        packages: [{ package: 'gold' }],
      },
    ],
    mappingGateways: [{ name: 'in', account: 'acme', addresses: [`127.0.0.1:${caller.port}`] }],
    routingGateways: [{ name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'] }],
  });
  const left = (of: Engine): number => of.accounts.balanceOf('acme').gifts[0]!.secondsLeft;
  const engine = await start(settingsFor(dataDir));
  assert.equal(left(engine), 36_000);
  const { port } = engine.listeners[0]!;
  const rush: Rush = {
    caller,
    carrier,
    port,
    offered: new Set(),
    heard: new Set(),
    finals: new Map(),
  };
  await rushOf(100, rush);
  const answered = [...rush.finals.values()].filter(({ status }) => status === 200);
  assert.equal(answered.length, 10);
  await until(() => engine.figures().counters.refusedBalance === 90);
  assert.equal(left(engine), 0);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  // With ten calls up.
  await engine.close();
  const again = await start(settingsFor(dataDir));
  const cdrs = await readCdrs(dataDir);
  const covered = cdrs.reduce((sum, { packageSeconds }) => sum + packageSeconds, 0);
  assert.ok(covered >= 10);
  assert.ok(cdrs.every(({ fee }) => fee === 0n || fee === null));
  assert.equal(left(again), 36_000 - covered);
  assert.equal(again.accounts.balanceOf('acme').balance, '0');
  await again.close();
  const third = await start(settingsFor(dataDir));
  assert.equal(left(third), 36_000 - covered);
});

/** Sixty seconds at 0.06 a minute cost 0.06, or 0.03 for the agent above. */
async function stageWith(gold: object, accounts: { acme?: object; north?: object } = {}) {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  const rate = { prefix: '', firstIncrementSeconds: 60, nextIncrementSeconds: 60 };
  const packages = [{ package: 'gold' }];
  await configureWith(dataDir, {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [
      { name: 'retail', rates: [{ ...rate, ratePerMinute: '0.06' }] },
      { name: 'agents', rates: [{ ...rate, ratePerMinute: '0.03' }] },
    ],
    packages: [{ name: 'gold', ...gold }],
    accounts: [
      { name: 'acme', kind: 'customer', rateTable: 'retail', packages, ...accounts.acme },
      { name: 'north', kind: 'agent', rateTable: 'agents', ...accounts.north },
    ],
    mappingGateways: [{ name: 'in', account: 'acme', addresses: [`127.0.0.1:${caller.port}`] }],
    routingGateways: [{ name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'] }],
  });
  return { caller, carrier, dataDir, engine: await start(settingsFor(dataDir)) };
}

const stateOf = (engine: Engine, account = 'acme'): PackageState =>
  engine.accounts.balanceOf(account).packagePeriods[0]!;

async function onLedger<Result>(
  dataDir: string,
  use: (ledger: LedgerStore) => Promise<Result>,
): Promise<Result> {
  const ledger = await openEmbeddedLedger(dataDir);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

const paymentsOf = (dataDir: string, account = 'acme'): Promise<string[]> =>
  onLedger(dataDir, async (ledger) =>
    (await ledger.payments({ account })).map(({ kind, units }) => `${kind} ${units}`),
  );

async function hangUp(engine: Engine, caller: SipPeer, callId: string, toTag: string) {
  const bye = request(caller, 'BYE', { callId, cseq: 2, toTag });
  caller.send(bye, engine.listeners[0]!.port);
  await caller.next('SIP/2.0 200');
}

test('the rent is charged at the start, once over restarts; then gift money pays for calls', async () => {
  const gold = { rentFee: '5', giftMoney: '0.09', minConsumption: '0.1' };
  const north = { packages: [{ package: 'gold' }], balance: '7' };
  const { caller, carrier, dataDir, engine } = await stageWith(gold, {
    acme: { balance: '5.01', agent: 'north' },
    north,
  });
  await until(() => stateOf(engine).rent === 'paid' && stateOf(engine, 'north').rent === 'paid');
  await until(() => engine.accounts.balanceOf('acme').reserved === '0');
  assert.equal(engine.accounts.balanceOf('acme').balance, '0.01');
  assert.equal(engine.accounts.balanceOf('north').balance, '2');
  const { toTag } = await placeCall(engine, caller, carrier, 'one');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await hangUp(engine, caller, 'one', toTag);
  // 0.03 of gift money is left, and 0.01 of the balance: no minute can be paid.
  caller.send(request(caller, 'INVITE', { callId: 'two' }), engine.listeners[0]!.port);
  await caller.next('SIP/2.0 403');
  await until(() => stateOf(engine).giftMoneyLeft === '0.03');
  assert.equal(stateOf(engine, 'north').giftMoneyLeft, '0.06');
  const [cdr] = (await readCdrs(dataDir)).filter(({ answeredAt }) => answeredAt !== null);
  assert.deepEqual([cdr!.fee, cdr!.giftFee], [6_000_000n, 6_000_000n]);
  assert.deepEqual(cdr!.agentFees, [
    { account: 'north', fee: 3_000_000n, giftFee: 3_000_000n, billedSeconds: 60 },
  ]);
  await engine.close();
  const again = await start(settingsFor(dataDir));
  const state = stateOf(again);
  assert.deepEqual([state.rent, state.giftMoneyLeft, state.spent], ['paid', '0.03', '0']);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  assert.equal(again.accounts.balanceOf('acme').balance, '0.01');
  await again.close();
  assert.deepEqual(await paymentsOf(dataDir), ['opening 501000000', 'rent -500000000']);
  assert.deepEqual(await paymentsOf(dataDir, 'north'), ['opening 700000000', 'rent -500000000']);
  assert.equal(await onLedger(dataDir, auditLedger), undefined);
});

test('a rent that waits is charged within seconds of a recharge', async () => {
  const { dataDir, engine } = await stageWith({ rentFee: '5' }, { acme: { balance: '1' } });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual([stateOf(engine).rent, stateOf(engine).inUse], ['unpaid', false]);
  const recharge = { account: 'acme', kind: 'recharge', units: 400_000_000n } as const;
  await onLedger(dataDir, (ledger) =>
    ledger.pay({ ...recharge, at: 0, by: 'jo', reason: '', extendDays: 0, expiresAt: null }),
  );
  const paidAt = Date.now();
  await until(() => stateOf(engine).rent === 'paid');
  assert.ok(Date.now() - paidAt < 5_000);
  await until(() => engine.accounts.balanceOf('acme').available === '0');
  assert.equal(stateOf(engine).inUse, true);
});

test('gift money of calls that end with their worker, or with the process, is charged to the unit', async () => {
  const { caller, carrier, dataDir, engine } = await stageWith(
    { giftMoney: '0.09', minConsumption: '1' },
    { acme: { balance: '1' } },
  );
  await placeCall(engine, caller, carrier, 'orphan');
  await until(() => engine.figures().callsAnsweredUp === 1);
  assert.equal(stateOf(engine).giftMoneyLeft, '0');
  const owner = engine.supervisor.figures().find((each) => each.gauges.callsAnsweredUp === 1)!;
  // Alive frames come every five seconds; the first behind the answer is what the log knows of the worker.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  engine.supervisor.post(owner.index, { kind: 'fail', how: 'die' });
  await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  await until(() => stateOf(engine).giftMoneyLeft !== '0');
  assert.deepEqual([stateOf(engine).giftMoneyLeft, stateOf(engine).spent], ['0.03', '0']);
  await placeCall(engine, caller, carrier, 'cut-off');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await engine.close();
  const again = await start(settingsFor(dataDir));
  const cdrs = await readCdrs(dataDir);
  assert.deepEqual(
    cdrs.map(({ fee, giftFee }) => [fee, giftFee]),
    [
      [6_000_000n, 6_000_000n],
      [6_000_000n, 3_000_000n],
    ],
  );
  assert.deepEqual([stateOf(again).giftMoneyLeft, stateOf(again).spent], ['0', '0.03']);
  assert.equal(again.accounts.balanceOf('acme').balance, '0.97');
  await again.close();
  const third = await start(settingsFor(dataDir));
  assert.deepEqual([stateOf(third).giftMoneyLeft, stateOf(third).spent], ['0', '0.03']);
  assert.equal(third.accounts.balanceOf('acme').balance, '0.97');
  await third.close();
  assert.equal(await onLedger(dataDir, auditLedger), undefined);
});
