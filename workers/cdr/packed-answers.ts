// Answer records as one block of bytes, to hand the calls of a dead worker to another thread at the
// price of a transfer instead of a structured clone of every field.

import type { AnswerRecord } from '../../core/cdr/cdr.ts';
import { decodeFrame } from '../../core/cdr/cdr-codec.ts';
import { datedAnswer } from './dated-records.ts';
import { FrameBatch, frameHeadBytes, framePayloadBytes, unpackPayload } from './frame.ts';

export function packAnswers(answers: Iterable<AnswerRecord>): Uint8Array<ArrayBuffer> {
  const batch = new FrameBatch();
  for (const answer of answers) batch.add(datedAnswer(answer));
  return new Uint8Array(batch.bytes.subarray(0, batch.length));
}

/** One at a time, so that the receiver may take them in small portions. */
export function* unpackAnswers(packed: Uint8Array): Generator<AnswerRecord> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  for (;;) {
    const payloadBytes = framePayloadBytes(bytes, at, bytes.length);
    if (payloadBytes < 0) return;
    const end = at + frameHeadBytes + payloadBytes;
    const frame = decodeFrame(unpackPayload(bytes, at + frameHeadBytes, end));
    if (frame.kind === 'answer') yield frame.answer;
    at = end;
  }
}
