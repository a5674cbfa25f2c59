// The switch of a worker over its effects: each timer is a record of its own for the runner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import type { EffectRunner } from '../../workers/call/effect-runner.ts';
import { openSwitch } from '../../workers/call/open-switch.ts';
import { monotonicMs } from '../../workers/clock.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { createRecordingEffects } from '../doubles/recording-effects.ts';

const hop: Hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '192.0.2.1',
  port: 5060,
};

function options(callId: string): Buffer {
  return Buffer.from(
    `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK${callId}\r\n` +
      `From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: ${callId}\r\nCSeq: 1 OPTIONS\r\n` +
      'Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n',
  );
}

test('what a timer did before it threw is discarded without what the timers before it did', () => {
  const parsed = parseDocument({ mappingGateways: [{ name: 'in', addresses: [hop.address] }] });
  assert.ok(parsed.ok);
  const slots = new Map([[slotNames(parsed.document)[0]!, 1]]);
  const compiled = compileSnapshot(parsed.document, 1, slots);
  const arena = new SharedArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  let begun = 0;
  const effects = Object.assign(createRecordingEffects(), { begin: () => void begun++ });
  const shard = openSwitch(
    {
      index: 0,
      memory: allocateSharedMemory({ workers: 1 }),
      listeners: [{ transport: Transport.udp, address: '192.0.2.9', port: 5060 }],
      node: 'edge-1',
      sockets: undefined,
      runId: 'run',
      shardKey: new Uint32Array([1, 2]),
      snapshot: { version: 1, epoch: 1, arena },
      dataDir: '/nowhere',
      cdrSyncMs: 1000,
      logLevel: 'silent',
      draining: false,
    },
    effects as unknown as EffectRunner,
  );
  for (const callId of ['one', 'two', 'three']) {
    const bytes = options(callId);
    shard.onMessage(bytes as never, bytes.length, hop, 0);
  }
  const armed = shard.timerCount;
  assert.ok(armed >= 3);
  // Timer J of each (RFC 3261 17.2.2).
  shard.setNow(monotonicMs() + 40_000, Date.now());
  shard.onTimers();
  assert.equal(begun, armed);
});
