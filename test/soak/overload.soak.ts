// More calls than the machine carries for half a minute: what is refused is told when to come back, what
// was taken goes on to its end, and afterwards everything is as before. Figures are printed, not judged:
// what the highest rate is depends on the machine. While it is overloaded, the node runs at a lower priority
// than the generators beside it: otherwise these are starved first, and never offer too much.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../bench/peers/free-port.ts';
import { assertPlayed, placeSippCalls, type SippOutcome, startSippGateway } from '../peers/sipp.ts';
import { openNode } from '../scenario/node-under-test.ts';

const cleanRate = 500;
const overloadRate = 12_000;
const overloadSeconds = 30;
const recoveryMs = 10_000;

const lowPriority = 5;

/** Every thread of the process: on Linux each has a priority of its own. */
function setPriorityOfThreads(pid: number, priority: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), priority);
}

it('offered more than it carries, it refuses, keeps what it took, and recovers', async (test) => {
  const node = await openNode();
  try {
    const [callerPort, gatewayPort] = await freePorts(2);
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [{ name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] }],
      routingGateways: [{ name: 'carrier', address: `127.0.0.1:${gatewayPort}`, prefixes: ['44'] }],
    });
    const gateway = await startSippGateway(node.folder, 'gateway-answer', { port: gatewayPort! });
    const place = (rate: number, seconds: number): Promise<SippOutcome> =>
      placeSippCalls(node.folder, {
        scenario: 'caller-overload',
        port: callerPort!,
        targetPort: node.port,
        service: '44',
        rate,
        calls: rate * seconds,
        patienceMs: seconds * 1000 + 90_000,
        extra: ['-recv_timeout', '35000', '-timeout_error'],
      });

    const { counters: before } = await node.status();
    setPriorityOfThreads(node.tandem().child.pid, lowPriority);
    const overload = await place(overloadRate, overloadSeconds);
    await delay(recoveryMs); // figures are a second old, and the last calls end
    const { counters: after } = await node.status();
    setPriorityOfThreads(node.tandem().child.pid, 0);
    const grown = (name: string): number => after[name]! - before[name]!;
    const refused = grown('refusedOverload') + grown('refusedRingFull');
    const ended = grown('callsEnded');
    test.diagnostic(
      `offered ${overloadRate * overloadSeconds}: ${overload.successful} played to their end, ` +
        `${overload.failed} failed at SIPp, ${ended} answered and ended, ${refused} refused with 503; ` +
        `in-dialog messages lost to a full ring ${grown('dropRingFull')}, ` +
        `kernel drops ${grown('kernelDrops')}`,
    );
    if (overload.failed > 0) test.diagnostic(`SIPp: ${overload.errors.slice(0, 1000)}`);
    assert.equal(after.bugs, 0);
    assert.ok(refused > 0, 'nothing was refused: the generators offered no more than it carries');
    assert.equal(after.dropRingFull, 0, 'a full ring refuses new calls first');

    const recovered = await place(cleanRate, 10);
    assertPlayed(recovered, cleanRate * 10);
    await gateway.stop();
    // A call whose BYE SIPp gave up repeating stays up: nobody told the node that it is over.
    await delay(recoveryMs);
    const { counters: last, callsUp } = await node.status();
    assert.equal(last.bugs, 0);
    assert.ok(callsUp <= overload.failed, `${callsUp} calls up, ${overload.failed} failed at SIPp`);
    assert.equal(
      last.refusedOverload! + last.refusedRingFull!,
      after.refusedOverload! + after.refusedRingFull!,
    );
    const answered = (await node.cdrs('--gateway', 'customer')).filter(
      ({ answeredAt }) => answeredAt !== null,
    );
    assert.equal(answered.length, last.callsEnded);
  } finally {
    await node.close();
  }
});
