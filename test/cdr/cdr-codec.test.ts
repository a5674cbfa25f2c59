import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeAlive,
  encodeAnswer,
  encodeEnd,
  encodeRecoveredEnd,
  encodeSegmentClose,
  encodeSegmentHeader,
} from '../../core/cdr/cdr-codec.ts';
import { cdrColumns, cdrToJson } from '../../core/cdr/cdr-json.ts';
import { FrameBatch, frameHeadBytes, unpackPayload } from '../../workers/cdr/frame.ts';
import {
  anyAnswer,
  anyCdr,
  failedCdr,
  sampleAnswer,
  sampleCdr,
  sampleCharges,
  sampleDay,
} from './sample-records.ts';

test('every field of an end record comes back', () => {
  fc.assert(
    fc.property(anyCdr, fc.boolean(), (cdr, recovered) => {
      const frame = decodeFrame(
        recovered ? encodeRecoveredEnd(cdr, sampleDay) : encodeEnd(cdr, sampleDay),
      );
      assert.deepEqual(frame, { kind: 'end', tableDay: sampleDay, cdr, recovered });
    }),
  );
});

test('every field of an answer record comes back', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const frame = decodeFrame(encodeAnswer(answer, sampleDay));
      assert.deepEqual(frame, {
        kind: 'answer',
        tableDay: sampleDay,
        answer,
      });
    }),
  );
});

test('marks of the log come back', () => {
  const alive = { at: 5, openCalls: 6, oldestOpenSequence: 7 };
  assert.deepEqual(decodeFrame(encodeAlive(alive)), { kind: 'alive', alive });
  const header = {
    set: 'a',
    node: 'edge-1',
    worker: 1,
    incarnation: 2,
    sequence: 3,
    startedAt: 4,
    oldestOpenSequence: 5,
  };
  assert.deepEqual(decodeFrame(encodeSegmentHeader(header)), { kind: 'segmentHeader', header });
  assert.deepEqual(decodeFrame(encodeSegmentClose(8, 9)), {
    kind: 'segmentClose',
    at: 8,
    openCalls: 9,
  });
});

test('a record of a later version that appended values is read', () => {
  const values = encodeEnd(sampleCdr('a'), sampleDay);
  values[0] = 99;
  (values[3] as unknown[]).push('a later field');
  values.push('another');
  const frame = decodeFrame(values);
  assert.equal(frame.kind, 'end');
});

test('a record of version 1, which knew nothing of money, is read', () => {
  const end = encodeEnd(sampleCdr('a'), sampleDay);
  end[0] = 1;
  assert.equal((end[3] as unknown[]).length, 25, 'an unbilled call is written as it was');
  const frame = decodeFrame(end);
  assert.ok(frame.kind === 'end');
  assert.deepEqual(frame.cdr, sampleCdr('a'));
  const answer = encodeAnswer(sampleAnswer('a'), sampleDay);
  answer[0] = 1;
  answer.length = 6;
  const answered = decodeFrame(answer);
  assert.ok(answered.kind === 'answer');
  assert.deepEqual(answered.answer, sampleAnswer('a'));
});

test('a record of version 2, which knew nothing of gift money, is read, and a later one without any is the same', () => {
  const cdr = sampleCdr('a', sampleCharges);
  const end = encodeEnd(cdr, sampleDay);
  assert.equal((end[3] as unknown[]).length, 26, 'a call without gift money is written as it was');
  end[0] = 2;
  const frame = decodeFrame(end);
  assert.ok(frame.kind === 'end');
  assert.deepEqual(frame.cdr, cdr);
  const paid = sampleCdr('b', { ...sampleCharges, giftFee: 5n });
  assert.equal((encodeEnd(paid, sampleDay)[3] as unknown[]).length, 27);
});

test('money is written as integers and comes back from the bytes to the unit', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const batch = new FrameBatch();
      const frameBytes = batch.add(encodeAnswer(answer, sampleDay));
      const values = unpackPayload(batch.bytes, frameHeadBytes, frameBytes);
      const frame = decodeFrame(values);
      assert.ok(frame.kind === 'answer');
      assert.deepEqual(frame.answer.terms, answer.terms);
      assert.equal(frame.answer.cdr.fee, answer.cdr.fee);
      assert.equal(frame.answer.cdr.cost, answer.cdr.cost);
      assert.deepEqual(frame.answer.cdr.agentFees, answer.cdr.agentFees);
    }),
  );
});

test('a billed call has its amounts as decimal strings in JSON', () => {
  const json = cdrToJson(sampleCdr('a', sampleCharges), { set: 's', file: 'f', offset: 8 });
  assert.equal(json.fee, '0.0132');
  assert.equal(json.cost, '0.009');
  assert.equal(json.profit, '0.0042');
  const place = { set: 's', file: 'f', offset: 8 };
  for (const unknown of [{ cost: null }, { fee: null }]) {
    assert.equal(cdrToJson(sampleCdr('a', { ...sampleCharges, ...unknown }), place).profit, null);
  }
  const loss = sampleCdr('a', { ...sampleCharges, fee: 0n });
  assert.equal(cdrToJson(loss, place).profit, '-0.009');
  assert.equal(json.tax, '0');
  assert.equal(json.billedSeconds, 66);
  assert.equal(json.calleeBilling, '442079460000');
  assert.deepEqual(json.agentFees, [
    { account: 'north', fee: '0.011', giftFee: '0', billedSeconds: 60 },
  ]);
  assert.equal(json.billedParty, 'caller');
});

test('what is no record is of kind unknown and never throws', () => {
  assert.equal(decodeFrame([1, 99]).kind, 'unknown');
  assert.equal(decodeFrame([1, 2, 20260101, ['short']]).kind, 'unknown');
  fc.assert(
    fc.property(fc.anything(), (values) => {
      decodeFrame(values);
    }),
  );
});

test('the JSON has every column once, in order, and no other', () => {
  const json = cdrToJson(sampleCdr('a'), { set: 's', file: 'f', offset: 8 });
  assert.deepEqual(Object.keys(json), [...cdrColumns]);
  assert.equal(json.startedAt, '2026-09-21T14:13:20.000Z');
  assert.equal(json.billedSeconds, null);
  assert.deepEqual(json.agentFees, []);
  assert.deepEqual(json.logId, { set: 's', file: 'f', offset: 8 });
});

test('a call without an answer has null times', () => {
  const json = cdrToJson(failedCdr('a'), { set: 's', file: 'f', offset: 8 });
  assert.equal(json.answeredAt, null);
  assert.equal(json.ringingAt, null);
  assert.equal(json.pddMs, null);
});

test('bytes of a peer become UTF-8 text, names stay what they are', () => {
  const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  const cdr = sampleCdr('a', {
    callId: bytes('zürich-☎'),
    callerAccess: 'invalid \xff',
    mappingGateway: 'zürich',
  });
  const json = cdrToJson(cdr, { set: 's', file: 'f', offset: 8 });
  assert.equal(json.callId, 'zürich-☎');
  assert.equal(json.callerAccess, 'invalid \ufffd');
  assert.equal(json.mappingGateway, 'zürich');
});

test('an answer record keeps both dialogs apart', () => {
  const frame = decodeFrame(encodeAnswer(sampleAnswer('a'), sampleDay));
  assert.ok(frame.kind === 'answer');
  assert.equal(frame.answer.caller.address, '192.0.2.10');
  assert.equal(frame.answer.callee.address, '198.51.100.7');
});
