// Entry of a call worker's thread: opens its sockets and its CDR log, builds the switch, runs the loop,
// and obeys the main thread.

import { once } from 'node:events';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { AnswerRecord } from '../../core/cdr/cdr.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { EndReasons } from '../../core/end-reason.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import type { Switch } from '../../core/switch.ts';
import { CdrLog } from '../cdr/cdr-log.ts';
import { fileSystemOf } from '../cdr/mapped-files.ts';
import { unpackAnswers } from '../cdr/packed-answers.ts';
import { monotonicMs } from '../clock.ts';
import { BatchSender } from '../datagram/batch-sender.ts';
import { Doorbell } from '../datagram/doorbell.ts';
import { createLineLimit, type Log, type LogOutput, openLog } from '../log.ts';
import { openBalances, purseOf, workerPurse } from '../memory/balance-block.ts';
import { counterBlock, workerWriter } from '../memory/counter-block.ts';
import { fraudCounters } from '../memory/fraud-block.ts';
import {
  cpsWords,
  gatewayWords,
  mainSignal,
  workerLines,
  workerSignal,
} from '../memory/shared-memory.ts';
import { adoptSnapshot, epochWords, type SnapshotTicket } from '../memory/snapshot-store.ts';
import { RingReader, RingWriter } from '../memory/spsc-ring.ts';
import { WakeSignal } from '../memory/wake-signal.ts';
import { type SystemCalls, sharedCalls } from '../system-calls.ts';
import type { CallWorkerStart, FromCallWorker, ToCallWorker } from '../thread-messages.ts';
import { CallWorker } from './call-worker.ts';
import { createCdrLogPulse } from './cdr-log-pulse.ts';
import { DatagramSender } from './datagram-sender.ts';
import { EffectRunner } from './effect-runner.ts';
import { createIdleCollection, openCollector, threadMemoryBytes } from './idle-collection.ts';
import { type Intake, RingIntake } from './intake.ts';
import { LoopGauges } from './loop-gauges.ts';
import { openSwitch } from './open-switch.ts';
import { SocketIntake } from './socket-intake.ts';
import { createStrayReturn } from './stray-return.ts';
import { createStreamSender } from './stream-sender.ts';

/** Orphans hung up in one turn of the loop. */
const orphansPerTurn = 64;
const endedPollMs = 20;
const sendErrorLinesPerSecond = 2;

interface CallThread {
  readonly start: CallWorkerStart;
  readonly port: MessagePort;
  readonly output: LogOutput;
  readonly counters: Float64Array;
  readonly cdrLog: CdrLog;
  readonly intake: Intake;
  readonly sender: DatagramSender | BatchSender;
  readonly effects: EffectRunner;
  readonly shard: Switch;
  readonly loop: CallWorker;
}

async function openCallThread(start: CallWorkerStart, port: MessagePort): Promise<CallThread> {
  const { index, memory } = start;
  const output = openLog(start.logLevel, { thread: 'call', worker: index });
  const counters = counterBlock(memory, workerWriter(index));
  const mainRing = new RingWriter(memory.mainRings[index]!);
  const signal = new WakeSignal(memory, mainSignal);
  const onSendError = createSendErrorReport(output.log, counters);
  const calls = start.sockets === undefined ? undefined : await sharedCalls();
  const sender =
    calls === undefined
      ? await DatagramSender.bind({
          listeners: start.listeners,
          onStray: createStrayReturn({ ring: mainRing, signal, counters, clock: monotonicMs }),
          onSendError,
        })
      : new BatchSender({ calls, sockets: start.sockets!.sockets, onSendError });
  const cdrLog = new CdrLog({
    directory: start.dataDir,
    worker: index,
    node: start.node,
    syncMs: start.cdrSyncMs,
    nowWallMs: Date.now(),
    files: fileSystemOf(start.dataDir, calls),
  });
  const effects = new EffectRunner({
    datagrams: sender,
    streams: createStreamSender({ ring: mainRing, signal, counters, clock: monotonicMs }),
    cdrLog,
    lines: workerLines(memory, index),
    purse: purseOf(openBalances(memory), workerPurse(index)),
    cpsWords: cpsWords(memory),
    fraud: fraudCounters(memory, index),
    gatewayWords: gatewayWords(memory),
    counters,
  });
  const shard = openSwitch(start, effects);
  const intake = openIntake({ start, output, counters, sender, calls, shard });
  const loop = openLoop({ start, port, output, counters, cdrLog, sender, effects, shard, intake });
  return { start, port, output, counters, cdrLog, sender, effects, shard, intake, loop };
}

