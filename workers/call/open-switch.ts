// Builds the switch of one call worker over its effects and clocks.
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { Switch } from '../../core/switch.ts';
import { monotonicMs } from '../clock.ts';
import { numberWatch } from '../memory/shared-memory.ts';
import type { CallWorkerStart } from '../thread-messages.ts';
import type { EffectRunner } from './effect-runner.ts';
import { createRandomWords } from './random-words.ts';

export function openSwitch(start: CallWorkerStart, effects: EffectRunner): Switch {
  const shard = new Switch({
    effects,
    listeners: start.listeners,
    node: start.node,
    runId: start.runId,
    workerIndex: start.index,
    shardKey: start.shardKey,
    random32: createRandomWords(),
    scratch: Buffer.alloc(64) as Buffer & MessageBytes,
    snapshot: openSnapshot(start.snapshot.arena),
    watch: numberWatch(start.memory, start.shardKey),
    nowMs: monotonicMs(),
    wallMs: Date.now(),
    // Many timers fire under one catch: an exception of one discards its own effects alone.
    beforeTimer: () => effects.begin(),
  });
  if (start.draining) shard.drain();
  return shard;
}
