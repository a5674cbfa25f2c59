// Free seconds of packages through the whole engine with two call workers: shared to the second by calls at once,
// and known to a node that starts again, also after a crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../workers/engine.ts';
import { type Rush, rushOf } from './call-rush.ts';
import { configureWith, fresh, peer, settingsFor, start, until } from './engine-stage.ts';
import { readCdrs } from './read-cdrs.ts';

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
