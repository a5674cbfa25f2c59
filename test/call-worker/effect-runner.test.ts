// Order of writing (CDR frames, sends, lines), what a failed handler leaves, and a disk that is full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesUsed } from '../../core/admission/line-limits.ts';
import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { EffectRunner } from '../../workers/call/effect-runner.ts';
import { openBalances, purseOf, workerPurse } from '../../workers/memory/balance-block.ts';
import { counterBlock, workerWriter } from '../../workers/memory/counter-block.ts';
import { CpsWindows } from '../../workers/memory/cps-windows.ts';
import {
  allocateSharedMemory,
  cpsWords,
  gatewayWords,
  lineLedger,
  workerLines,
} from '../../workers/memory/shared-memory.ts';

const udp: Hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '192.0.2.1',
  port: 5060,
};
const tcp: Hop = { ...udp, transport: Transport.tcp };
const slot = 3;

function stage() {
  const memory = allocateSharedMemory({ workers: 1 });
  const done: string[] = [];
  const disk = { works: true, accepts: true };
  const waiting: string[] = [];
  const effects = new EffectRunner({
    datagrams: { send: (_hop, text) => done.push(`udp ${text}`), flush() {} },
    streams: { send: (_hop, text) => done.push(`tcp ${text}`) },
    cdrLog: {
      get accepts() {
        return disk.accepts;
      },
      recordAnswer: (answer) => waiting.push(`answer ${answer.cdr.id}`),
      recordEnd: (cdr) => waiting.push(`end ${cdr.id}`),
      flush: () => {
        if (!disk.works) return false;
        done.push(...waiting.splice(0));
        return true;
      },
    },
    lines: workerLines(memory, 0),
    purse: purseOf(openBalances(memory), workerPurse(0)),
    gatewayWords: gatewayWords(memory),
    cpsWords: cpsWords(memory),
    counters: counterBlock(memory, workerWriter(0)),
  });
  const used = (): number => linesUsed(lineLedger(memory), slot);
  const counters = counterBlock(memory, workerWriter(0));
  return { effects, done, disk, used, counters, memory };
}

const end = (id: string): Cdr =>
  ({ id, endReason: 'Normal release', callId: `in-${id}`, calleeCallId: `out-${id}` }) as Cdr;
const answer = (id: string): AnswerRecord => ({ cdr: { id } }) as AnswerRecord;

test('frames are written before the sends, and the sends keep their order', () => {
  const { effects, done, counters } = stage();
  effects.begin();
  effects.send(udp, 'SIP/2.0 180 Ringing');
  effects.recordAnswer(answer('a'));
  effects.send(tcp, 'SIP/2.0 200 OK');
  effects.begin();
  effects.send(udp, 'ACK');
  effects.recordEnd(end('b'));
  assert.deepEqual(done, []);
  effects.flush();
  assert.deepEqual(done, [
    'answer a',
    'end b',
    'udp SIP/2.0 180 Ringing',
    'tcp SIP/2.0 200 OK',
    'udp ACK',
  ]);
  assert.equal(counters[Counter.messagesOut], 3);
  assert.equal(effects.busy, false);
});

test('a line is taken at once and given back after the sends', () => {
  const { effects, used } = stage();
  assert.equal(effects.acquireLine(slot, 1), true);
  assert.equal(effects.acquireLine(slot, 1), false);
  effects.releaseLine(slot);
  assert.equal(used(), 1);
  effects.flush();
  assert.equal(used(), 0);
});

test('CPS places are of the window that was placed', () => {
  const { effects, memory } = stage();
  new CpsWindows(memory).place([{ slot, limit: 2 }], 1000);
  effects.setNow(1000);
  const taken = [1, 2, 3].map(() => effects.acquireCps(slot, 2));
  assert.deepEqual(taken, [true, true, false]);
});

test('a failed handler sends nothing, and what it took goes back', () => {
  const { effects, done, used } = stage();
  effects.begin();
  effects.send(udp, 'of the record before');
  effects.begin();
  effects.acquireLine(slot, 0);
  effects.acquireLine(slot, 0);
  effects.send(udp, 'of the failed record');
  effects.recordAnswer(answer('a'));
  effects.discard(() => {
    // The ended call knows of one of its two lines.
    effects.releaseLine(slot);
    effects.recordEnd(end('a'));
    effects.send(udp, 'BYE');
  });
  effects.flush();
  assert.deepEqual(done, ['end a', 'udp of the record before', 'udp BYE']);
  assert.equal(used(), 0);
});

test('a failed handler that had ended its call keeps the end record, once', () => {
  const { effects, done } = stage();
  effects.begin();
  effects.recordEnd(end('a'));
  effects.discard(() => {});
  effects.begin();
  effects.recordEnd(end('b'));
  effects.discard(() => effects.recordEnd(end('b')));
  effects.flush();
  assert.deepEqual(done, ['end a', 'end b']);
});

