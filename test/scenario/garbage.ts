// Garbage beside normal calls: the calls do not notice, nothing is answered that must not be, and the
// node does not grow.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../bench/peers/free-port.ts';
import { field, readSip } from '../../bench/peers/sip-text.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import { createRandom, garbageKinds } from './garbage-messages.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';
import { watchStalls } from './stall-watch.ts';

export interface GarbageRun {
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
  /** Normal calls a second beside it. */
  readonly callRate: number;
  readonly seed: number;
  readonly callWorkers: number;
  /** Waited before, for figures that know the last minute and would know the start. */
  readonly settleMs?: number;
}

export interface GarbageResult {
  readonly answers: number;
  /** Kind of garbage and what came back, where nothing may. */
  readonly wrongAnswers: readonly string[];
  /** Resident memory of the engine: at the start, after half of the run, at its end. */
  readonly rssMegabytes: readonly number[];
  /** Of a call worker's loop, over the whole run. */
  readonly longestStallMs: number;
}

/** Every other message comes from an address of no gateway. */
const knownAddress = '127.0.0.7';
const strangeAddress = '127.0.0.9';
const tickMs = 20;

export async function floodWithGarbage(run: GarbageRun): Promise<GarbageResult> {
  const node = await openNode({ callWorkers: run.callWorkers });
  await delay(run.settleMs ?? 0);
  const sources = [await openSource(knownAddress), await openSource(strangeAddress)];
  const stalls = watchStalls(node.tandem);
  try {
    const [callerPort, gatewayPort] = await freePorts(2);
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [
        { name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] },
        { name: 'noise', auth: 'ip', addresses: [knownAddress] },
      ],
      routingGateways: [{ name: 'carrier', address: `127.0.0.1:${gatewayPort}`, prefixes: ['44'] }],
    });
    const heard = listen(sources);
    const gateway = await startSippGateway(node.folder, 'gateway-answer', { port: gatewayPort! });
    const calls = Math.ceil((run.messages / run.rate) * run.callRate);
    const placed = placeSippCalls(node.folder, {
      scenario: 'caller-answer',
      port: callerPort!,
      targetPort: node.port,
      service: '44',
      rate: run.callRate,
      calls,
      patienceMs: (run.messages / run.rate) * 1000 + 60_000,
    });
    const rssMegabytes = [await rss(node)];
    await send(run, node, sources, 0.5);
    rssMegabytes.push(await rss(node));
    await send(run, node, sources, 0.5);
    assertPlayed(await placed, calls);
    await gateway.stop();
    const longestStallMs = await stalls.end();
    await node.quiet();
    rssMegabytes.push(await rss(node));
    const served = (await node.cdrs('--gateway', 'customer')).length;
    assert.equal(served, calls, 'CDRs of the normal calls');
    return {
      answers: heard.answers(),
      wrongAnswers: heard.wrong(),
      rssMegabytes,
      longestStallMs,
    };
  } finally {
    stalls.stop();
    await node.close();
    for (const source of sources) source.close();
  }
}

async function openSource(address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 1024 * 1024 });
  const listening = once(socket, 'listening');
  socket.bind(0, address);
  await listening;
  return socket;
}

async function rss(node: NodeUnderTest): Promise<number> {
  return Math.round((await node.status()).memoryRssBytes / 1024 / 1024);
}

const callIdOf = (kind: number, serial: number): string => `noise-${kind}-${serial}`;

function listen(sources: readonly Socket[]): { answers: () => number; wrong: () => string[] } {
  let answers = 0;
  const wrong = new Set<string>();
  for (const source of sources) {
    source.on('message', (bytes) => {
      answers++;
      const answer = readSip(bytes);
      if (answer === undefined || answer.status === 0) {
        wrong.add(`not a response: ${bytes.toString('latin1').slice(0, 200)}`);
        return;
      }
      const kind = garbageKinds[Number(/^noise-(\d+)-/.exec(field(answer, 'call-id'))?.[1])];
      if (kind?.answer === 'never') wrong.add(`${kind.name}: ${answer.status}`);
    });
  }
  return { answers: () => answers, wrong: () => [...wrong] };
}

let serial = 0;

async function send(
  run: GarbageRun,
  node: NodeUnderTest,
  sources: readonly Socket[],
  share: number,
): Promise<void> {
  const random = createRandom(run.seed + serial);
  const end = serial + Math.round(run.messages * share);
  while (serial < end) {
    for (let count = (run.rate * tickMs) / 1000; count > 0 && serial < end; count--) {
      const kind = Math.floor(random() * garbageKinds.length);
      const bytes = garbageKinds[kind]!.make(callIdOf(kind, serial), random);
      sources[serial % 2]!.send(bytes, node.port, '127.0.0.1');
      serial++;
    }
    await delay(tickMs);
  }
}
