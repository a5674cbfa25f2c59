// The loop over a switch that only notes what it is told: batches, order, one clock reading a batch,
// timers, and the one place where a bug is caught.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { pino } from 'pino';
import { Counter, Gauge } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import type { Switch } from '../../core/switch.ts';
import { CallWorker } from '../../workers/call/call-worker.ts';
import { EffectRunner } from '../../workers/call/effect-runner.ts';
import { RingIntake } from '../../workers/call/intake.ts';
import { heartbeatSlot, LoopGauges } from '../../workers/call/loop-gauges.ts';
import { openBalances, purseOf, workerPurse } from '../../workers/memory/balance-block.ts';
import { counterBlock, workerWriter } from '../../workers/memory/counter-block.ts';
import { fraudCounters } from '../../workers/memory/fraud-block.ts';
import {
  allocateSharedMemory,
  cpsWords,
  gatewayWords,
  workerLines,
  workerSignal,
} from '../../workers/memory/shared-memory.ts';
import { RingReader, RingWriter } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';
import { RecordKind } from '../../workers/thread-messages.ts';

const hop: Hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '192.0.2.1',
  port: 5060,
};

let running: CallWorker | undefined;
afterEach(() => {
  running?.stop();
  mock.timers.reset();
});

function stage(onText: (text: string, effects: EffectRunner) => void) {
  const memory = allocateSharedMemory({ workers: 1 });
  const counters = counterBlock(memory, workerWriter(0));
  const sent: string[] = [];
  const told: string[] = [];
  const effects = new EffectRunner({
    datagrams: { send: (_hop, text) => sent.push(text), flush() {} },
    streams: { send: (_hop, text) => sent.push(text) },
    cdrLog: { accepts: true, recordAnswer() {}, recordEnd() {}, flush: () => true },
    lines: workerLines(memory, 0),
    purse: purseOf(openBalances(memory), workerPurse(0)),
    gatewayWords: gatewayWords(memory),
    cpsWords: cpsWords(memory),
    fraud: fraudCounters(memory, 0),
    counters,
  });
  const clock = { nowMs: 1000, readings: 0 };
  const endFails = { value: false };
  const shard = {
    callsUp: 0,
    callsAnsweredUp: 0,
    transactionCount: 0,
    timerCount: 1,
    /** How long no timer is due. */
    timerInMs: 0,
    untilTimerMs: (_nowMs: number, atMostMs: number) => Math.min(atMostMs, shard.timerInMs),
    setNow: (nowMs: number, wallMs: number) => told.push(`now ${nowMs} ${wallMs}`),
    onMessage: (bytes: Buffer, length: number, from: Hop, waitedMs: number) => {
      told.push(`${from.address} waited ${waitedMs}`);
      onText(bytes.toString('latin1', 0, length), effects);
    },
    onTransportFailure: (failed: Hop) => told.push(`failed ${failed.address}:${failed.port}`),
    onTimers: () => told.push('timers'),
    endFaultyCall: () => {
      told.push('end faulty call');
      if (endFails.value) throw new Error('a bug in ending');
      effects.send(hop, 'SIP/2.0 500');
    },
  };
  const signal = new WakeSignal(memory, workerSignal(0));
  const ring = new RingReader(memory.ingressRings[0]!);
  const worker = new CallWorker({
    shard: shard as unknown as Switch,
    intake: new RingIntake(ring, signal),
    effects,
    counters,
    gauges: new LoopGauges(
      {
        callsUp: () => 7,
        callsAnsweredUp: () => 5,
        transactions: () => 3,
        timers: () => 1,
        ringBytesUsed: () => ring.usedBytes(),
        cdrAccepting: () => true,
        heapUsedBytes: () => 2048,
        cdrQueue: () => ({
          waitingFrames: 0,
          waitingBytes: 0,
          unsyncedFrames: 0,
          unsyncedBytes: 0,
          oldestMs: 0,
        }),
        withheld: () => 0,
        sendsPending: () => 0,
      },
      0,
    ),
    log: pino({ level: 'silent' }),
    clock: () => {
      clock.readings++;
      return clock.nowMs;
    },
    wallClock: () => 5000,
    onTick: () => told.push('tick'),
  });
  running = worker;
  const writer = new RingWriter(memory.ingressRings[0]!);
  const push = (text: string, kind: number = RecordKind.message): void => {
    const entry = { kind, urgent: true, nowMs: 900, hop };
    assert.ok(writer.push(entry, Buffer.from(text, 'latin1'), text.length));
    signal.wake();
  };
  return { worker, push, sent, told, counters, clock, endFails, shard };
}

/** The milliseconds of the clock between the next ticks, where a timer moves it. */
function tickPauses(at: ReturnType<typeof stage>, runMs: number): number[] {
  const pauses: number[] = [];
  let ticks = told(at);
  let sinceMs = 0;
  for (let i = 0; i < runMs; i++) {
    at.clock.nowMs++;
    sinceMs++;
    mock.timers.tick(1);
    if (told(at) === ticks) continue;
    ticks = told(at);
    pauses.push(sinceMs);
    sinceMs = 0;
  }
  return pauses;
}

