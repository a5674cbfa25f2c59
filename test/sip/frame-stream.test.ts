import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { type Fault, faultText } from '../../core/sip/fault.ts';
import { createFrameStream, isFramePending, pushChunk } from '../../core/sip/frame-stream.ts';
import { allocate, invite, lines, octets, plainHeaders } from './message-text.ts';

interface Seen {
  frames: string[];
  pings: number;
  faults: string[];
  faultBytes: string;
  allocated: number;
}

function watch(): { push: (text: string) => void; seen: Seen; isPending: () => boolean } {
  const seen: Seen = { frames: [], pings: 0, faults: [], faultBytes: '', allocated: 0 };
  const stream = createFrameStream(
    {
      onFrame: (bytes: MessageBytes, end: number) => seen.frames.push(bytes.latin1Slice(0, end)),
      onPing: () => {
        seen.pings++;
      },
      onFault: (fault: Fault, bytes: MessageBytes, end: number) => {
        seen.faults.push(faultText(fault));
        seen.faultBytes = bytes.latin1Slice(0, end);
      },
    },
    (size) => {
      seen.allocated = Math.max(seen.allocated, size);
      return allocate(size);
    },
  );
  return {
    push: (text) => pushChunk(stream, octets(text)),
    seen,
    isPending: () => isFramePending(stream),
  };
}

const body = 'v=0\r\n\r\nINVITE sip:x SIP/2.0\r\n\r\n';
const first = invite(`Content-Length: ${body.length}`) + body;
const second = invite('CSeq: 8 INVITE');

test('one octet at a time, in one segment, and cut at every place', () => {
  const both = `${first}${second}`;
  const single = watch();
  for (const octet of both) single.push(octet);
  assert.deepEqual(single.seen.frames, [first, second]);
  const whole = watch();
  whole.push(both);
  assert.deepEqual(whole.seen.frames, [first, second]);
  for (let cut = 1; cut < both.length; cut++) {
    const { push, seen, isPending } = watch();
    push(both.slice(0, cut));
    assert.equal(isPending(), cut !== first.length, `cut at ${cut}`);
    push(both.slice(cut));
    assert.deepEqual(seen.frames, [first, second], `cut at ${cut}`);
    assert.equal(isPending(), false);
  }
});

test('bare line feeds, folds, the compact form and any case', () => {
  for (const text of [
    second.replaceAll('\r\n', '\n'),
    invite('Content-Length:\r\n 0'),
    invite('l : 0').replace('Content-Length: 0\r\n', ''),
    invite('CONTENT-length: 0000'),
  ]) {
    const { push, seen } = watch();
    push(text + text);
    assert.deepEqual(seen.frames, [text, text]);
  }
});

test('keep-alives: a double CRLF is a ping, a single one nothing (RFC 5626 4.4.1)', () => {
  const { push, seen } = watch();
  push('\r\n');
  assert.equal(seen.pings, 0);
  push('\r\n');
  assert.equal(seen.pings, 1);
  for (const octet of '\r\n\r\n') push(octet);
  assert.equal(seen.pings, 2);
  push('\r\n\r\n'.repeat(1000));
  assert.equal(seen.pings, 3, 'one answer a chunk');
  push(`\r\n${second}`);
  assert.deepEqual(seen.frames, [second]);
  push('\r\n');
  assert.equal(seen.pings, 3);
});

const large = 'x'.repeat(70_000);
const broken: [string, string][] = [
  ['missing', lines('INVITE sip:b@c SIP/2.0', ...plainHeaders.slice(0, 6), '')],
  ['negative', invite('Content-Length: -5')],
  ['not a number', invite('Content-Length: five')],
  ['empty', invite('Content-Length:')],
  ['signed', invite('Content-Length: +5')],
  ['a list', invite('Content-Length: 0, 5')],
  ['over 2^31', invite('Content-Length: 4294967296')],
  ['over 2^53', invite('Content-Length: 9007199254740993')],
  ['over 64 KiB', invite('Content-Length: 65536')],
  ['twice, differing', invite('Content-Length: 0', 'l: 31')],
  ['twice, the same', invite('Content-Length: 0', 'Content-Length: 0')],
  ['another octet before the colon', invite('Content-Length\x01: 0').replace('Length: 0', 'L: 0')],
  ['a carriage return alone', invite('Subject: a\rContent-Length: 31')],
  ['headers without end', invite(`Subject: ${large}`)],
  ['one line without end', large],
  ['no SIP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
];

for (const [what, text] of broken) {
  test(`lost: ${what}; nothing after it is read`, () => {
    for (const step of [1, 7, text.length + second.length]) {
      const { push, seen, isPending } = watch();
      const sent = text + second;
      for (let at = 0; at < sent.length; at += step) push(sent.slice(at, at + step));
      push(second);
      assert.deepEqual(seen.frames, []);
      assert.equal(seen.faults.length, 1);
      assert.ok(sent.startsWith(seen.faultBytes));
      assert.ok(seen.allocated <= 65_536, 'one message is the most that is kept');
      assert.equal(isPending(), false);
    }
  });
}

test('the largest message passes', () => {
  const head = invite('Content-Length: 60000');
  const { push, seen } = watch();
  push(head + 'y'.repeat(60_000) + second);
  assert.deepEqual(
    seen.frames.map((frame) => frame.length),
    [head.length + 60_000, second.length],
  );
});
