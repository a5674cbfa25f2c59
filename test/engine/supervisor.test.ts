// A worker whose successor fails to start once: the calls it left are hung up by the one after.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { pino } from 'pino';
import { Transport } from '../../core/sip/hop.ts';
import { packAnswers } from '../../workers/cdr/packed-answers.ts';
import { monotonicMs } from '../../workers/clock.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { emptyDocument } from '../../workers/configuration/merge-document.ts';
import { probeListeners } from '../../workers/ingress/listen-probe.ts';
import {
  accountState,
  addToBalance,
  mainPurse,
  openBalances,
  purseOf,
  reserveUnits,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { SnapshotStore } from '../../workers/memory/snapshot-store.ts';
import { Supervisor } from '../../workers/supervisor.ts';
import { sampleAnswer, temporaryDirectory } from '../cdr/sample-records.ts';
import { openSipPeer } from './sip-peer.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const slot = 5;

/** One worker; `failsToStart` tells of each start, from 0, whether it shall fail, and how. */
async function stage(failsToStart: (start: number) => 'ends' | 'throws' | undefined) {
  const peer = await openSipPeer();
  open.push(peer);
  const listeners = await probeListeners([
    { transport: Transport.udp, address: '127.0.0.1', port: 0 },
  ]);
  const memory = allocateSharedMemory({ workers: 1 });
  const snapshots = new SnapshotStore(memory);
  const compiled = compileSnapshot(emptyDocument(), 1, new Map());
  compiled.writeInto(await snapshots.begin(compiled.bytesNeeded, 1000));
  snapshots.publish(1);
  const answer = sampleAnswer('left');
  for (const dialog of [answer.caller, answer.callee]) {
    Object.assign(dialog, { transport: Transport.udp, listener: 0, routes: '' });
    Object.assign(dialog, { address: '127.0.0.1', port: peer.port });
  }
  const dataDir = temporaryDirectory();
  // The worker that will die has set 70 of 100 aside.
  const ledger = openBalances(memory);
  addToBalance(purseOf(ledger, mainPurse), slot, 100n);
  assert.ok(reserveUnits(purseOf(ledger, workerPurse(0)), slot, 70n));
  let starts = 0;
  let closed = 0;
  const supervisor = new Supervisor({
    memory,
    snapshots,
    startOf: (index, snapshot) => {
      const failure = failsToStart(starts++);
      if (failure === 'throws') throw new Error('no thread today');
      return {
        index,
        memory,
        listeners,
        sockets: undefined,
        node: 'edge-1',
        runId: `run${starts}`,
        shardKey: new Uint32Array([1, 2]),
        snapshot,
        // A directory that cannot be made ends the thread before it has bound.
        dataDir: failure === 'ends' ? '/dev/null/none' : dataDir,
        cdrSyncMs: 1000,
        logLevel: 'silent',
        draining: false,
      };
    },
    onRebound: async () => {},
    closeCalls: async () => {
      if (closed++ > 0) return { answers: new Uint8Array(), charges: new Map(), usages: [] };
      assert.equal(reserveUnits(purseOf(ledger, mainPurse), slot, 31n), false);
      return { answers: packAnswers([answer]), charges: new Map([[slot, 25n]]), usages: [] };
    },
    balances: {
      ledger,
      slotsEnd: slot + 1,
      takeOverUsage: () => new Map(),
      releaseUsage: () => {},
    },
    log: pino({ level: 'silent' }),
    clock: monotonicMs,
  });
  open.push({ close: () => supervisor.stop() });
  await supervisor.start();
  return { supervisor, peer, starts: () => starts, account: () => accountState(ledger, slot) };
}

for (const how of ['ends', 'throws'] as const) {
  test(`orphans outlive a start that ${how === 'ends' ? 'ends early' : 'throws'}`, async () => {
    const { supervisor, peer, starts, account } = await stage((start) =>
      start === 1 ? how : undefined,
    );
    supervisor.post(0, { kind: 'fail', how: 'die' });
    await Promise.all([peer.next('BYE '), peer.next('BYE ')]);
    assert.equal(starts(), 3);
    // Given back only when its calls were closed, less what they cost.
    assert.deepEqual(account(), { balance: 75n, reserved: 0n, available: 75n, credit: 0n });
  });
}
