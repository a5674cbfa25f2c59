// Time and garbage of reading one message: what the main thread does (peek) and what a worker does
// (parse, then the strings every call needs). Run: node dist/bench/micro/parse-message.js
import { Buffer } from 'node:buffer';
import { bench, do_not_optimize, run, summary } from 'mitata';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { mintCallId, shardOfCallId } from '../../core/shard/call-id-shard.ts';
import { HeaderId } from '../../core/sip/header-id.ts';
import { headerTag } from '../../core/sip/header-values.ts';
import { Transport } from '../../core/sip/hop.ts';
import { callIdText, createMessage, headerText } from '../../core/sip/message.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { peekCallId } from '../../core/sip/peek-call-id.ts';
import { viaLines } from '../../core/sip/via.ts';

function octets(text: string): MessageBytes {
  return Buffer.from(text, 'latin1') as Buffer & MessageBytes;
}

const sdp = [
  'v=0',
  'o=gw1 53655765 2353687637 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 20000 RTP/AVP 8 0 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  '',
].join('\r\n');

const invite = octets(
  [
    'INVITE sip:4930123456@192.0.2.1:5060 SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---6a2f9b3c;rport',
    'Max-Forwards: 70',
    'From: "442071234567" <sip:442071234567@192.0.2.10>;tag=9fxced76sl',
    'To: <sip:4930123456@192.0.2.1>',
    'Call-ID: 3848276298220188511@192.0.2.10',
    'CSeq: 1 INVITE',
    'Contact: <sip:442071234567@192.0.2.10:5060>',
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE',
    'Supported: timer, 100rel',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n'),
);

const irregular = octets(
  [
    'INVITE sip:4930123456@192.0.2.1:5060 SIP/2.0',
    'v:  SIP  / 2.0 / UDP   192.0.2.10:5060 ; branch = z9hG4bK-524287-1 ,',
    ' SIP/2.0/TCP edge.example;branch=z9hG4bK77',
    'f : "Ann \\"<x>\\" Example" <sip:442071234567@192.0.2.10> ;',
    '\ttag = 9fxced76sl',
    't:sip:4930123456@192.0.2.1',
    'i:3848276298220188511@192.0.2.10',
    'cseq: 0001',
    ' INVITE',
    'X-Unknown-Header-Of-Some-Length: with a value that nobody reads',
    '',
    sdp,
  ].join('\n'),
);

const message = createMessage();
const span = { start: 0, end: 0 };
const key = Uint32Array.of(0x12345678, 0x9abcdef0);
const hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '192.0.2.10',
  port: 5060,
};
let seed = 1;
const random32 = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed;
};

bench('nothing', () => do_not_optimize(seed));
summary(() => {
  bench(`parse INVITE, ${invite.length} octets`, () =>
    do_not_optimize(parseMessage(message, invite, invite.length, Transport.udp)),
  );
  bench(`parse irregular INVITE, ${irregular.length} octets`, () =>
    do_not_optimize(parseMessage(message, irregular, irregular.length, Transport.udp)),
  );
  bench('peek Call-ID', () => do_not_optimize(peekCallId(invite, invite.length, span)));
});
bench('peek and shard', () => {
  peekCallId(invite, invite.length, span);
  do_not_optimize(shardOfCallId(invite, span, key, 4));
});
const mintScratch = Buffer.alloc(64) as Buffer & MessageBytes;
bench('mint Call-ID', () => do_not_optimize(mintCallId(3, random32, key, mintScratch)));
bench('parse, then tags, Call-ID, From, To and Via lines as strings', () => {
  parseMessage(message, invite, invite.length, Transport.udp);
  do_not_optimize(headerTag(message, HeaderId.from));
  do_not_optimize(callIdText(message));
  do_not_optimize(headerText(message, HeaderId.from));
  do_not_optimize(headerText(message, HeaderId.to));
  do_not_optimize(viaLines(message, hop));
});

await run();
