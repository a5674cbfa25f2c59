// Into which ring a message goes, what is ignored, and who is refused when a ring is full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { mintCallId } from '../../core/shard/call-id-shard.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { ShardRouter } from '../../workers/ingress/shard-router.ts';
import { counterBlock, mainWriter } from '../../workers/memory/counter-block.ts';
import { allocateSharedMemory, workerSignal } from '../../workers/memory/shared-memory.ts';
import { createRingRecord, RingReader, RingWriter } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';

const scratch = Buffer.alloc(64) as Buffer & MessageBytes;

const shardKey = Uint32Array.of(1, 2);
const hop: Hop = {
  transport: Transport.udp,
  listener: 1,
  connection: 0,
  address: '192.0.2.7',
  port: 5062,
};

/** Who is to hear nothing. */
const stranger: Hop = { ...hop, address: '198.51.100.9' };

function stage(workers: number, ringBytes: number) {
  const memory = allocateSharedMemory({ workers, ingressRingBytes: ringBytes });
  const counters = counterBlock(memory, mainWriter);
  const replies: string[] = [];
  const clock = { nowMs: 5 };
  const router = new ShardRouter({
    rings: memory.ingressRings.map((ring) => new RingWriter(ring)),
    signals: memory.ingressRings.map((_, i) => new WakeSignal(memory, workerSignal(i))),
    shardKey,
    counters,
    clock: () => clock.nowMs,
    reply: (to, text) => replies.push(`${to.address}:${to.port} ${text}`),
    isEmergency: (bytes, length) =>
      bytes.toString('latin1', 0, length).startsWith('INVITE sip:112@'),
    refusalTowards: ({ address }, statusCode) => (address === stranger.address ? 0 : statusCode),
  });
  const readers = memory.ingressRings.map((ring) => new RingReader(ring));
  const route = (text: string, from: Hop = hop): void => {
    const bytes = Buffer.from(text, 'latin1');
    router.route(bytes, bytes.length, from);
  };
  return { route, readers, counters, replies, clock };
}

function request(method: string, callId: string, toTag = '', cseq = 1): string {
  return (
    `${method} sip:44@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>${toTag}\r\n` +
    `Call-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContent-Length: 0\r\n\r\n`
  );
}

test('messages of one call go to one worker, with the hop they came from', () => {
  const { route, readers } = stage(4, 1 << 18);
  for (const method of ['INVITE', 'ACK', 'BYE']) route(request(method, 'some-call@x'));
  const owners = readers.filter((reader) => !reader.isEmpty());
  assert.equal(owners.length, 1);
  const record = createRingRecord();
  for (const method of ['INVITE', 'ACK', 'BYE']) {
    assert.ok(owners[0]!.pop(record));
    assert.ok(record.payload.toString('latin1', 0, record.payloadLength).startsWith(method));
    assert.deepEqual(record.hop, hop);
    assert.equal(record.enqueuedAtMs, 5);
  }
});

test('the clock is read once for what one turn of the event loop brings', async () => {
  const { route, readers, clock } = stage(1, 1 << 18);
  const record = createRingRecord();
  for (const turnMs of [5, 700]) {
    clock.nowMs = turnMs;
    route(request('INVITE', 'some-call@x'));
    clock.nowMs++;
    route(request('ACK', 'some-call@x'));
    for (let message = 0; message < 2; message++) {
      assert.ok(readers[0]!.pop(record));
      assert.equal(record.enqueuedAtMs, turnMs);
    }
    await new Promise(setImmediate);
  }
});

test('a Call-ID that we minted names its worker', () => {
  const { route, readers } = stage(4, 1 << 18);
  for (let worker = 0; worker < 4; worker++) {
    route(
      request(
        'BYE',
        mintCallId(worker, () => 77, shardKey, scratch),
        ';tag=2',
      ),
    );
    assert.ok(readers[worker]!.pop(createRingRecord()));
  }
});