test('one release too many is counted, not thrown', () => {
  const { effects, used, counters } = stage();
  effects.acquireLine(slot, 0);
  effects.releaseLine(slot);
  effects.releaseLine(slot);
  effects.flush();
  assert.equal(used(), 0);
  assert.equal(counters[Counter.bugs], 1);
});

/** As our writer writes it; `cseq`: "2 BYE". */
const final = (status: number, cseq: string, callId = 'in-a'): string =>
  `SIP/2.0 ${status} X\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${callId}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq}\r\n\r\n`;
const bye = (callId: string): string =>
  `BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nCall-ID: ${callId}\r\nCSeq: 2 BYE\r\n\r\n`;

test('while the log cannot be written final responses and BYEs of unwritten ends wait', () => {
  const { effects, done, disk } = stage();
  disk.works = false;
  effects.setNow(1000);
  effects.begin();
  effects.recordEnd(end('a'));
  effects.send(udp, 'SIP/2.0 100 Trying');
  effects.send(udp, final(200, '2 BYE'));
  effects.send(udp, bye('out-a'));
  effects.send(udp, bye('of a call that is written'));
  effects.flush();
  assert.deepEqual(done, ['udp SIP/2.0 100 Trying', `udp ${bye('of a call that is written')}`]);
  assert.equal(effects.withheld, 2);
  disk.works = true;
  effects.setNow(1050);
  effects.flush();
  assert.equal(effects.withheld, 2, 'the disk was tried again at once');
  effects.setNow(1100);
  effects.flush();
  assert.deepEqual(done.slice(2), ['end a', `udp ${final(200, '2 BYE')}`, `udp ${bye('out-a')}`]);
  assert.equal(effects.withheld, 0);
});

test('a batch without records repeats nothing that an unwritten record has to confirm', () => {
  const { effects, done, disk } = stage();
  disk.works = false;
  effects.setNow(1000);
  effects.recordEnd(end('a'));
  effects.send(udp, final(200, '2 BYE'));
  effects.flush();
  // The caller repeats its BYE, the timers repeat our BYE and the 2xx of another call.
  effects.send(udp, final(200, '2 BYE'));
  effects.send(tcp, bye('out-a'));
  effects.send(udp, final(200, '1 INVITE', 'in-b'));
  effects.send(udp, final(486, '1 INVITE', 'in-c'));
  effects.send(udp, final(200, '7 OPTIONS', 'in-d'));
  effects.send(udp, 'ACK sip:x SIP/2.0\r\n');
  effects.flush();
  assert.deepEqual(done, [`udp ${final(200, '7 OPTIONS', 'in-d')}`, 'udp ACK sip:x SIP/2.0\r\n']);
  assert.equal(effects.withheld, 4, 'a message that waits already waits once');
  disk.works = true;
  effects.setNow(1100);
  effects.flush();
  assert.deepEqual(done.slice(2), [
    'end a',
    `udp ${final(200, '2 BYE')}`,
    `tcp ${bye('out-a')}`,
    `udp ${final(200, '1 INVITE', 'in-b')}`,
    `udp ${final(486, '1 INVITE', 'in-c')}`,
  ]);
  effects.send(udp, bye('out-a'));
  effects.flush();
  assert.equal(done.at(-1), `udp ${bye('out-a')}`);
});

test('what waits is bounded: the oldest is given up and counted', () => {
  const { effects, disk, counters } = stage();
  disk.works = false;
  effects.recordEnd(end('a'));
  for (let i = 0; i < 8193; i++) effects.send(udp, final(200, '2 BYE', `in-${i}`));
  effects.flush();
  assert.equal(effects.withheld, 8192);
  assert.equal(counters[Counter.sendErrors], 1);
});

test('a call whose end throws too leaves its records and lines in order', () => {
  const { effects, done, used } = stage();
  effects.begin();
  effects.acquireLine(slot, 0);
  effects.recordEnd(end('a'));
  effects.send(udp, 'of the failed record');
  const endCall = (): void => {
    effects.send(udp, 'of the failed end');
    throw new Error('a second bug');
  };
  assert.throws(() => effects.discard(endCall), /a second bug/);
  effects.flush();
  assert.deepEqual(done, ['end a']);
  assert.equal(used(), 0);
});

test('a flush carries a bounded number of sends; the rest follows in order', () => {
  const { effects, done } = stage();
  effects.acquireLine(slot, 0);
  effects.releaseLine(slot);
  for (let i = 0; i < 5000; i++) effects.send(udp, String(i));
  effects.flush();
  assert.ok(done.length < 5000);
  assert.equal(effects.busy, true);
  while (effects.busy) effects.flush();
  assert.deepEqual(
    done,
    Array.from({ length: 5000 }, (_, i) => `udp ${i}`),
  );
});

test('a message longer than its transport carries is counted, not sent', () => {
  const { effects, done, counters } = stage();
  effects.send(udp, 'x'.repeat(65_508));
  effects.send(tcp, 'x'.repeat(65_537));
  effects.send(udp, 'short');
  effects.flush();
  assert.deepEqual(done, ['udp short']);
  assert.equal(counters[Counter.sendTooLarge], 2);
});
