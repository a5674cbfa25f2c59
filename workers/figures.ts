// The engine's figures for the admin process, gathered once a second from shared memory.
import { linesUsed } from '../core/admission/line-limits.ts';
import type { Listener } from '../core/call/local-identity.ts';
import { allMappingGateways, allRoutingGateways } from '../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../core/configuration/snapshot.ts';
import { Counter, type CounterName, counterRows, Gauge } from '../core/metrics/counter-layout.ts';
import type {
  CdrLogFigures,
  EngineFigures,
  GatewayFigures,
  SocketFigures,
  WorkerFigures,
} from './admin-messages.ts';
import type { UdpSocketState } from './ingress/udp-ingress.ts';
import { listenText } from './listen-setting.ts';
import { counterBlocks, sumCounters, sumGauge } from './memory/counter-block.ts';
import { lineLedger, type SharedMemory } from './memory/shared-memory.ts';

/** Beyond this many the busiest are shown; the message goes out every second. */
const gatewaysShownMax = 1000;

const refusals: readonly number[] = [
  Counter.refusedOverload,
  Counter.refusedMaxCps,
  Counter.refusedGatewayCps,
  Counter.refusedLines,
  Counter.refusedUnknownSource,
  Counter.refusedNoRoute,
  Counter.refusedDisk,
];

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
}

/** Reads the figures; the rate of new calls is over the time since the last reading. */
export function createFigures(sources: FigureSources): (nowWallMs: number) => EngineFigures {
  const blocks = counterBlocks(sources.memory);
  let admittedBefore = admitted(sumCounters(blocks));
  let readBefore = sources.startedAt;
  let cps = 0;
  return (nowWallMs) => {
    const sums = sumCounters(blocks);
    const elapsedMs = nowWallMs - readBefore;
    if (elapsedMs >= 500) {
      cps = Math.max(0, Math.round(((admitted(sums) - admittedBefore) * 1000) / elapsedMs));
      admittedBefore = admitted(sums);
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
      configurationVersion: snapshot?.version ?? 0,
      counters: namedCounters(sums),
      workers: sources.workers(),
      gateways: snapshot === undefined ? [] : gatewayFigures(snapshot, sources.memory),
      sockets: socketFigures(sources.listeners, sources.sockets()),
      cdrLog: cdrLogFigures(sources, sums),
      memoryRssBytes: process.memoryUsage.rss(),
    };
  };
}

function admitted(sums: Float64Array): number {
  let count = sums[Counter.invites]!;
  for (const slot of refusals) count -= sums[slot]!;
  return count;
}

function namedCounters(sums: Float64Array): Record<CounterName, number> {
  const counters = {} as Record<CounterName, number>;
  for (const { name } of counterRows) counters[name] = sums[Counter[name]]!;
  return counters;
}

function gatewayFigures(snapshot: Snapshot, memory: SharedMemory): GatewayFigures[] {
  const ledger = lineLedger(memory);
  const rows: GatewayFigures[] = [];
  for (const { name, slot, lineLimit, cpsLimit } of allMappingGateways(snapshot)) {
    const used = linesUsed(ledger, slot);
    rows.push({ name, kind: 'mapping', linesUsed: used, lineLimit, cpsLimit });
  }
  for (const { name, slot, lineLimit, cpsLimit } of allRoutingGateways(snapshot)) {
    const used = linesUsed(ledger, slot);
    rows.push({ name, kind: 'routing', linesUsed: used, lineLimit, cpsLimit });
  }
  if (rows.length <= gatewaysShownMax) return rows;
  return rows.sort((a, b) => b.linesUsed - a.linesUsed).slice(0, gatewaysShownMax);
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

function cdrLogFigures(sources: FigureSources, sums: Float64Array): CdrLogFigures {
  const running = sources.workers().filter((worker) => worker.state === 'running');
  return {
    directory: sources.cdrDirectory,
    accepting: running.every((worker) => worker.gauges.cdrAccepting > 0),
    frames: sums[Counter.cdrFrames]!,
    bytes: sums[Counter.cdrBytes]!,
  };
}