function openLoop(thread: Omit<CallThread, 'loop'>): CallWorker {
  const { shard, cdrLog, counters } = thread;
  const { log } = thread.output;
  const pulseCdrLog = createCdrLogPulse({
    cdrLog,
    callsUp: () => shard.callsUp,
    wallClock: Date.now,
    counters,
    log,
  });
  const collectWhenIdle = createIdleCollection({
    messages: () => counters[Counter.requestsIn]! + counters[Counter.responsesIn]!,
    callsUp: () => shard.callsUp,
    memoryBytes: threadMemoryBytes,
    trim: () => shard.trim(),
    collect: openCollector(),
    onCollected: () => counters[Counter.idleCollections]!++,
  });
  const gauges = new LoopGauges(
    {
      callsUp: () => shard.callsUp,
      callsAnsweredUp: () => shard.callsAnsweredUp,
      transactions: () => shard.transactionCount,
      timers: () => shard.timerCount,
      ringBytesUsed: () => thread.intake.ringBytes(),
      cdrAccepting: () => cdrLog.accepts,
      heapUsedBytes: () => process.memoryUsage().heapUsed,
      cdrQueue: () => cdrLog.queue(),
      withheld: () => thread.effects.withheld,
      sendsPending: () => thread.sender.pending,
    },
    monotonicMs(),
  );
  return new CallWorker({
    shard,
    intake: thread.intake,
    effects: thread.effects,
    counters,
    gauges,
    log,
    clock: monotonicMs,
    wallClock: Date.now,
    onTick(nowMs) {
      pulseCdrLog(nowMs);
      collectWhenIdle(nowMs);
    },
  });
}

/** The ring alone, or the sockets beside it. */
function openIntake(
  thread: Pick<CallThread, 'start' | 'counters' | 'sender' | 'output' | 'shard'> & {
    /** Undefined where node:dgram serves. */
    calls: SystemCalls | undefined;
  },
): Intake {
  const { start, counters, calls, sender, output, shard } = thread;
  const { index, memory } = start;
  const signal = new WakeSignal(memory, workerSignal(index));
  const ring = new RingIntake(new RingReader(memory.ingressRings[index]!), signal);
  const doorbell = start.sockets?.doorbell;
  if (calls === undefined || doorbell === undefined) return ring;
  const lines = createLineLimit(sendErrorLinesPerSecond);
  return new SocketIntake({
    calls,
    sockets: start.sockets!.sockets,
    doorbell: new Doorbell(calls, doorbell),
    ring,
    shardKey: start.shardKey,
    counters,
    clock: monotonicMs,
    reply: (hop, text) => {
      counters[Counter.messagesOut]!++;
      sender.send(hop, text);
    },
    isEmergency: (bytes, length, hop) =>
      shard.callsForHelp(bytes as Buffer & MessageBytes, length, hop),
    refusalTowards: (hop, statusCode) => shard.refusalTowards(hop, statusCode),
    onError: (error) => {
      if (lines.allow(monotonicMs())) output.log.warn({ err: error }, 'receiving socket');
    },
  });
}

