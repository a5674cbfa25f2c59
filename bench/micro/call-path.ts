// CPU of a whole call inside the core alone (7 messages in, 7 out, both legs), without sockets, rings and
// disk: not billed and billed (customer and carrier, balances in shared memory), each without and with the
// packing of its two CDR frames. The harness that plays the peers is part of the figures, so what counts is
// the difference; `--cpu-prof` tells them apart. Each variant has a thread of its own with the collector of a
// call worker: a third of the figure is what lives at a collection.

import { once } from 'node:events';
import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  acquireLine,
  linesUsed,
  nextPlace,
  releaseLine,
} from '../../core/admission/line-limits.ts';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { Effects } from '../../core/effects.ts';
import { gatewayEffects } from '../../core/routing/gateway-state.ts';
import type { Hop } from '../../core/sip/hop.ts';
import { Switch } from '../../core/switch.ts';
import { MoneyJournal } from '../../workers/call/money-journal.ts';
import { UsageJournal } from '../../workers/call/usage-journal.ts';
import { datedAnswer, datedEnd } from '../../workers/cdr/dated-records.ts';
import { FrameBatch } from '../../workers/cdr/frame.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';
import { callWorkerLimits, setCollectorFlags } from '../../workers/garbage-collection.ts';
import {
  addToBalance,
  mainPurse,
  openBalances,
  purseOf,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import { fraudCounters } from '../../workers/memory/fraud-block.ts';
import {
  allocateSharedMemory,
  gatewayWords,
  type SharedMemory,
  workerLines,
} from '../../workers/memory/shared-memory.ts';

/** Buffer's own flat writer, which its types leave out. */
type WritableBytes = Buffer & { latin1Write(text: string, offset: number): number };

const callsMeasured = 20_000;
/** Until transactions linger in full number. */
const callsWarm = 140_000;
const rounds = 15;
const callsPerSecond = 4000;
const callsRinging = callsPerSecond * 0.05;
const callsUp = callsPerSecond * 0.15;
const ratesOfTable = 5000;

const outgoing = Buffer.alloc(65_536) as WritableBytes;
let lastToCarrier = '';
let lastToCaller = '';

/** Prices for 44 and some thousand longer prefixes. */
function rateTable(name: string, ratePerMinute: string): object {
  const increments = { firstIncrementSeconds: 60, nextIncrementSeconds: 6 };
  const rates = Array.from({ length: ratesOfTable }, (_, n) => ({
    prefix: n === 0 ? '44' : `44${String(n).padStart(4, '0')}`,
    ratePerMinute,
    ...increments,
  }));
  return { name, rates };
}

const gateways = {
  mapping: { name: 'in', auth: 'ip', addresses: ['127.0.0.2'] },
  routing: { name: 'out', address: '127.0.0.3:5060', prefixes: ['44'] },
};
const balance = '1000000';
const documents = {
  unbilled: {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [gateways.mapping],
    routingGateways: [gateways.routing],
  },
  numbers: {
    parameters: { SS_MAXCPS: 0 },
    numberGroups: [
      {
        name: 'black',
        list: 'black',
        numbers: Array.from({ length: 100_000 }, (_, n) => String(33_100_000_000 + n)),
      },
      { name: 'pool', numbers: Array.from({ length: 1000 }, (_, n) => String(4420 + n)) },
    ],
    mappingGateways: [
      {
        ...gateways.mapping,
        calleeDialPlan: '00:,0:44,+:,*:*',
        callerDialPlan: '0:44,1:001',
        callerLengths: [8, 9, 10, 11],
        calleePrefixes: { prefixes: ['44', '49', '33', '1'] },
      },
    ],
    routingGateways: [
      {
        ...gateways.routing,
        calleeDialPlan: '44:0',
        calleePrefix: '*99',
        callerPool: { group: 'pool', mode: 'poll', multiplexes: 5 },
      },
    ],
  },
  billed: {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [rateTable('retail', '0.012'), rateTable('buy', '0.009')],
    accounts: [
      { name: 'acme', kind: 'customer', balance, rateTable: 'retail' },
      { name: 'carrier', kind: 'clearing', balance, rateTable: 'buy' },
    ],
    mappingGateways: [{ ...gateways.mapping, account: 'acme' }],
    routingGateways: [{ ...gateways.routing, account: 'carrier' }],
  },
};

interface Bench {
  readonly shard: Switch;
  /** What a batch ends with. */
  readonly flush: () => void;
  readonly up: PeersCall[];
  /** Number of the next call. */
  next: number;
}

function open(source: object, packsFrames: boolean): Bench {
  const parsed = parseDocument(source);
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.text).join('\n'));
  const slots = new Map(slotNames(parsed.document).map((name, index) => [name, index + 1]));
  const compiled = compileSnapshot(parsed.document, 1, slots);
  const arena = new SharedArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  const memory = allocateSharedMemory({ workers: 1 });
  const purse = purseOf(openBalances(memory), mainPurse);
  for (const [at, slot] of compiled.accountCells.slots.entries()) {
    addToBalance(purse, slot, compiled.accountCells.openings[at]!);
  }
  const { effects, flush } = createEffects(memory, packsFrames);
  let word = 1;
  const shard = new Switch({
    effects,
    listeners: [{ transport: 0, address: '127.0.0.1', port: 5060 }],
    node: 'bench',
    runId: 'bench',
    workerIndex: 0,
    shardKey: Uint32Array.of(1, 2),
    scratch: Buffer.alloc(64) as Buffer & MessageBytes,
    random32: () => Math.imul(word++, 0x9e3779b1) >>> 0,
    snapshot: openSnapshot(arena),
    nowMs: 0,
    wallMs: 1_790_000_000_000,
  });
  return { shard, up: [], next: 0, flush };
}

