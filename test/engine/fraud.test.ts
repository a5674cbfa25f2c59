// Fraud limits through the whole engine with two call workers: exact under many calls at once, given back when a
// worker dies, and known to a node that starts again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FraudState } from '../../workers/admin-messages.ts';
import type { Engine } from '../../workers/engine.ts';
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

/** A cent for each second. */
function documentOf(caller: SipPeer, carrier: SipPeer, fraudLimits: readonly object[]): object {
  return {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.6' }] }],
    accounts: [
      { name: 'acme', kind: 'customer', balance: '1000', rateTable: 'retail', fraudLimits },
    ],
    mappingGateways: [{ name: 'in', account: 'acme', addresses: [`127.0.0.1:${caller.port}`] }],
    routingGateways: [{ name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'] }],
  };
}

async function startWith(fraudLimits: readonly object[]) {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configureWith(dataDir, documentOf(caller, carrier, fraudLimits));
  return { caller, carrier, dataDir, engine: await start(settingsFor(dataDir)) };
}

function stateOf(engine: Engine): FraudState {
  return engine.accounts.balanceOf('acme').fraud[0]!;
}

function rushAt(engine: Engine, caller: SipPeer, carrier: SipPeer): Rush {
  const { port } = engine.listeners[0]!;
  return { caller, carrier, port, offered: new Set(), heard: new Set(), finals: new Map() };
}

function statuses(rush: Rush): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { status } of rush.finals.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

test('many calls at once on ten minutes of a day: exact to the second', async () => {
  const limits = [{ minutesPerDay: { warn: 5, block: 10 } }];
  const { caller, carrier, dataDir, engine } = await startWith(limits);
  const rush = rushAt(engine, caller, carrier);
  await rushOf(200, rush);
  assert.deepEqual(
    statuses(rush),
    new Map([
      [200, 10],
      [403, 190],
    ]),
  );
  await until(() => engine.figures().counters.refusedFraudDay === 190);
  const state = stateOf(engine);
  assert.deepEqual(state.minutesPerDay, { value: 10, warn: 5, block: 10 });
  assert.deepEqual([state.warned, state.blocked], [['minutesPerDay'], ['minutesPerDay']]);
  const { fraudWarnings, fraudBlocks } = engine.figures().counters;
  assert.deepEqual([fraudWarnings, fraudBlocks], [1, 1]);
  assert.equal(state.callsAtOnce.value, 10);
  await engine.drainAndClose();
  const refused = (await readCdrs(dataDir)).filter(({ answeredAt }) => answeredAt === null);
  assert.equal(refused.length, 190);
  assert.ok(refused.every(({ endReason }) => endReason === 'Daily minutes limited'));
});

test('a day is known after a restart, and after a crash with calls up', async () => {
  const limits = [{ prefix: '44', minutesPerDay: { block: 100 }, moneyPerDay: { warn: '50' } }];
  const { caller, carrier, dataDir, engine } = await startWith(limits);
  const { port } = engine.listeners[0]!;
  const { toTag } = await placeCall(engine, caller, carrier, 'one');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  caller.send(request(caller, 'BYE', { callId: 'one', cseq: 2, toTag }), port);
  await caller.next('SIP/2.0 200');
  await until(() => engine.accounts.balanceOf('acme').reserved === '0');
  assert.equal(stateOf(engine).moneyPerDay.value, '0.01');
  await placeCall(engine, caller, carrier, 'two');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(stateOf(engine).moneyPerDay.value, '0.61');
  await engine.close();
  for (let starts = 0; starts < 2; starts++) {
    const again = await start(settingsFor(dataDir));
    const billed = (await readCdrs(dataDir)).reduce((sum, { fee }) => sum + (fee ?? 0n), 0n);
    const state = stateOf(again);
    assert.equal(state.moneyPerDay.value, `0.0${billed / 1_000_000n}`);
    assert.equal(state.minutesPerDay.value, Math.round(Number(billed / 1_000_000n) / 0.6) / 100);
    assert.equal(state.callsAtOnce.value, 0);
    await again.close();
  }
});

test('a worker that dies gives its calls back, and its day what they did not use', async () => {
  const limits = [{ callsAtOnce: { block: 1 }, moneyPerDay: { block: '0.6' } }];
  const { caller, carrier, dataDir, engine } = await startWith(limits);
  await placeCall(engine, caller, carrier, 'orphan');
  await until(() => engine.figures().callsAnsweredUp === 1);
  const { port } = engine.listeners[0]!;
  caller.send(request(caller, 'INVITE', { callId: 'beyond' }), port);
  await caller.next('SIP/2.0 503');
  assert.equal(stateOf(engine).moneyPerDay.value, '0.6');
  const owner = engine.supervisor.figures().find((each) => each.gauges.callsAnsweredUp === 1)!;
  engine.supervisor.post(owner.index, { kind: 'fail', how: 'die' });
  await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  const orphan = (await readCdrs(dataDir)).find(({ callId }) => callId === 'orphan')!;
  await until(() => stateOf(engine).moneyPerDay.value !== '0.6');
  assert.equal(stateOf(engine).moneyPerDay.value, orphan.fee === 0n ? '0' : '0.01');
  assert.equal(stateOf(engine).callsAtOnce.value, 0);
  await placeCall(engine, caller, carrier, 'next');
});