test('keep-alives and STUN are ignored, garbage is dropped, each counted', () => {
  const { route, readers, counters } = stage(1, 1 << 18);
  for (const text of ['', '\r\n\r\n', '\0', '\0\x01\0\0!\x12\xa4B............']) route(text);
  assert.equal(counters[Counter.keepAlivesIn], 4);
  route('<this is="not">a SIP message at all, whatever it says</this>');
  route('SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 1 INVITE\r\n\r\n');
  assert.equal(counters[Counter.dropNoCallId], 2);
  assert.ok(readers[0]!.isEmpty());
});

/** New INVITEs, until one is refused. */
function fill(route: (text: string) => void, counters: Float64Array): void {
  const refused = counters[Counter.refusedRingFull];
  for (let call = 0; counters[Counter.refusedRingFull] === refused; call++) {
    route(request('INVITE', `new-call-${call}`));
  }
}

test('a full ring says nothing to a stranger who is to hear nothing', () => {
  const { route, counters, replies } = stage(1, 1 << 18);
  fill(route, counters);
  route(request('INVITE', 'of-a-stranger'), stranger);
  route(request('INVITE', 'of-a-stranger'), stranger);
  assert.equal(counters[Counter.refusedRingFull], 3);
  assert.equal(replies.length, 1);
});

test('a full ring refuses new INVITEs with 503 and still takes what belongs to calls', () => {
  const { route, readers, counters, replies } = stage(1, 1 << 18);
  fill(route, counters);
  assert.equal(replies.length, 1);
  assert.match(replies[0]!, /^192\.0\.2\.7:5062 SIP\/2\.0 503 /);
  assert.match(replies[0]!, /\r\nRetry-After: \d+\r\n/);
  assert.match(replies[0]!, /\r\nCall-ID: new-call-\d+\r\n/);
  assert.match(replies[0]!, /\r\nTo: <sip:b@x>;tag=\w+\r\n/);
  let urgent = 0;
  while (counters[Counter.dropRingFull] === 0) {
    route(request('BYE', 'old-call', ';tag=2'));
    urgent++;
  }
  assert.ok(urgent > 5, `only ${urgent} in-dialog requests fitted`);
  assert.equal(replies.length, 1);
  // It recovers as soon as the worker has taken something.
  while (readers[0]!.pop(createRingRecord()));
  route(request('INVITE', 'new-call'));
  assert.equal(counters[Counter.refusedRingFull], 1);
});

test('a worker that is too far behind gets no new INVITEs, in a ring with room', async () => {
  const { route, readers, counters, replies, clock } = stage(1, 1 << 18);
  const record = createRingRecord();
  let at = 0;
  const invite = (): void => route(request('INVITE', `call-${at++}@x`));
  const turn = async (nowMs: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    clock.nowMs = nowMs;
  };
  for (let nowMs = 0; nowMs <= 300; nowMs += 50) {
    // The first of them has not been taken for 300 ms.
    await turn(nowMs);
    invite();
  }
  assert.equal(replies.length, 1, 'after a quarter of a second over 30 ms, at over 100 ms');
  assert.match(replies[0]!, /503 [\s\S]*Retry-After: 2\r\n/);
  assert.equal(counters[Counter.refusedRingFull], 1);
  await turn(310);
  route(request('INVITE', 'call-2@x'));
  route(request('BYE', 'call-2@x', ';tag=2'));
  assert.equal(replies.length, 1, 'neither a repeat nor what belongs to a call');
  while (readers[0]!.pop(record));
  await turn(320);
  invite();
  assert.equal(replies.length, 1, 'the worker has caught up');
});

