import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { decodeFrame, encodeAnswer, encodeEnd } from '../../core/cdr/cdr-codec.ts';
import { tableCrc32 } from '../../workers/cdr/crc32.ts';
import { FrameBatch, framePayloadBytes, unpackPayload } from '../../workers/cdr/frame.ts';
import type { LogSet } from '../../workers/cdr/log-set.ts';
import { SegmentReader } from '../../workers/cdr/segment-reader.ts';
import {
  anyAnswer,
  anyCdr,
  sampleAnswer,
  sampleCdr,
  sampleDay,
  temporaryDirectory,
} from './sample-records.ts';

test('any record survives packing, bytes of peers included', () => {
  const batch = new FrameBatch();
  fc.assert(
    fc.property(anyCdr, anyAnswer, (cdr, answer) => {
      batch.clear();
      const first = batch.add(encodeEnd(cdr, sampleDay));
      const second = batch.add(encodeAnswer(answer, sampleDay));
      const end = unpackPayload(batch.bytes, 8, first);
      assert.deepEqual(decodeFrame(end), decodeFrame(encodeEnd(cdr, sampleDay)));
      const answerValues = unpackPayload(batch.bytes, first + 8, first + second);
      assert.deepEqual(decodeFrame(answerValues), decodeFrame(encodeAnswer(answer, sampleDay)));
    }),
  );
});

test('any flipped byte of a frame has it refused', () => {
  const batch = new FrameBatch();
  const bytes = batch.add(encodeAnswer(sampleAnswer('flip'), sampleDay));
  const copy = Buffer.alloc(bytes + 4096);
  batch.bytes.copy(copy, 0, 0, bytes);
  assert.equal(framePayloadBytes(copy, 0, copy.length), bytes - 8);
  for (let at = 0; at < bytes; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      copy[at] = copy[at]! ^ mask;
      assert.equal(framePayloadBytes(copy, 0, copy.length), -1, `byte ${at} mask ${mask}`);
      copy[at] = copy[at]! ^ mask;
    }
  }
});

test('the batch grows, keeps its frames, and gives a large buffer back', () => {
  const batch = new FrameBatch(64);
  for (let index = 0; index < 3_000; index++)
    batch.add(encodeAnswer(sampleAnswer(`c${index}`), sampleDay));
  assert.equal(batch.frames, 3_000);
  let at = 0;
  for (let index = 0; index < 3_000; index++) {
    const payload = framePayloadBytes(batch.bytes, at, batch.length);
    const frame = decodeFrame(unpackPayload(batch.bytes, at + 8, at + 8 + payload));
    assert.ok(frame.kind === 'answer');
    assert.equal(frame.answer.cdr.id, `c${index}`);
    at += 8 + payload;
  }
  batch.clear();
  assert.ok(batch.bytes.length <= 1024 * 1024);
});

test('a record larger than a frame may be is refused, and the batch stays whole', () => {
  const batch = new FrameBatch();
  const small = batch.add(encodeEnd(sampleCdr('a'), sampleDay));
  const large = encodeEnd(sampleCdr('b', { callerAccess: 'x'.repeat(5 * 1024 * 1024) }), sampleDay);
  assert.equal(batch.add(large), 0);
  assert.equal(batch.length, small);
  assert.equal(batch.frames, 1);
});

test('the CRC table agrees with zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (bytes, start) => {
      assert.equal(tableCrc32(bytes, start), zlibCrc32(bytes, start));
    }),
  );
});

test('frames are read with the native part of msgpackr switched off', () => {
  const batch = new FrameBatch();
  const cdr = sampleCdr('a', { callId: 'caf\xe9 '.repeat(40), callerAccess: '\xff\x00' });
  batch.add(encodeEnd(cdr, sampleDay));
  batch.add(encodeAnswer(sampleAnswer('b'), sampleDay));
  const here = batch.bytes.subarray(0, batch.length).toString('hex');
  const there = execFileSync(process.execPath, [path.join(import.meta.dirname, 'frame-child.js')], {
    env: { ...process.env, MSGPACKR_NATIVE_ACCELERATION_DISABLED: 'true' },
    input: serialize({ cdr, answer: sampleAnswer('b'), frames: here }),
  });
  const { native, frames, cdrBack } = deserialize(there);
  assert.equal(native, false);
  assert.equal(frames, here);
  assert.deepEqual(cdrBack, cdr);
});

test('a tail torn at every byte of the last frame ends the reading before it', () => {
  const directory = temporaryDirectory();
  const set: LogSet = { id: 'set', directory };
  const batch = new FrameBatch();
  const first = batch.add(encodeEnd(sampleCdr('first'), sampleDay));
  const second = batch.add(encodeAnswer(sampleAnswer('second'), sampleDay));
  for (let cut = first; cut < first + second; cut++) {
    for (const reserve of [0, 4096]) {
      // Torn: the file ends there, or zeros of the reserve follow.
      const bytes = Buffer.alloc(cut + reserve);
      batch.bytes.copy(bytes, 0, 0, cut);
      fs.writeFileSync(path.join(directory, 'torn.log'), bytes);
      for (const searchPastDamage of [false, true]) {
        const reader = new SegmentReader(set, 'torn.log', { searchPastDamage });
        assert.equal(reader.next()?.frame.kind, 'end');
        // The cut frame is whole again only where all that is missing is zeros.
        const whole = batch.bytes.subarray(cut, first + second).every((byte) => byte === 0);
        if (!whole || reserve === 0) {
          assert.equal(reader.next(), null, `cut at ${cut}, reserve ${reserve}`);
          assert.equal(reader.offset, first);
        }
        reader.close();
      }
    }
  }
});

test('frames behind a damaged place are found', () => {
  const directory = temporaryDirectory();
  const set: LogSet = { id: 'set', directory };
  const batch = new FrameBatch();
  const starts: number[] = [];
  for (let index = 0; index < 6; index++) {
    starts.push(batch.length);
    batch.add(encodeEnd(sampleCdr(`c${index}`), sampleDay));
  }
  const bytes = Buffer.from(batch.bytes.subarray(0, batch.length));
  bytes[starts[1]! + 20]! ^= 0xff;
  // A page lost by a power failure: zeros over the heads of two frames.
  bytes.fill(0, starts[3]!, starts[4]! + 30);
  fs.writeFileSync(path.join(directory, 'damaged.log'), bytes);
  const read = (searchPastDamage: boolean): string[] => {
    const reader = new SegmentReader(set, 'damaged.log', { searchPastDamage });
    const ids: string[] = [];
    for (let logged = reader.next(); logged !== null; logged = reader.next()) {
      if (logged.frame.kind === 'end') ids.push(logged.frame.cdr.id);
    }
    assert.equal(reader.damaged, searchPastDamage ? 2 : 0);
    reader.close();
    return ids;
  };
  assert.deepEqual(read(true), ['c0', 'c2', 'c5']);
  assert.deepEqual(read(false), ['c0']);
});
