// Calls at a steady rate while one configuration after the other comes into force: numbers move between
// two carriers, and no call notices.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../bench/peers/free-port.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import type { NodeUnderTest } from './node-under-test.ts';

export interface SwapRun {
  readonly node: NodeUnderTest;
  readonly rate: number;
  readonly seconds: number;
  /** From the end of one apply to the next. */
  readonly pauseMs: number;
  /** More routing gateways, applied with every version. */
  readonly moreGateways: readonly object[];
}

export interface SwapResult {
  readonly versions: number;
  readonly applyMs: readonly number[];
  /** The longest a worker took to change over. */
  readonly swapPauseMs: number;
}

export async function swapUnderCalls(run: SwapRun): Promise<SwapResult> {
  const { node, rate, seconds } = run;
  const [callerPort, firstPort, secondPort] = await freePorts(3);
  // Written once: making a million prefixes into text is no work of the node's, and takes a processor from it.
  const files = { first: '', second: '' };
  for (const preferred of ['first', 'second'] as const) {
    files[preferred] = join(node.folder, `prefers-${preferred}.json`);
    const document = {
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [{ name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] }],
      routingGateways: [
        {
          name: preferred,
          address: `127.0.0.1:${preferred === 'first' ? firstPort : secondPort}`,
          prefixes: ['44'],
          lineLimit: 10_000,
        },
        ...run.moreGateways,
      ],
    };
    writeFileSync(files[preferred], JSON.stringify(document));
  }
  let swapPauseMs = 0;
  const apply = async (preferred: 'first' | 'second'): Promise<void> => {
    const applied = await node.command('apply', files[preferred], '--replace', '--json');
    const { activation } = JSON.parse(applied) as { activation: { swapPauseMs: number } };
    swapPauseMs = Math.max(swapPauseMs, activation.swapPauseMs);
  };
  await apply('first');
  const gateways = [
    await startSippGateway(node.folder, 'gateway-answer', { port: firstPort! }),
    await startSippGateway(node.folder, 'gateway-answer', { port: secondPort! }),
  ];
  const calls = rate * seconds;
  let placing = true;
  const placed = placeSippCalls(node.folder, {
    scenario: 'caller-hold',
    port: callerPort!,
    targetPort: node.port,
    service: '44',
    rate,
    calls,
    holdMs: 1000,
    patienceMs: seconds * 1000 + 60_000,
  }).finally(() => {
    placing = false;
  });
  const applyMs: number[] = [];
  for (let version = 1; placing; version++) {
    const startedMs = performance.now();
    // the carrier that falls out of the document still has calls up, and keeps them
    await apply(version % 2 === 0 ? 'first' : 'second');
    applyMs.push(Math.round(performance.now() - startedMs));
    await delay(run.pauseMs);
  }
  const called = await placed;
  const taken = await Promise.all(gateways.map((gateway) => gateway.stop()));
  assertPlayed(called, calls);
  for (const one of taken) assertPlayed(one, one.successful);
  await node.quiet();
  const cdrs = await node.cdrs();
  assert.equal(cdrs.length, calls);
  assert.ok(
    cdrs.every(
      ({ endReason, attempts }) => endReason === 'Normal release' && attempts.length === 1,
    ),
  );
  const reached = ['first', 'second'].map(
    (name) => cdrs.filter(({ routingGateway }) => routingGateway === name).length,
  );
  assert.deepEqual(
    reached,
    taken.map(({ successful }) => successful),
  );
  assert.ok(
    reached.every((count) => count > 0),
    'both carriers got calls',
  );
  const carrierOf = new Map<number, string | null>();
  for (const { configurationVersion, routingGateway } of cdrs) {
    const known = carrierOf.get(configurationVersion) ?? routingGateway;
    assert.equal(routingGateway, known, `version ${configurationVersion} has one carrier`);
    carrierOf.set(configurationVersion, routingGateway);
  }
  return { versions: carrierOf.size, applyMs, swapPauseMs };
}