test('a full ring takes calls for help, a hundred a second, and what belongs to calls behind them', async () => {
  const { route, readers, counters, clock } = stage(1, 1 << 18);
  const help = (call: number): string =>
    request('INVITE', `help-${call}`).replace('sip:44@', 'sip:112@');
  fill(route, counters);
  const refused = counters[Counter.refusedRingFull]!;
  for (let call = 0; call < 101; call++) route(help(call));
  assert.equal(counters[Counter.emergencyRingFull], 100);
  assert.equal(counters[Counter.refusedRingFull], refused + 1);
  // The repeat of one that got in is dropped as any other.
  route(help(0));
  assert.equal(counters[Counter.dropRepeatRingFull], 1);
  route(request('BYE', 'old-call', ';tag=2'));
  assert.equal(counters[Counter.dropRingFull], 0);
  await new Promise(setImmediate);
  clock.nowMs += 1000;
  route(help(200));
  assert.equal(counters[Counter.emergencyRingFull], 101);
  const record = createRingRecord();
  let helped = 0;
  while (readers[0]!.pop(record)) {
    const text = record.payload.toString('latin1', 0, record.payloadLength);
    if (text.startsWith('INVITE sip:112@')) helped++;
  }
  assert.equal(helped, 101);
  // Where there is room they are calls like others.
  route(help(300));
  assert.equal(counters[Counter.emergencyRingFull], 101);
});

test('a full ring drops the repeat of an INVITE that was taken, and refuses all others', async () => {
  const { route, readers, counters, replies, clock } = stage(1, 1 << 18);
  const expect = (dropped: number, refused: number): void => {
    assert.equal(counters[Counter.dropRepeatRingFull], dropped);
    assert.equal(counters[Counter.refusedRingFull], refused);
    assert.equal(replies.length, refused);
  };
  const taken = request('INVITE', 'taken');
  route(taken);
  fill(route, counters);
  route(taken);
  expect(1, 1);
  // RFC 3261 8.1.3.5: the same Call-ID with the next CSeq is a new transaction.
  route(request('INVITE', 'taken', '', 2));
  expect(1, 2);
  const refused = request('INVITE', 'refused');
  route(refused);
  route(refused);
  expect(1, 4);
  // RFC 3261 17.1.1.2: over a stream nobody repeats.
  route(taken, { ...hop, transport: Transport.tcp });
  expect(1, 5);
  // Copies that may have crossed the 503 are refused too, though there is room now: the caller has given up.
  while (readers[0]!.pop(createRingRecord()));
  for (const nowMs of [500, 1500, 2500]) {
    await new Promise(setImmediate);
    clock.nowMs = nowMs;
    route(refused);
  }
  expect(1, 8);
  assert.equal(replies.at(-1), replies.at(-2), 'every copy gets the same answer');
  assert.ok(readers[0]!.isEmpty());
  // A later one comes because the caller never got the 503. It counts as taken from then on.
  await new Promise(setImmediate);
  clock.nowMs = 3500;
  route(refused);
  while (readers[0]!.pop(createRingRecord()));
  for (let call = 0; counters[Counter.refusedRingFull] === 8; call++) {
    route(request('INVITE', `more-${call}`));
  }
  route(refused);
  expect(2, 9);
});

test('a repeat is known for as long as timer B runs at its caller', async () => {
  const { route, counters, clock } = stage(1, 1 << 18);
  const taken = request('INVITE', 'taken');
  route(taken);
  fill(route, counters);
  for (const [nowMs, dropped] of [
    [32_000, 1],
    [33_000, 1],
    [86_400_000, 1],
  ] as const) {
    await new Promise(setImmediate);
    clock.nowMs = nowMs;
    route(taken);
    assert.equal(counters[Counter.dropRepeatRingFull], dropped);
  }
  assert.equal(counters[Counter.refusedRingFull], 3);
});

test('the repeated INVITE of a Call-ID that we minted is known too', () => {
  const { route, counters } = stage(4, 1 << 18);
  const callId = mintCallId(2, () => 77, shardKey, scratch);
  const { dropRepeatRingFull, refusedRingFull } = Counter;
  while (counters[dropRepeatRingFull]! + counters[refusedRingFull]! === 0) {
    route(request('INVITE', callId));
  }
  assert.equal(counters[dropRepeatRingFull], 1);
});
