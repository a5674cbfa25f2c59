// What one datagram costs on its way through a ring: push and pop together, one thread, the no-op
// first. A thread border adds the cache misses of the two cursors.
// Run: node dist/bench/micro/spsc-ring.js
import { bench, run, summary } from 'mitata';
import { allocateRing } from '../../workers/memory/shared-memory.ts';
import {
  createRingRecord,
  type RingEntry,
  RingReader,
  RingWriter,
} from '../../workers/memory/spsc-ring.ts';

const ring = allocateRing(16 * 1024 * 1024);
const writer = new RingWriter(ring);
const reader = new RingReader(ring);
const record = createRingRecord();

function entryFrom(address: string, port: number): RingEntry {
  const hop = { transport: 0, listener: 0, connection: 0, address, port } as const;
  return { kind: 1, urgent: true, nowMs: 1, hop };
}

function through(entry: RingEntry, payload: Uint8Array): number {
  if (!writer.push(entry, payload, payload.length) || !reader.pop(record)) {
    throw new Error('the ring lost a record');
  }
  return record.payloadLength;
}

const peer = entryFrom('192.168.100.100', 5060);
const strangers = Array.from({ length: 65_536 }, (_, i) =>
  entryFrom(`10.0.${i >> 8}.${i & 255}`, 5060),
);
const invite = Buffer.alloc(700, 0x61);
const text = invite.toString('latin1');
let turn = 0;

summary(() => {
  bench('nothing', () => record.payloadLength);
  for (const bytes of [4, 350, 700, 1400, 65_000]) {
    const payload = Buffer.alloc(bytes, 0x61);
    bench(`${bytes} bytes, one peer`, () => through(peer, payload));
  }
  bench('700 bytes, always another peer', () => through(strangers[turn++ & 65_535]!, invite));
  bench('700 bytes as text, one peer', () => writer.pushText(peer, text) && reader.pop(record));
});

await run();
