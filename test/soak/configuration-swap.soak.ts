// A document of 1,000,000 prefixes over 200 gateways, applied again and again under calls.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readMetrics } from '../../bench/peers/tandem.ts';
import { watchStolenTime } from '../../bench/stolen-time.ts';
import { swapUnderCalls } from '../scenario/configuration-swap.ts';
import { openNode } from '../scenario/node-under-test.ts';

const gatewayCount = 200;
const prefixesPerGateway = 5000;
/** A thread that did the work of a change itself would stand still for seconds. How still it stands at all, beside a minute
 *  without a change, is measured by the suite `swap` of the bench: here the node is cold, and the machine may be busy. */
const stallMsMax = 100;

function manyGateways(): object[] {
  return Array.from({ length: gatewayCount }, (_, gateway) => ({
    name: `carrier-${gateway}`,
    address: `127.0.3.${gateway + 1}:5060`,
    prefixes: Array.from({ length: prefixesPerGateway }, (_, index) =>
      String(1_000_000 + gateway * prefixesPerGateway + index).padStart(9, '55'),
    ),
  }));
}

it('a million prefixes come into force under calls, and no loop stands still', async (test) => {
  const node = await openNode();
  const stolen = watchStolenTime();
  try {
    const result = await swapUnderCalls({
      node,
      rate: 50,
      seconds: 50,
      pauseMs: 2000,
      moreGateways: manyGateways(),
    });
    const metrics = await readMetrics(node.tandem());
    const worker = metrics.get('tandem_loop_stall_ms max') ?? Number.NaN;
    const main = metrics.get('tandem_main_loop_stall_ms') ?? Number.NaN;
    const stolenMs = stolen.longestMs();
    test.diagnostic(
      `${result.versions} versions; apply took ${result.applyMs.join(', ')} ms; ` +
        `longest change-over ${result.swapPauseMs.toFixed(1)} ms, ` +
        `longest stall in the last minute: ${worker} ms of a worker, ${main} ms of the main thread; ` +
        `the machine itself was taken away for up to ${stolenMs} ms`,
    );
    assert.ok(worker <= stallMsMax + stolenMs, `a worker stood still for ${worker} ms`);
    assert.ok(main <= stallMsMax + stolenMs, `the main thread stood still for ${main} ms`);
  } finally {
    stolen.stop();
    await node.close();
  }
});
