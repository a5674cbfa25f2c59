// Memory per concurrent call: many calls answered and held, the processes read before, while they are
// held and after they ended; twice over, so that a leak shows.
import { setTimeout as delay } from 'node:timers/promises';
import { callKinds, startGateways } from '../load.ts';
import { projectPath } from '../peers/project-path.ts';
import { finishCaller, startSipp, stopGateway } from '../peers/sipp.ts';
import { readMetrics, type Tandem } from '../peers/tandem.ts';
import { memoryUse } from '../process-usage.ts';
import type { MemoryResult } from '../results.ts';
import { onStage, type Stage, type SuiteContext, switches } from './suite.ts';

/** Longer than any transaction lives after its final response (RFC 3261 timers B, H, J: 32 s). */
const lingerSeconds = 36;
const rampCps = 1000;

export async function measureMemory(context: SuiteContext): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const name of switches(context)) {
    await onStage(context, name, 'memory', async (stage) => {
      const rounds = context.quick ? 1 : 2;
      for (let round = 1; round <= rounds; round++) {
        results.push(await holdCalls(context, stage, round));
      }
    });
  }
  return results;
}

async function holdCalls(
  context: SuiteContext,
  stage: Stage,
  round: number,
): Promise<MemoryResult> {
  const { system, ports, folder } = stage;
  const held = context.options.held ?? (context.quick ? 2000 : 60_000);
  const settleSeconds = context.quick ? 3 : lingerSeconds;
  const rampSeconds = held / rampCps;
  const name = `${system.name.toLowerCase()}-hold-${held}-${round}`;
  const gateways = await startGateways(callKinds.hold.gateways, ports, folder, name);
  await delay(2000); // the first figures of a fresh node are a second old
  const before = await readMemory(system.pids(), heapOf(stage));
  const caller = await startSipp({
    name,
    scenarioFile: projectPath('bench/sipp/caller-hold.xml'),
    port: ports.caller,
    folder,
    caller: {
      target: `127.0.0.1:${system.port}`,
      service: callKinds.hold.service,
      rate: rampCps,
      calls: held,
      holdMs: (rampSeconds + settleSeconds + 4) * 1000,
    },
  });
  await delay((rampSeconds + settleSeconds) * 1000);
  const full = await readMemory(system.pids(), heapOf(stage));
  const called = await finishCaller(caller, (rampSeconds + settleSeconds + 30) * 1000);
  const taken = await Promise.all(gateways.map(stopGateway));
  await delay(settleSeconds * 1000);
  const after = await readMemory(system.pids(), heapOf(stage));
  context.say(
    `${system.name}: ${held} calls held, ${Math.round((full.rss - before.rss) / held)} bytes of RSS each`,
  );
  return {
    system: system.name,
    held,
    beforeBytes: before.rss,
    heldBytes: full.rss,
    afterBytes: after.rss,
    heapBeforeBytes: before.heap,
    heapHeldBytes: full.heap,
    heapAfterBytes: after.heap,
    failed: called.failed + taken.reduce((sum, { failed }) => sum + failed, 0),
    retransmissions:
      called.retransmissions + taken.reduce((sum, { retransmissions }) => sum + retransmissions, 0),
  };
}

/** Kamailio's shared memory is counted once: PSS splits it among its processes. */
async function readMemory(
  pids: readonly number[],
  heap: () => Promise<number | null>,
): Promise<{ rss: number; heap: number | null }> {
  return { rss: memoryUse(pids).pssBytes, heap: await heap() };
}

function heapOf({ system }: Stage): () => Promise<number | null> {
  const tandem = 'tandem' in system ? (system.tandem as Tandem) : undefined;
  if (tandem === undefined) return async () => null;
  return async () => ((await readMetrics(tandem)).get('tandem_heap_used_kilobytes') ?? 0) * 1024;
}
