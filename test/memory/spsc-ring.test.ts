import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hop } from '../../core/sip/hop.ts';
import {
  allocateRing,
  ringBytesMin,
  ringControlBytes,
  ringReadWord,
  ringWrittenWord,
} from '../../workers/memory/shared-memory.ts';
import {
  addressBytesMax,
  createRingRecord,
  payloadBytesMax,
  type RingEntry,
  RingReader,
  RingWriter,
  waitedMs,
} from '../../workers/memory/spsc-ring.ts';

const capacity = 4096;

function hopOf(changes: Partial<Hop> = {}): Hop {
  return { transport: 0, listener: 0, connection: 0, address: '192.0.2.1', port: 5060, ...changes };
}

function entryOf(changes: Partial<RingEntry> = {}): RingEntry {
  return { kind: 1, urgent: true, nowMs: 0, hop: hopOf(), ...changes };
}

function open(bytes: number = capacity) {
  const ring = allocateRing(bytes);
  return { ring, writer: new RingWriter(ring), reader: new RingReader(ring) };
}

test('every field of a record comes out as it went in', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  const hops = [
    hopOf(),
    hopOf({ transport: 1, listener: 65_535, connection: 2_147_483_647, port: 65_535 }),
    hopOf({ address: '2001:db8:ffff:ffff:ffff:ffff:255.255.255.255', port: 0 }),
    hopOf({ address: `fe80::1%${'e'.repeat(addressBytesMax - 8)}` }),
    hopOf({ address: '' }),
  ];
  for (const [i, hop] of hops.entries()) {
    const payload = Buffer.from('x'.repeat(i));
    assert.ok(writer.push(entryOf({ kind: 250 + i, nowMs: 7.9, hop }), payload, i));
    assert.ok(reader.pop(record));
    assert.deepEqual(record.hop, hop);
    assert.equal(record.kind, 250 + i);
    assert.equal(record.enqueuedAtMs, 7);
    assert.equal(record.payload.toString('latin1', 0, record.payloadLength), 'x'.repeat(i));
  }
  assert.equal(reader.pop(record), false);
  assert.equal(reader.usedBytes(), 0);
});

test('only the first payloadLength bytes of a longer buffer travel', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  assert.ok(writer.push(entryOf(), Buffer.from('INVITE and the rest'), 6));
  assert.ok(reader.pop(record));
  assert.equal(record.payload.toString('latin1', 0, record.payloadLength), 'INVITE');
});

test('a byte string keeps every octet', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
  assert.ok(writer.pushText(entryOf(), octets.toString('latin1')));
  assert.ok(reader.pop(record));
  assert.deepEqual(record.payload.subarray(0, record.payloadLength), octets);
});

test('the last quarter is kept for urgent records', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  const payload = Buffer.alloc(200);
  let calm = 0;
  while (writer.push(entryOf({ urgent: false }), payload, 200)) calm++;
  assert.ok(writer.usedBytes() <= capacity * 0.75);
  assert.ok(writer.usedBytes() > capacity * 0.75 - 240);
  let urgent = 0;
  while (writer.push(entryOf(), payload, 200)) urgent++;
  assert.ok(urgent >= 3, `${urgent} urgent records fitted`);
  assert.ok(writer.usedBytes() > capacity - 240);
  assert.equal(writer.push(entryOf({ urgent: false }), payload, 0), false);
  for (let i = 0; i < calm + urgent; i++) assert.ok(reader.pop(record));
  assert.equal(reader.pop(record), false);
  assert.ok(writer.push(entryOf({ urgent: false }), payload, 200));
});

test('what is over a maximum is refused and leaves no trace', () => {
  const { writer, reader } = open(1 << 20);
  const record = createRingRecord();
  const long = Buffer.alloc(payloadBytesMax + 1);
  assert.equal(writer.push(entryOf(), long, payloadBytesMax + 1), false);
  const address = 'a'.repeat(addressBytesMax + 1);
  assert.equal(writer.push(entryOf({ hop: hopOf({ address }) }), long, 1), false);
  assert.equal(writer.usedBytes(), 0);
  assert.equal(reader.pop(record), false);
  assert.ok(writer.push(entryOf(), long, payloadBytesMax));
  assert.ok(reader.pop(record));
  assert.equal(record.payloadLength, payloadBytesMax);
});

