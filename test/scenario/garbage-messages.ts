// What a switch on the public net is sent: noise, broken SIP, and SIP that is meant to break it. Each
// kind says whether it may be answered at all (RFC 3261 17.1.1.3, 18.1.2, 18.2.2: never an ACK, a
// response, or what has no Via).

export interface GarbageKind {
  readonly name: string;
  readonly answer: 'may' | 'never';
  readonly make: (callId: string, random: () => number) => Buffer;
}

/** A generator of its own seed, so that a run can be repeated. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Numerical Recipes' linear congruential generator
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** Called numbers of garbage: no gateway serves them. */
const callee = '99123456';

interface Parts {
  readonly method?: string;
  readonly uri?: string;
  readonly startLine?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cseq?: string;
  readonly contentLength?: string;
  readonly more?: readonly string[];
  /** Header names that are left out. */
  readonly without?: readonly string[];
  readonly body?: string;
}

function message(callId: string, parts: Parts = {}): string {
  const { method = 'INVITE', uri = `sip:${callee}@127.0.0.1`, body = '' } = parts;
  const lines = [
    `Via: ${parts.via ?? `SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${callId};rport`}`,
    'Max-Forwards: 70',
    `From: ${parts.from ?? '<sip:noise@127.0.0.1>;tag=noise'}`,
    `To: ${parts.to ?? `<sip:${callee}@127.0.0.1>`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${parts.cseq ?? `1 ${method}`}`,
    'Contact: <sip:noise@127.0.0.1:9>',
    ...(parts.more ?? []),
    `Content-Length: ${parts.contentLength ?? body.length}`,
  ].filter((line) => parts.without?.includes(line.slice(0, line.indexOf(':'))) !== true);
  return `${[parts.startLine ?? `${method} ${uri} SIP/2.0`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const broken = (name: string, parts: Parts): GarbageKind => ({
  name,
  answer: 'may',
  make: (callId) => bytes(message(callId, parts)),
});
const unanswerable = (name: string, parts: Parts): GarbageKind => ({
  name,
  answer: 'never',
  make: (callId) => bytes(message(callId, parts)),
});
const noise = (name: string, make: GarbageKind['make']): GarbageKind => ({
  name,
  answer: 'never',
  make,
});

function randomBytes(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

/** A good INVITE with some of its bytes changed; the Call-ID stays readable. */
function changed(
  change: (text: Buffer, at: number, random: () => number) => void,
): GarbageKind['make'] {
  return (callId, random) => {
    const text = bytes(message(callId, { body: 'v=0\r\n' }));
    const safeFrom = text.indexOf('Call-ID');
    const safeTo = safeFrom + 'Call-ID: '.length + callId.length;
    for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
      const at = Math.floor(random() * text.length);
      if (at < safeFrom || at >= safeTo) change(text, at, random);
    }
    return text;
  };
}

const many = (count: number, line: string): string[] => Array<string>(count).fill(line);

export const garbageKinds: readonly GarbageKind[] = [
  noise('random bytes', (_callId, random) => randomBytes(1 + Math.floor(random() * 1200), random)),
  noise('line breaks', () => bytes('\r\n\r\n\r\n')),
  noise('nothing', () => Buffer.alloc(0)),
  noise('zeros', () => Buffer.alloc(900)),
  noise('an RTP packet', (_callId, random) =>
    Buffer.concat([Buffer.from([0x80, 8]), randomBytes(170, random)]),
  ),
  noise('a STUN request', (_callId, random) =>
    Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12, random)]),
  ),
  noise('an HTTP request', () => bytes('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')),
  noise('headers alone', (callId) => bytes(`Call-ID: ${callId}\r\nCSeq: 1 INVITE\r\n\r\n`)),
  unanswerable('a 200 to nothing', { startLine: 'SIP/2.0 200 OK' }),
  unanswerable('a 180 to nothing', { startLine: 'SIP/2.0 180 Ringing' }),
  unanswerable('a response with status 999', { startLine: 'SIP/2.0 999 What' }),
  unanswerable('a response with a broken status', { startLine: 'SIP/2.0 2x0 OK' }),
  unanswerable('an ACK to nothing', { method: 'ACK' }),
  unanswerable('an ACK without To', { method: 'ACK', without: ['To'] }),
  unanswerable('an INVITE without Via', { without: ['Via'] }),
  unanswerable('an INVITE without Call-ID', { without: ['Call-ID'] }),
  broken('an INVITE without To', { without: ['To'] }),
  broken('an INVITE without From', { without: ['From'] }),
  broken('an INVITE without CSeq', { without: ['CSeq'] }),
  broken('an INVITE without Contact', { without: ['Contact'] }),
  broken('CSeq above 2^31', { cseq: '4294967296 INVITE' }),
  broken('CSeq of another method', { cseq: '1 BYE' }),
  broken('two CSeq', { more: ['CSeq: 2 INVITE'] }),
  broken('SIP/7.0', { startLine: `INVITE sip:${callee}@127.0.0.1 SIP/7.0` }),
  broken('an unknown method', { method: 'NOISE' }),
  broken('a method of 2,000 letters', { method: 'X'.repeat(2000) }),
  broken('a Request-URI of 5,000 letters', { uri: `sip:${'9'.repeat(5000)}@127.0.0.1` }),
  broken('broken escapes', { uri: 'sip:99%zz%0@127.0.0.1' }),
  broken('an open quote', { from: '"noise <sip:noise@127.0.0.1>;tag=1' }),
  broken('an open bracket', { to: '<sip:99@127.0.0.1' }),
  broken('a tag of nobody’s', { to: `<sip:${callee}@127.0.0.1>;tag=nobody` }),
  broken('Content-Length too large', { contentLength: '99999', body: 'v=0' }),
  broken('Content-Length below zero', { contentLength: '-1' }),
  broken('Content-Length twice', { more: ['Content-Length: 7'] }),
  broken('300 header fields', { more: many(300, 'X-Noise: 1') }),
  broken('90 Via', { more: many(90, 'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKn') }),
  broken('90 Record-Route', { more: many(90, 'Record-Route: <sip:127.0.0.1:9;lr>') }),
  broken('a header of 50,000 bytes', { more: [`X-Noise: ${'n'.repeat(50_000)}`] }),
  broken('4,000 folds', { more: [`Subject: a${'\r\n a'.repeat(4000)}`] }),
  broken('30,000 commas', { more: [`Require: ${','.repeat(30_000)}`] }),
  broken('nested brackets', { from: `${'<'.repeat(3000)}sip:noise@127.0.0.1>;tag=1` }),
  broken('an extension nobody knows', { more: ['Require: noise'] }),
  broken('a body in a code nobody knows', {
    more: ['Content-Encoding: noise', 'Content-Type: application/sdp'],
    body: 'v=0',
  }),
  broken('a CANCEL of nothing', { method: 'CANCEL' }),
  broken('a BYE of nothing', { method: 'BYE', to: '<sip:99@127.0.0.1>;tag=nobody' }),
  broken('a PRACK of nothing', { method: 'PRACK', more: ['RAck: 1 1 INVITE'] }),
  broken('a Via to elsewhere', { via: 'SIP/2.0/UDP 192.0.2.1:1;branch=z9hG4bKelse' }),
  {
    name: 'a message cut off',
    answer: 'may',
    make: (callId, random) => {
      const text = bytes(message(callId, { body: 'v=0\r\n' }));
      return text.subarray(0, Math.floor(random() * text.length));
    },
  },
  {
    name: 'line feeds alone',
    answer: 'may',
    make: (callId) => bytes(message(callId).replaceAll('\r\n', '\n')),
  },
  {
    name: 'bits turned',
    answer: 'may',
    make: changed((text, at, random) => {
      text[at] = text[at]! ^ (1 << Math.floor(random() * 8));
    }),
  },
  {
    name: 'bytes of any value',
    answer: 'may',
    make: changed((text, at, random) => {
      text[at] = Math.floor(random() * 256);
    }),
  },
];