/** As a call worker's (workers/call/effect-runner.ts), without sockets and disk. */
function createEffects(
  memory: SharedMemory,
  packsFrames: boolean,
): { effects: Effects; flush: () => void } {
  const money = new MoneyJournal(purseOf(openBalances(memory), workerPurse(0)));
  const usage = new UsageJournal(fraudCounters(memory, 0).usage);
  const lines = workerLines(memory, 0);
  const frames = new FrameBatch();
  const released: number[] = [];
  const effects: Effects = {
    send(hop, text) {
      // As the sender does: one flat write, which is also what turns the joined pieces into one string.
      outgoing.latin1Write(text, 0);
      if (hop.address === '127.0.0.3') lastToCarrier = text;
      else lastToCaller = text;
    },
    count: () => undefined,
    acquireLine: (slot, limit) => acquireLine(lines, slot, limit),
    releaseLine: (slot) => void released.push(slot),
    reserve: (hold, units) => money.reserve(hold, units),
    release: (hold, units) => money.release(hold, units),
    settle: (hold, charged) => money.settle(hold, charged),
    nextPlace: (cursor) => nextPlace(lines, cursor),
    acquireCps: () => true,
    ...gatewayEffects(gatewayWords(memory), () => 0),
    linesUsed: (slot) => linesUsed(lines, slot),
    acquireMinute: () => true,
    reachedMinute: () => false,
    takeUsage: (hold, units, most) => usage.take(hold, units, most),
    takeUsageUpTo: (hold, wanted, below) => usage.takeUpTo(hold, wanted, below),
    readUsage: (cell) => usage.read(cell),
    addUsage: (cell, units) => usage.add(cell, units),
    giveUsageBack: (hold, units) => usage.giveBack(hold, units),
    settleUsage: (hold, used) => usage.settle(hold, used),
    raiseAlarm: () => undefined,
    cdrLogAccepts: () => true,
    recordAnswer: (answer) => void (packsFrames && frames.add(datedAnswer(answer))),
    recordEnd: (cdr) => void (packsFrames && frames.add(datedEnd(cdr))),
  };
  return {
    effects,
    flush: () => {
      for (const slot of released) releaseLine(lines, slot);
      released.length = 0;
      if (money.busy && !money.giveBack()) throw new Error('more given back than was held');
      money.begin();
      frames.clear();
    },
  };
}

let shard: Switch;

const scratch = Buffer.alloc(65_536) as WritableBytes & MessageBytes;
const caller: Hop = { transport: 0, listener: 0, connection: 0, address: '127.0.0.2', port: 5060 };
const carrier: Hop = { transport: 0, listener: 0, connection: 0, address: '127.0.0.3', port: 5060 };
const sdp =
  'v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
  'm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n';

function deliver(text: string, hop: Hop): void {
  const length = scratch.latin1Write(text, 0);
  shard.onMessage(scratch, length, hop, 0);
}