test('a record longer than the ring is refused for ever, not written over its own start', () => {
  const { writer } = open();
  assert.equal(writer.push(entryOf(), Buffer.alloc(capacity), capacity), false);
  assert.equal(writer.usedBytes(), 0);
});

test('the longest record fits the smallest ring of the engine wherever its cursors stand', () => {
  const { writer, reader } = open(ringBytesMin);
  const record = createRingRecord();
  const payload = Buffer.alloc(payloadBytesMax);
  for (let i = 0; i < 300; i++) {
    assert.ok(writer.push(entryOf({ urgent: false }), payload, payloadBytesMax));
    assert.ok(reader.pop(record));
    assert.ok(writer.push(entryOf(), payload, 1000));
    assert.ok(reader.pop(record));
  }
});

test('cursors pass 2^31 and 2^32', () => {
  for (const start of [0x7fffffff - 1023, -1024]) {
    const ring = allocateRing(capacity);
    const control = new Int32Array(ring, 0, ringControlBytes / 4);
    control[ringWrittenWord] = start & ~7;
    control[ringReadWord] = start & ~7;
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring);
    const record = createRingRecord();
    for (let i = 0; i < 100; i++) {
      assert.ok(writer.pushText(entryOf(), `message ${i}`));
      assert.ok(writer.pushText(entryOf(), `again ${i}`));
      assert.ok(reader.pop(record));
      assert.equal(record.payload.toString('latin1', 0, record.payloadLength), `message ${i}`);
      assert.ok(reader.pop(record));
      assert.equal(record.payload.toString('latin1', 0, record.payloadLength), `again ${i}`);
    }
    assert.equal(writer.usedBytes(), 0);
  }
});

test('a repeated peer costs no new hop, and a kept hop is not overwritten', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  const entry = entryOf();
  const next = (hop: Hop): Hop => {
    entry.hop = hop;
    assert.ok(writer.push(entry, Buffer.from('x'), 1) && reader.pop(record));
    return record.hop;
  };
  const first = next(hopOf());
  assert.equal(next(hopOf()), first);
  const variants = [
    hopOf({ port: 5061 }),
    hopOf({ transport: 1 }),
    hopOf({ listener: 1 }),
    hopOf({ connection: 1 }),
    hopOf({ address: '192.0.2.10' }),
    hopOf({ address: '192.0.2.' }),
  ];
  for (const hop of variants) assert.deepEqual(next(hop), hop);
  // More peers than the cache has places: each evicts some other, none is mistaken for another.
  for (let i = 0; i < 5000; i++) {
    const hop = hopOf({ address: `10.1.${i >> 8}.${i & 255}` });
    assert.deepEqual(next(hop), hop);
  }
  assert.deepEqual(first, hopOf());
});

test('a record that kills its handler is not met again by the next reader', () => {
  const { ring, writer, reader } = open();
  const record = createRingRecord();
  for (const text of ['poison', 'after']) assert.ok(writer.pushText(entryOf(), text));
  assert.ok(reader.pop(record));
  const successor = new RingReader(ring);
  assert.ok(successor.pop(record));
  assert.equal(record.payload.toString('latin1', 0, record.payloadLength), 'after');
});

test('a new writer goes on behind what the last one published', () => {
  const { ring, writer, reader } = open();
  const record = createRingRecord();
  assert.ok(writer.pushText(entryOf(), 'one'));
  assert.ok(new RingWriter(ring).pushText(entryOf(), 'two'));
  const seen: string[] = [];
  while (reader.pop(record)) seen.push(record.payload.toString('latin1', 0, record.payloadLength));
  assert.deepEqual(seen, ['one', 'two']);
});