function told(at: ReturnType<typeof stage>): number {
  return at.told.filter((line) => line === 'tick').length;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('messages are handled in order and answered, also after the loop slept', async () => {
  const { worker, push, sent, told } = stage((text, effects) => effects.send(hop, `re ${text}`));
  for (let i = 0; i < 200; i++) push(String(i));
  worker.start();
  await until(() => sent.length === 200);
  assert.deepEqual(
    sent,
    Array.from({ length: 200 }, (_, i) => `re ${i}`),
  );
  // 64 records a batch, the clocks read once for each.
  const busy = told.slice(0, told.lastIndexOf('192.0.2.1 waited 100'));
  assert.equal(busy.filter((line) => line.startsWith('now ')).length, 4);
  assert.equal(told[0], 'now 1000 5000');
  assert.equal(told[1], '192.0.2.1 waited 100');
  await until(() => told.includes('tick'));
  push('late');
  await until(() => sent.length === 201);
});

test('a bug ends its call and nothing else', async () => {
  const { worker, push, sent, told, counters } = stage((text, effects) => {
    effects.send(hop, `re ${text}`);
    if (text === 'bad') throw new Error('a bug');
  });
  push('one');
  push('bad');
  push('two');
  worker.start();
  await until(() => sent.length === 3);
  assert.deepEqual(sent, ['re one', 'SIP/2.0 500', 're two']);
  assert.equal(told.filter((line) => line === 'end faulty call').length, 1);
  assert.equal(counters[Counter.bugs], 1);
});

test('a call that cannot be ended after a bug does not end the worker', async () => {
  const { worker, push, sent, told, counters, endFails } = stage((text, effects) => {
    effects.send(hop, `re ${text}`);
    if (text === 'bad') throw new Error('a bug');
  });
  endFails.value = true;
  push('bad');
  push('good');
  worker.start();
  await until(() => sent.length === 1);
  assert.deepEqual(sent, ['re good']);
  assert.ok(told.includes('end faulty call'));
  assert.equal(counters[Counter.bugs], 2);
});

test('a failed stream is told; a record of an unknown kind is a bug', async () => {
  const { worker, push, told, counters } = stage(() => {});
  push('', RecordKind.transportFailure);
  push('', 99);
  worker.start();
  await until(() => counters[Counter.bugs] === 1);
  assert.ok(told.includes('failed 192.0.2.1:5060'));
});

test('timers fire and gauges are published while nothing arrives', async () => {
  const { worker, told, counters, clock } = stage(() => {});
  worker.start();
  await until(() => told.includes('tick'));
  clock.nowMs += 20;
  const before = told.filter((line) => line === 'timers').length;
  await until(() => told.filter((line) => line === 'timers').length > before);
  assert.equal(counters[Gauge.callsUp], 7);
  assert.equal(counters[Gauge.cdrAccepting], 1);
  assert.ok(counters[heartbeatSlot]! >= 1000);
});

test('work from outside runs under the same clock, catch and flush', () => {
  const { worker, sent, told, counters } = stage(() => {});
  worker.act(() => {
    throw new Error('a bug');
  });
  assert.equal(counters[Counter.bugs], 1);
  // It belonged to no call: none is ended for it.
  assert.deepEqual(sent, []);
  assert.deepEqual(told, ['now 1000 5000']);
});

test('an idle loop ticks for the next timer, and at least twice a second', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const at = stage(() => {});
  at.shard.timerInMs = 5000;
  at.worker.start();
  assert.deepEqual(tickPauses(at, 1100), [100, 500, 500], 'nothing has come for long');
  at.shard.timerInMs = 30;
  // The tick that is armed comes first.
  assert.deepEqual(tickPauses(at, 560).slice(1), [30, 30]);
  at.shard.timerInMs = 5000;
  at.shard.callsUp = 1;
  assert.deepEqual(tickPauses(at, 530).slice(-50), Array(50).fill(10), 'with a call up');
});

test('work from outside that arms a timer does not wait for the slow tick', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const at = stage(() => {});
  at.shard.timerInMs = 5000;
  at.worker.start();
  tickPauses(at, 110);
  at.worker.act(() => {
    at.shard.timerInMs = 20;
  });
  assert.deepEqual(tickPauses(at, 25), [20]);
});

test('after a message the loop ticks at full pace for a second', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const at = stage(() => {});
  at.shard.timerInMs = 5000;
  at.push('one');
  at.worker.start();
  await until(() => at.told.includes('192.0.2.1 waited 100'));
  const pauses = tickPauses(at, 1700);
  assert.deepEqual(pauses.slice(0, 99), Array(99).fill(10));
  assert.equal(pauses.at(-1), 500);
});
