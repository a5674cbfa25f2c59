// The engine's figures for the admin process, gathered once a second from shared memory.
import { linesUsed } from '../core/admission/line-limits.ts';
import type { Listener } from '../core/call/local-identity.ts';
import { defaultParameters } from '../core/configuration/model.ts';
import { allMappingGateways, allRoutingGateways } from '../core/configuration/open-snapshot.ts';
import type { MappingGateway, RoutingGateway, Snapshot } from '../core/configuration/snapshot.ts';
import type { GatewayEffects } from '../core/effects.ts';
import { Counter, type CounterName, counterRows, Gauge } from '../core/metrics/counter-layout.ts';
import { gatewayEffects, StateWord, stateWordsPerSlot } from '../core/routing/gateway-state.ts';
import type {
  AccountsFigures,
  CdrLogFigures,
  CdrQueueFigures,
  CdrStoreFigures,
  EngineFigures,
  GatewayFigures,
  HandOffsFigures,
  IngressFigures,
  RoutingGatewayFigures,
  SocketFigures,
  WorkerFigures,
} from './admin-messages.ts';
import { monotonicMs } from './clock.ts';
import type { UdpSocketState } from './ingress/udp-ingress.ts';
import { listenText } from './listen-setting.ts';
import { counterBlocks, sumCounters, sumGauge } from './memory/counter-block.ts';
import { gatewayWords, lineLedger, type SharedMemory } from './memory/shared-memory.ts';

/** Beyond this many the busiest are shown; the message goes out every second. */
const gatewaysShownMax = 1000;

export interface FigureSources {
  version: string;
  node: string;
  cdrDirectory: string;
  memory: SharedMemory;
  listeners: readonly Listener[];
  /** Wall clock at start. */
  startedAt: number;
  draining: () => boolean;
  snapshot: () => Snapshot | undefined;
  workers: () => WorkerFigures[];
  sockets: () => readonly UdpSocketState[];
  streams: () => StreamFigures;
  loopStallMs: () => number;
  accounts: () => AccountsFigures;
  /** Calls admitted in the last second at the slot's CPS limit; null without one. */
  admittedLastSecond: (slot: number) => number | null;
  cdrStore: () => CdrStoreFigures | null;
  cdrHandOff: () => HandOffsFigures;
}

type StreamFigures = Omit<IngressFigures, 'loopStallMs'>;

/** Reads the figures; the rate of new calls is over the time since the last reading. */
export function createFigures(sources: FigureSources): (nowWallMs: number) => EngineFigures {
  const blocks = counterBlocks(sources.memory);
  const { callsAdmitted } = Counter;
  let admittedBefore = sumCounters(blocks)[callsAdmitted]!;
  let readBefore = sources.startedAt;
  let cps = 0;
  return (nowWallMs) => {
    const sums = sumCounters(blocks);
    const elapsedMs = nowWallMs - readBefore;
    if (elapsedMs >= 500) {
      cps = Math.max(0, Math.round(((sums[callsAdmitted]! - admittedBefore) * 1000) / elapsedMs));
      admittedBefore = sums[callsAdmitted]!;
      readBefore = nowWallMs;
    }
    const snapshot = sources.snapshot();
    return {
      version: sources.version,
      node: sources.node,
      state: sources.draining() ? 'draining' : 'running',
      startedAt: sources.startedAt,
      uptimeSeconds: Math.max(0, Math.floor((nowWallMs - sources.startedAt) / 1000)),
      callsUp: sumGauge(blocks, Gauge.callsUp),
      callsAnsweredUp: sumGauge(blocks, Gauge.callsAnsweredUp),
      cps,
      maxCps: snapshot?.parameters.SS_MAXCPS ?? defaultParameters.SS_MAXCPS,
      configurationVersion: snapshot?.version ?? 0,
      counters: namedCounters(sums),
      workers: sources.workers(),
      gateways: snapshot === undefined ? [] : gatewayFigures(snapshot, sources),
      accounts: sources.accounts(),
      sockets: socketFigures(sources.listeners, sources.sockets()),
      cdrLog: cdrLogFigures(sources, { sums, blocks }),
      cdrStore: sources.cdrStore(),
      cdrHandOff: sources.cdrHandOff(),
      ingress: { loopStallMs: sources.loopStallMs(), ...sources.streams() },
      memoryRssBytes: process.memoryUsage.rss(),
    };
  };
}