test('waiting time survives the clock passing 2^31 and 2^32, and is never negative', () => {
  const record = createRingRecord();
  record.enqueuedAtMs = (2 ** 31 - 5) | 0;
  assert.equal(waitedMs(record, 2 ** 31 + 5.5), 10);
  record.enqueuedAtMs = (2 ** 32 - 5) | 0;
  assert.equal(waitedMs(record, 2 ** 32 + 5), 10);
  assert.equal(waitedMs(record, 2 ** 32 - 6), 0);
});

test('the producer sees how long the oldest record waits, also one behind the padding', () => {
  const { writer, reader } = open();
  const record = createRingRecord();
  assert.equal(writer.oldestWaitMs(1_000), 0);
  for (let nowMs = 1_000; nowMs < 1_400; nowMs++) {
    assert.ok(writer.push(entryOf({ nowMs }), Buffer.alloc(1_300), 1_300));
    assert.ok(writer.push(entryOf({ nowMs: nowMs + 7 }), Buffer.alloc(100), 100));
    assert.equal(writer.oldestWaitMs(nowMs + 10), 10);
    assert.ok(reader.pop(record));
    assert.equal(writer.oldestWaitMs(nowMs + 10), 3);
    assert.ok(reader.pop(record));
    assert.equal(writer.oldestWaitMs(nowMs + 10), 0);
  }
});

test('ring sizes are checked by name', () => {
  assert.throws(() => allocateRing(5000), /ring bytes: 5000; expected a power of two/);
  assert.throws(() => allocateRing(512), /ring bytes: 512; expected an integer from 1024/);
});

const push = fc.record({
  // The long ones wrap and fill a ring of 4 KiB.
  length: fc.oneof(fc.nat(40), fc.nat(1500), fc.nat(4200)),
  urgent: fc.boolean(),
  address: fc.string({ unit: fc.constantFrom('0', '9', '.', ':', 'f'), maxLength: 45 }),
});
const pops = fc.integer({ min: 1, max: 4 });

/** A ring whose cursors start at `cursor`, beside a queue that counts the bytes of each record. */
function openWithModel(cursor: number) {
  const ring = allocateRing(capacity);
  const control = new Int32Array(ring, 0, ringControlBytes / 4);
  control[ringWrittenWord] = cursor;
  control[ringReadWord] = cursor;
  const writer = new RingWriter(ring);
  const reader = new RingReader(ring);
  const record = createRingRecord();
  const queue: { address: string; payload: Buffer; bytes: number }[] = [];
  let place = cursor & (capacity - 1);
  let used = 0;
  let filler = 0;
  return {
    push(length: number, urgent: boolean, address: string): void {
      const payload = Buffer.alloc(length, filler++);
      const size = (24 + ((address.length + 3) & ~3) + length + 7) & ~7;
      const bytes = size > capacity - place ? capacity - place + size : size;
      const fits = used + bytes <= (urgent ? capacity : (capacity / 4) * 3);
      const entry = entryOf({ urgent, hop: hopOf({ address }) });
      assert.equal(writer.push(entry, payload, length), fits);
      if (!fits) return;
      place = bytes === size ? (place + size) & (capacity - 1) : size;
      used += bytes;
      queue.push({ address, payload, bytes });
    },
    pop(): void {
      const expected = queue.shift();
      assert.equal(reader.isEmpty(), expected === undefined);
      assert.equal(reader.pop(record), expected !== undefined);
      if (expected !== undefined) {
        used -= expected.bytes;
        assert.equal(record.hop.address, expected.address);
        assert.deepEqual(record.payload.subarray(0, record.payloadLength), expected.payload);
      }
      assert.equal(reader.usedBytes(), used);
      assert.equal(writer.usedBytes(), used);
    },
  };
}

test('any pushes and pops: a queue of bounded bytes, refusing exactly when there is no room', () => {
  const commands = fc.array(fc.oneof(push, pops), { maxLength: 200, size: 'max' });
  const property = fc.property(commands, fc.integer(), (steps, offset) => {
    const model = openWithModel(offset & ~7);
    for (const step of steps) {
      if (typeof step === 'number') {
        for (let i = 0; i < step; i++) model.pop();
      } else {
        model.push(step.length, step.urgent, step.address);
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
});