function createSendErrorReport(log: Log, counters: Float64Array): (error: Error) => void {
  const lines = createLineLimit(sendErrorLinesPerSecond);
  return (error) => {
    counters[Counter.sendErrors]!++;
    if (lines.allow(monotonicMs())) {
      log.warn({ err: error.message, heldBack: lines.takeHeldBack() }, 'a datagram was not sent');
    }
  };
}

/** Of a thread that has been started. */
type LaterMessage = Exclude<ToCallWorker, { kind: 'start' }>;

function onMessage(thread: CallThread, message: LaterMessage): void {
  const { loop, shard } = thread;
  switch (message.kind) {
    case 'activate':
      activate(thread, message.snapshot);
      break;
    case 'drain':
      loop.act(() => shard.drain());
      tellWhenEnded(thread, 'drained');
      break;
    case 'endAllCalls':
      loop.act(() => shard.endAllCalls(EndReasons.serverForcedRelease));
      tellWhenEnded(thread, 'callsEnded');
      break;
    case 'hangUpOrphans':
      hangUp(thread, unpackAnswers(message.answers));
      break;
    case 'stop':
      stop(thread);
      break;
    case 'fail':
      fail(thread, message.how);
      break;
  }
}

/** Between two batches: no handler looks into the tables that are left. */
function activate(thread: CallThread, ticket: SnapshotTicket): void {
  const { start, loop, shard } = thread;
  const startedMs = monotonicMs();
  loop.act(() => shard.onConfiguration(openSnapshot(ticket.arena)));
  adoptSnapshot(epochWords(start.memory), start.index, ticket.epoch);
  const pauseMs = monotonicMs() - startedMs;
  tell(thread, { kind: 'activated', version: ticket.version, pauseMs });
}

function hangUp(thread: CallThread, answers: Iterator<AnswerRecord>): void {
  for (let i = 0; i < orphansPerTurn; i++) {
    const next = answers.next();
    if (next.done) return;
    thread.loop.act(() => thread.shard.hangUpOrphan(next.value));
  }
  setImmediate(() => hangUp(thread, answers));
}

/** No call is up, every end record is written and every message sent. */
function tellWhenEnded(thread: CallThread, kind: 'drained' | 'callsEnded'): void {
  const { shard, effects, sender } = thread;
  if (shard.callsUp > 0 || effects.busy || effects.withheld > 0 || sender.pending > 0) {
    setTimeout(() => tellWhenEnded(thread, kind), endedPollMs);
    return;
  }
  // Whether transactions are left is read from the gauges.
  thread.loop.publish();
  tell(thread, { kind });
}

function stop(thread: CallThread): void {
  thread.loop.stop();
  thread.effects.flush();
  if (!thread.cdrLog.close(Date.now())) {
    thread.output.log.error({ failure: thread.cdrLog.failure }, 'CDRs were left unwritten');
  }
  // Sends of this turn call back in the next one.
  setImmediate(() => {
    thread.intake.close();
    thread.sender.close();
    thread.output.flush();
    tell(thread, { kind: 'stopped' });
    thread.port.close();
  });
}

function fail(thread: CallThread, how: 'throwInHandler' | 'die' | 'hang'): void {
  if (how === 'throwInHandler') {
    thread.loop.act(() => {
      throw new Error('asked to fail in a handler');
    });
    return;
  }
  if (how === 'die') throw new Error('asked to die');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function tell(thread: CallThread, message: FromCallWorker): void {
  thread.port.postMessage(message);
}

async function run(start: CallWorkerStart, port: MessagePort): Promise<void> {
  const thread = await openCallThread(start, port);
  // What has come meanwhile has waited in the port.
  port.on('message', (message: LaterMessage) => onMessage(thread, message));
  thread.loop.start();
  tell(thread, { kind: 'bound' });
}

const port = parentPort!;
const [first] = (await once(port, 'message')) as [ToCallWorker];
if (first.kind === 'start') await run(first.start, port);
else port.close();
