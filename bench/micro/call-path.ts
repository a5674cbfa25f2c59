// CPU of a whole call inside the core alone (7 messages in, 7 out, both legs), without sockets, rings and
// disk. The harness that plays the peers is part of the figure; `--cpu-prof` tells them apart.

import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { Effects } from '../../core/effects.ts';
import type { Hop } from '../../core/sip/hop.ts';
import { Switch } from '../../core/switch.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';

/** Buffer's own flat writer, which its types leave out. */
type WritableBytes = Buffer & { latin1Write(text: string, offset: number): number };

const callsMeasured = 100_000;
const callsWarm = 20_000;
const callsPerSecond = 4000;

const parsed = parseDocument({
  parameters: { SS_MAXCPS: 0 },
  mappingGateways: [{ name: 'in', auth: 'ip', addresses: ['127.0.0.2'] }],
  routingGateways: [{ name: 'out', address: '127.0.0.3:5060', prefixes: ['44'] }],
});
if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.text).join('\n'));
const slots = new Map(slotNames(parsed.document).map((name, index) => [name, index + 1]));
const compiled = compileSnapshot(parsed.document, 1, slots);
const arena = new SharedArrayBuffer(compiled.bytesNeeded);
compiled.writeInto(arena);

const outgoing = Buffer.alloc(65_536) as WritableBytes;
let lastToCarrier = '';
let lastToCaller = '';
const effects: Effects = {
  send(hop, text) {
    // As the sender does: one flat write, which is also what turns the joined pieces into one string.
    outgoing.latin1Write(text, 0);
    if (hop.address === '127.0.0.3') lastToCarrier = text;
    else lastToCaller = text;
  },
  count: () => undefined,
  acquireLine: () => true,
  releaseLine: () => undefined,
  acquireCps: () => true,
  reserve: () => true,
  release: () => undefined,
  settle: () => undefined,
  cdrLogAccepts: () => true,
  recordAnswer: () => undefined,
  recordEnd: () => undefined,
};

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
  wallMs: 1_700_000_000_000,
});

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

function oneCall(n: number): void {
  const head = (method: string, cseq: number, to: string): string =>
    `${method} sip:442071234567@127.0.0.1:5060 SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${method}-${n}\r\nMax-Forwards: 70\r\n` +
    `From: sipp <sip:15551234@127.0.0.2:5060>;tag=from${n}\r\nTo: <sip:442071234567@127.0.0.1:5060>${to}\r\n` +
    `Call-ID: ${n}-bench@127.0.0.2\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:15551234@127.0.0.2:5060>\r\n`;
  deliver(
    `${head('INVITE', 1, '')}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`,
    caller,
  );
  const invite = lastToCarrier;
  respond(invite, '100 Trying', '', '');
  respond(invite, '180 Ringing', ';tag=gw', '');
  respond(invite, '200 OK', ';tag=gw', sdp);
  const to = lineOf(lastToCaller, 'To');
  const tag = to.slice(to.indexOf(';tag='), -2);
  deliver(`${head('ACK', 1, tag)}Content-Length: 0\r\n\r\n`, caller);
  deliver(`${head('BYE', 2, tag)}Content-Length: 0\r\n\r\n`, caller);
  respond(lastToCarrier, '200 OK', '', '');
}

function run(calls: number, from: number): void {
  for (let n = from; n < from + calls; n++) {
    const nowMs = (n * 1000) / callsPerSecond;
    shard.setNow(nowMs, 1_700_000_000_000 + nowMs);
    oneCall(n);
    if (n % 40 === 0) shard.onTimers();
  }
}

run(callsWarm, 0);
const before = process.cpuUsage();
run(callsMeasured, callsWarm);
const used = process.cpuUsage(before);
const microseconds = (used.user + used.system) / callsMeasured;
process.stdout.write(
  `call path: ${microseconds.toFixed(1)} us of CPU a call, ${shard.transactionCount} transactions lingering, ` +
    `${(process.memoryUsage().heapUsed / 1e6).toFixed(0)} MB heap\n`,
);
