// An engine that is not there: figures, and answers of the shapes of workers/admin-messages.ts, for the
// admin process to talk to over a port of its own.

import type { EnginePort } from '../../admin/engine-channel.ts';
import {
  type CounterName,
  counterRows,
  type GaugeName,
  gaugeTable,
} from '../../core/metrics/counter-layout.ts';
import type { AdminMessage, EngineFigures, EngineMessage } from '../../workers/admin-messages.ts';

export function figuresOf(changes: Partial<EngineFigures> = {}): EngineFigures {
  const counters = Object.fromEntries(counterRows.map(({ name }, i) => [name, i + 1]));
  const gauges = Object.fromEntries(gaugeTable.map(({ name }, i) => [name, i + 1]));
  return {
    version: '0.1.0',
    node: 'edge-1',
    state: 'running',
    startedAt: Date.UTC(2026, 0, 1),
    uptimeSeconds: 93_784,
    callsUp: 42,
    callsAnsweredUp: 30,
    cps: 12,
    maxCps: 200,
    configurationVersion: 3,
    counters: counters as Record<CounterName, number>,
    workers: [
      { index: 0, state: 'running', restarts: 0, gauges: gauges as Record<GaugeName, number> },
      { index: 1, state: 'running', restarts: 2, gauges: gauges as Record<GaugeName, number> },
    ],
    gateways: [
      { name: 'acme-in', kind: 'mapping', linesUsed: 42, lineLimit: 100, cpsLimit: 20, cps: 3 },
      {
        name: 'carrier "a"\\\n',
        kind: 'routing',
        linesUsed: 40,
        lineLimit: 0,
        cpsLimit: 0,
        cps: null,
      },
    ],
    accounts: {
      count: 3,
      reserved: '1.25',
      exhausted: 1,
      fraud: {
        limits: 2,
        warning: 0,
        blocking: 1,
        alarms: [
          { account: 'acme', prefix: '881', warned: ['moneyPerDay'], blocked: ['moneyPerDay'] },
        ],
      },
    },
    sockets: [{ listen: 'udp://127.0.0.1:5060', receiveBufferBytes: 8_388_608, kernelDrops: 0 }],
    cdrLog: {
      directory: '/data/cdr',
      accepting: true,
      frames: 1000,
      bytes: 200_000,
      lostFrames: 0,
      queue: {
        waitingFrames: 0,
        waitingBytes: 0,
        unsyncedFrames: 9,
        unsyncedBytes: 1800,
        oldestMs: 450,
      },
    },
    cdrStore: {
      kind: 'mysql',
      state: 'away',
      reason: 'connect ECONNREFUSED 127.0.0.1:3306',
      warning: '',
      storedRows: 12_345,
      rejectedRecords: 6,
      queue: { records: 78, bytes: 31_200, oldestMs: 4_500 },
    },
    cdrHandOff: {
      files: null,
      push: {
        to: 'https://billing.example/cdrs',
        state: 'away',
        reason: 'HTTP 503',
        records: 900,
        setAside: 2,
        lost: 1,
        queue: { records: 55, bytes: 22_000, oldestMs: 61_000 },
      },
    },
    ingress: { loopStallMs: 4, streamConnections: 2, streamQueueBytes: 0 },
    memoryRssBytes: 120_000_000,
    ...changes,
  };
}

export interface FakeEngine {
  readonly port: EnginePort;
  /** What the admin process sent, oldest first. */
  readonly received: AdminMessage[];
  push(figures: EngineFigures): void;
  say(message: EngineMessage): void;
  disconnect(): void;
  /** How `activate`, `analyze` and `quote` are answered; undefined: not at all. */
  answer: (message: AdminMessage & { id: number }) => EngineMessage | undefined;
}

export function createFakeEngine(): FakeEngine {
  const receivers: ((message: EngineMessage) => void)[] = [];
  const goneListeners: (() => void)[] = [];
  const received: AdminMessage[] = [];
  const say = (message: EngineMessage): void => {
    for (const receive of receivers) receive(structuredClone(message));
  };
  const fake: FakeEngine = {
    port: {
      send(message) {
        received.push(structuredClone(message));
        if (message.kind === 'listening') return;
        const answer = fake.answer(message);
        if (answer !== undefined) queueMicrotask(() => say(answer));
      },
      onMessage: (receive) => receivers.push(receive),
      onDisconnect: (gone) => goneListeners.push(gone),
    },
    received,
    push: (figures) => say({ kind: 'figures', figures }),
    say,
    disconnect: () => {
      for (const gone of goneListeners) gone();
    },
    answer: answerAsEngine,
  };
  return fake;
}

export function answerAsEngine(message: AdminMessage & { id: number }): EngineMessage {
  if (message.kind === 'prepare') {
    return { kind: 'answer', id: message.id, result: { version: message.version } };
  }
  if (message.kind === 'activate') {
    const result = { version: message.version, compileMs: 12, swapPauseMs: 0.2 };
    return { kind: 'answer', id: message.id, result };
  }
  if (message.kind === 'quote') {
    const { account, holdMs } = message.request;
    return { kind: 'answer', id: message.id, result: { account, fee: '0.03', holdMs } };
  }
  if (message.kind === 'listed') {
    return { kind: 'answer', id: message.id, result: { total: 0, listed: [] } };
  }
  if (message.kind === 'unlist') {
    return { kind: 'answer', id: message.id, result: { cleared: 1 } };
  }
  if (message.kind === 'balance' || message.kind === 'payment') {
    const money = { balance: '12.5', reserved: '0.06', available: '22.44', creditLimit: '10' };
    const result = { account: message.account, ...money, linesUsed: 1 };
    return { kind: 'answer', id: message.id, result };
  }
  const { callee } = message.kind === 'analyze' ? message.request : { callee: '' };
  const result = {
    calleeAccess: callee,
    calleeRouted: callee,
    order: ['carrier-a'],
    protect: [],
    candidates: [],
  };
  return { kind: 'answer', id: message.id, result };
}
