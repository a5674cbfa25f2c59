// The sockets as a call worker's intake: what comes, what is told apart at the door, what a crowded kernel
// queue refuses, and the three ways of waiting.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { RingIntake } from '../../workers/call/intake.ts';
import { SocketIntake } from '../../workers/call/socket-intake.ts';
import { Doorbell, openDoorbell } from '../../workers/datagram/doorbell.ts';
import { createQueueFill, openKernelSocket } from '../../workers/datagram/kernel-socket.ts';
import { counterBlock, workerWriter } from '../../workers/memory/counter-block.ts';
import { allocateSharedMemory, workerSignal } from '../../workers/memory/shared-memory.ts';
import { RingReader, RingWriter } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';
import { sharedCalls } from '../../workers/system-calls.ts';
import { RecordKind } from '../../workers/thread-messages.ts';

const calls = await sharedCalls();
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

async function bound(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket({ type: 'udp4' });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

async function stage() {
  const free = await Promise.all([bound(), bound()]);
  for (const { socket } of free)
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  const sockets = free.map(({ port }) => openKernelSocket(calls, { address: '127.0.0.1', port }));
  const socket = sockets[0]!;
  const peer = await bound();
  const memory = allocateSharedMemory({ workers: 1 });
  const counters = counterBlock(memory, workerWriter(0));
  const doorbell = new Doorbell(calls, openDoorbell(calls));
  const replies: string[] = [];
  // Of the door; `lateMs`: what the wall clock is ahead of the kernel's.
  const clock = { nowMs: 0, lateMs: 0 };
  const signal = (): WakeSignal => new WakeSignal(memory, workerSignal(0), () => doorbell.ring());
  const intake = new SocketIntake({
    calls,
    sockets,
    doorbell,
    ring: new RingIntake(new RingReader(memory.ingressRings[0]!), signal()),
    shardKey: new Uint32Array([1, 2]),
    counters,
    clock: () => clock.nowMs,
    reply: (_hop, text) => replies.push(text),
    isEmergency: (bytes, length) =>
      bytes.toString('latin1', 0, length).startsWith('INVITE sip:112@'),
    refusalTowards: (_hop, statusCode) => statusCode,
    onError: (error) => {
      throw error;
    },
  });
  closers.push(
    () => {
      for (const { fd } of sockets) calls.close(fd);
    },
    () => calls.close(doorbell.fd),
    () => peer.socket.close(),
    () => intake.close(),
  );
  const send = (text: string | Buffer, listener = 0): Promise<void> =>
    new Promise((resolve) =>
      peer.socket.send(text, free[listener]!.port, '127.0.0.1', () => resolve()),
    );
  const got: string[] = [];
  const waited: number[] = [];
  const take = (): number =>
    intake.take(
      (message) => {
        got.push(`${message.kind} ${message.payload.toString('latin1', 0, message.payloadLength)}`);
        waited.push(message.waitedMs);
      },
      { nowMs: performance.now(), wallMs: Date.now() + clock.lateMs },
    );
  const takeAll = async (count: number): Promise<void> => {
    while (got.length < count) {
      take();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const writer = new RingWriter(memory.ingressRings[0]!);
  return {
    ...{ intake, socket, send, take, takeAll, got, waited, replies, counters, writer, doorbell },
    clock,
  };
}

function invite(number: number, more = ''): string {
  return [
    'INVITE sip:442071234567@127.0.0.1 SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK${number}`,
    'From: <sip:1001@127.0.0.1>;tag=a',
    `To: <sip:442071234567@127.0.0.1>${more}`,
    `Call-ID: call-${number}`,
    'CSeq: 1 INVITE',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

test('messages arrive in order; keep-alives and what is no SIP are counted and dropped', async () => {
  const { send, takeAll, got, counters } = await stage();
  await send(invite(1));
  await send('\r\n\r\n');
  const stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Array<number>(60).fill(7)];
  await send(Buffer.from(stun));
  await send(`SIP/2.0 200 OK\r\n${'x'.repeat(100)}`);
  await send(invite(2).replace('INVITE', 'ACK'));
  await takeAll(3);
  assert.deepEqual(
    got.map((text) => text.slice(0, 9)),
    ['0 INVITE ', '0 SIP/2.0', '0 ACK sip'],
  );
  assert.equal(counters[Counter.keepAlivesIn], 2);
  assert.equal(counters[Counter.datagramsIn], 5);
});

test('a crowded kernel queue refuses new INVITEs, not what belongs to calls, nor a repeat', async () => {
  const { send, take, takeAll, got, replies, counters, socket } = await stage();
  await send(invite(1));
  await takeAll(1);
  await send(invite(1));
  await send(invite(2));
  await send(invite(3, ';tag=b'));
  await send(invite(5).replace('sip:442071234567@', 'sip:112@'));
  const filler = `OPTIONS${'y'.repeat(Math.min(60_000, socket.receiveBufferBytes / 400))}`;
  const fill = createQueueFill(calls);
  let fillers = 0;
  for (; fill(socket.fd) < 0.6; fillers++) await send(filler);
  take();
  assert.equal(
    got.length,
    1 + 2 + 60,
    'the in-dialog INVITE, a call for help, fillers of the batch',
  );
  assert.match(got[1]!, /;tag=b/);
  assert.match(got[2]!, /call-5/);
  assert.equal(counters[Counter.emergencyRingFull], 1);
  assert.equal(counters[Counter.dropRepeatRingFull], 1);
  assert.equal(counters[Counter.refusedRingFull], 1);
  assert.equal(replies.length, 1);
  assert.match(replies[0]!, /^SIP\/2\.0 503 [\s\S]*Call-ID: call-2\r\n/);
  await takeAll(1 + 2 + fillers);
  await send(invite(4));
  await takeAll(1 + 2 + fillers + 1);
  assert.match(got.at(-1)!, /call-4/);
});

test('a queue whose head has waited too long for too long refuses new INVITEs until it is short, no other does', async () => {
  const { send, take, got, replies, clock } = await stage();
  const place = async (number: number, listener = 0): Promise<void> => {
    await send(invite(number), listener);
    take();
    // The door reads its clock once a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  };
  clock.lateMs = 150;
  for (let number = 0; number < 7; number++) {
    await place(number);
    clock.lateMs = 0;
    await place(100 + number, 1);
    clock.lateMs = 150;
    clock.nowMs += 50;
  }
  assert.equal(got.length, 5 + 7, 'patience for a quarter of a second');
  assert.equal(replies.length, 2);
  assert.match(replies[0]!, /^SIP\/2\.0 503 [\s\S]*Call-ID: call-5\r\n/);
  clock.lateMs = 0;
  await place(7);
  assert.equal(got.length, 6 + 7);
  assert.equal(replies.length, 2);
});

test('the time in the kernel queue is told', async () => {
  const { send, takeAll, waited, intake } = await stage();
  await send(invite(1));
  const until = performance.now() + 60;
  while (performance.now() < until) intake.isEmpty();
  await takeAll(1);
  assert.ok(waited[0]! >= 50 && waited[0]! < 10_000, String(waited[0]));
});

test('a wait ends with a datagram, with a ring of the doorbell, or with its time', async () => {
  const { send, take, intake, writer, doorbell } = await stage();
  const lasted = (): number => {
    const startMs = performance.now();
    intake.block(2000);
    return performance.now() - startMs;
  };
  await send(invite(1));
  assert.ok(lasted() < 1500);
  assert.equal(take(), 1);
  const hop = { transport: 1 as const, listener: 0, connection: 1, address: '127.0.0.1', port: 5 };
  const push = (): void => {
    assert.ok(
      writer.push({ kind: RecordKind.message, urgent: true, nowMs: 0, hop }, Buffer.of(1), 1),
    );
  };
  // Rung before the wait, as by another thread between the look at the ring and the wait.
  doorbell.ring();
  assert.ok(lasted() < 1500);
  push();
  assert.ok(lasted() < 1500, 'the record is seen before the wait begins');
  assert.equal(take(), 1);
  const startMs = performance.now();
  intake.block(20);
  assert.ok(performance.now() - startMs >= 10);
});

test('an idle loop is woken by a datagram, which is the first to be taken', async () => {
  const { send, take, got, intake } = await stage();
  const slept = intake.sleep(5000);
  await send(invite(1));
  await slept;
  await send(invite(2));
  assert.equal(take() >= 1, true);
  assert.match(got[0]!, /call-1/);
});