function namedCounters(sums: Float64Array): Record<CounterName, number> {
  const counters = {} as Record<CounterName, number>;
  for (const { name } of counterRows) counters[name] = sums[Counter[name]]!;
  return counters;
}

function gatewayFigures(snapshot: Snapshot, sources: FigureSources): GatewayFigures[] {
  const ledger = lineLedger(sources.memory);
  const mapping = allMappingGateways(snapshot);
  let shown: (MappingGateway | RoutingGateway)[] = [...mapping, ...allRoutingGateways(snapshot)];
  if (shown.length > gatewaysShownMax) {
    shown = shown
      .sort((a, b) => linesUsed(ledger, b.slot) - linesUsed(ledger, a.slot))
      .slice(0, gatewaysShownMax);
  }
  const isMapping = new Set<MappingGateway | RoutingGateway>(mapping);
  const words = gatewayWords(sources.memory);
  const nowSeconds = monotonicMs() / 1000;
  const state = gatewayEffects(words, () => nowSeconds);
  return shown.map((gateway) => {
    const { name, slot, lineLimit, cpsLimit } = gateway;
    const lines = linesUsed(ledger, slot);
    const cps = cpsLimit === 0 ? null : sources.admittedLastSecond(slot);
    // Key by key: of a thousand gateways every second.
    if (isMapping.has(gateway)) {
      return { name, kind: 'mapping', linesUsed: lines, lineLimit, cpsLimit, cps };
    }
    const routing = routingFigures(words, state, slot);
    return { name, kind: 'routing', linesUsed: lines, lineLimit, cpsLimit, cps, routing };
  });
}

function routingFigures(
  words: Int32Array,
  state: GatewayEffects,
  slot: number,
): RoutingGatewayFigures {
  const ratio = (word: number, unitsOfOne: number): number | null => {
    const figure = Atomics.load(words, slot * stateWordsPerSlot + word) - 1;
    return figure < 0 ? null : figure / unitsOfOne;
  };
  return {
    callsToday: state.callsToday(slot),
    asrPercent: ratio(StateWord.asr, 100),
    acdSeconds: ratio(StateWord.acd, 10),
    connectedPercent: ratio(StateWord.connectedRatio, 100),
    respondedPercent: ratio(StateWord.respondedRatio, 100),
    offline: state.isOffline(slot),
    closedSeconds: state.closedSeconds(slot),
  };
}

function socketFigures(
  listeners: readonly Listener[],
  states: readonly UdpSocketState[],
): SocketFigures[] {
  return listeners.map((listener, index) => ({
    listen: listenText(listener),
    receiveBufferBytes: states[index]?.receiveBufferBytes ?? 0,
    kernelDrops: states[index]?.kernelDrops ?? 0,
  }));
}

function cdrLogFigures(
  sources: FigureSources,
  { sums, blocks }: { sums: Float64Array; blocks: readonly Float64Array[] },
): CdrLogFigures {
  const running = sources.workers().filter((worker) => worker.state === 'running');
  return {
    directory: sources.cdrDirectory,
    accepting: running.every((worker) => worker.gauges.cdrAccepting > 0),
    frames: sums[Counter.cdrFrames]!,
    bytes: sums[Counter.cdrBytes]!,
    lostFrames: sums[Counter.cdrFramesLost]!,
    queue: cdrQueueFigures(blocks),
  };
}

function cdrQueueFigures(blocks: readonly Float64Array[]): CdrQueueFigures {
  return {
    waitingFrames: sumGauge(blocks, Gauge.cdrWaitingFrames),
    waitingBytes: sumGauge(blocks, Gauge.cdrWaitingBytes),
    unsyncedFrames: sumGauge(blocks, Gauge.cdrUnsyncedFrames),
    unsyncedBytes: sumGauge(blocks, Gauge.cdrUnsyncedBytes),
    oldestMs: blocks.reduce((oldest, block) => Math.max(oldest, block[Gauge.cdrOldestMs]!), 0),
  };
}
