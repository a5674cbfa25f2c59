// Started by frame.test.ts with msgpackr's native part switched off: writes and reads the same records.
import fs from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { isNativeAccelerationEnabled } from 'msgpackr';
import { decodeFrame, encodeAnswer, encodeEnd } from '../../core/cdr/cdr-codec.ts';
import { FrameBatch, framePayloadBytes, unpackPayload } from '../../workers/cdr/frame.ts';
import { sampleDay } from './sample-records.ts';

const input = deserialize(fs.readFileSync(0));
const batch = new FrameBatch();
batch.add(encodeEnd(input.cdr, sampleDay));
batch.add(encodeAnswer(input.answer, sampleDay));
const given = Buffer.from(input.frames, 'hex');
const end = 8 + framePayloadBytes(given, 0, given.length);
const frame = decodeFrame(unpackPayload(given, 8, end));
process.stdout.write(
  serialize({
    native: isNativeAccelerationEnabled,
    frames: batch.bytes.subarray(0, batch.length).toString('hex'),
    cdrBack: frame.kind === 'end' ? frame.cdr : null,
  }),
);