function lineOf(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `) + 2;
  return text.slice(start, text.indexOf('\r\n', start) + 2);
}

function respond(request: string, status: string, tag: string, body: string): void {
  const to = lineOf(request, 'To').slice(0, -2);
  deliver(
    `SIP/2.0 ${status}\r\n${lineOf(request, 'Via')}${lineOf(request, 'From')}${to}${tag}\r\n` +
      `${lineOf(request, 'Call-ID')}${lineOf(request, 'CSeq')}Contact: <sip:127.0.0.3:5060>\r\n` +
      `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`,
    carrier,
  );
}

/** What the peers know of a call. */
interface PeersCall {
  readonly n: number;
  readonly invite: string;
  tag: string;
}

function requestHead(n: number, method: string, cseq: number, tag: string): string {
  return (
    `${method} sip:442071234567@127.0.0.1:5060 SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${method}-${n}\r\nMax-Forwards: 70\r\n` +
    `From: sipp <sip:15551234@127.0.0.2:5060>;tag=from${n}\r\nTo: <sip:442071234567@127.0.0.1:5060>${tag}\r\n` +
    `Call-ID: ${n}-bench@127.0.0.2\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:15551234@127.0.0.2:5060>\r\n`
  );
}

function ring(n: number): PeersCall {
  const content = `Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`;
  deliver(requestHead(n, 'INVITE', 1, '') + content, caller);
  const invite = lastToCarrier;
  respond(invite, '100 Trying', '', '');
  respond(invite, '180 Ringing', ';tag=gw', '');
  return { n, invite, tag: '' };
}

function answer(call: PeersCall): void {
  respond(call.invite, '200 OK', ';tag=gw', sdp);
  const to = lineOf(lastToCaller, 'To');
  call.tag = to.slice(to.indexOf(';tag='), -2);
  deliver(`${requestHead(call.n, 'ACK', 1, call.tag)}Content-Length: 0\r\n\r\n`, caller);
}

function hangUp({ n, tag }: PeersCall): void {
  deliver(`${requestHead(n, 'BYE', 2, tag)}Content-Length: 0\r\n\r\n`, caller);
  respond(lastToCarrier, '200 OK', '', '');
}

/** Calls ring for 50 ms and talk for 100, as in the suites: what is up when the collector comes is copied
 *  by it, which is a part of the price. */
function run(bench: Bench, calls: number): void {
  shard = bench.shard;
  const { up } = bench;
  for (const end = bench.next + calls; bench.next < end; bench.next++) {
    const nowMs = (bench.next * 1000) / callsPerSecond;
    shard.setNow(nowMs, 1_790_000_000_000 + nowMs);
    up.push(ring(bench.next));
    if (up.length > callsRinging) answer(up.at(-1 - callsRinging)!);
    if (up.length > callsUp) hangUp(up.shift()!);
    bench.flush();
    if (bench.next % 40 === 0) shard.onTimers();
  }
}

function measure(bench: Bench): number {
  const before = process.cpuUsage();
  run(bench, callsMeasured);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / callsMeasured;
}

interface Variant {
  readonly name: string;
  readonly document: object;
  readonly packsFrames: boolean;
}

const { unbilled, billed, numbers } = documents;
const variants: readonly Variant[] = [
  { name: 'not billed', document: unbilled, packsFrames: false },
  { name: 'billed', document: billed, packsFrames: false },
  {
    name: 'not billed, dial plans, screens, a pool',
    document: numbers,
    packsFrames: false,
  },
  { name: 'not billed, CDR frames packed', document: unbilled, packsFrames: true },
  { name: 'billed, CDR frames packed', document: billed, packsFrames: true },
];

/** One variant in this thread: a round at each message. */
function serve({ document, packsFrames }: Variant, port: MessagePort): void {
  const bench = open(document, packsFrames);
  run(bench, callsWarm);
  port.on('message', () => port.postMessage(measure(bench)));
  port.postMessage(0);
}

async function answerOf(thread: Worker): Promise<number> {
  const [cpuUs] = (await once(thread, 'message')) as [number];
  return cpuUs;
}

async function compare(): Promise<void> {
  setCollectorFlags();
  const threads: Worker[] = [];
  for (const variant of variants.keys()) {
    const options = { workerData: variant, resourceLimits: callWorkerLimits };
    const thread = new Worker(new URL(import.meta.url), options);
    threads.push(thread);
    await answerOf(thread);
  }
  const figures = variants.map((): number[] => []);
  // In turn, so that a slow spell of the machine meets all of them, and alone, since what is counted is the
  // process's CPU: the collector's helpers belong to it.
  for (let round = 0; round < rounds; round++) {
    for (const [at, thread] of threads.entries()) {
      thread.postMessage('measure');
      figures[at]!.push(await answerOf(thread));
    }
  }
  for (const [at, { name }] of variants.entries()) {
    const all = figures[at]!.map((each) => each.toFixed(1)).join(', ');
    process.stdout.write(
      `call path, ${name}: ${lowerQuartile(figures[at]!).toFixed(1)} us of CPU a call (${all})\n`,
    );
  }
  // With the frames: what a CDR says of money is a part of the price.
  const [notBilledUs, billedUs] = figures.slice(-2).map(lowerQuartile);
  process.stdout.write(`${JSON.stringify({ notBilledUs, billedUs })}\n`);
  for (const thread of threads) await thread.terminate();
}

/** Of rounds that a slow spell of the machine makes dearer by half, for several on end, the median says nothing. */
function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 2]!;
}

if (parentPort === null) await compare();
else serve(variants[workerData as number]!, parentPort);
