// A whole Switch with a caller and two carriers around it: message text in, message text out, a clock
// driven by hand. Nothing else of the engine is there.
import assert from 'node:assert/strict';
import type { NumberWatch } from '../../core/admission/number-watch.ts';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { Switch } from '../../core/switch.ts';
import { createRecordingEffects, type RecordingEffects } from './recording-effects.ts';
import { snapshotOf } from './snapshot-of.ts';

/** A message the switch sent, taken apart just enough to assert on. */
export interface Seen {
  readonly text: string;
  readonly startLine: string;
  /** 0 for a request. */
  readonly status: number;
  readonly method: string;
  readonly body: string;
  header(name: string): string;
  headers(name: string): string[];
}

export interface Peer {
  readonly name: string;
  readonly hop: Hop;
  /** Messages that arrived here since the last take. */
  take(): Seen[];
  /** Takes exactly one message and checks its start line begins so. */
  takeOne(startsWith: string): Seen;
  send(text: string): void;
}

export interface Stage {
  readonly effects: RecordingEffects;
  readonly shard: Switch;
  readonly caller: Peer;
  readonly carrierA: Peer;
  readonly carrierB: Peer;
  readonly stranger: Peer;
  /** A further peer. */
  peerAt(name: string, address: string): Peer;
  pass(ms: number): void;
  /** Hands text to the switch as if from this hop. */
  deliver(text: string, hop: Hop, waitedMs?: number): void;
}

export const offer: string =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
export const answer: string = offer.replaceAll('192.0.2.50', '192.0.2.60');

export const plainDocument: Record<string, unknown> = {
  parameters: { SS_MAXCPS: 0 },
  rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] }],
  accounts: [
    { name: 'acme', kind: 'customer', balance: '100', creditLimit: '0', rateTable: 'retail' },
    { name: 'alpha', kind: 'clearing', balance: '0', creditLimit: '0' },
  ],
  mappingGateways: [{ name: 'acme-in', account: 'acme', auth: 'ip', addresses: ['127.0.0.2'] }],
  routingGateways: [
    { name: 'alpha', account: 'alpha', address: '127.0.0.3:5060', prefixes: ['44'], priority: 1 },
    { name: 'beta', address: '127.0.0.4:5060', prefixes: ['44'], priority: 2 },
  ],
};

export function createStage(
  document: unknown = plainDocument,
  watch?: NumberWatch,
  workerIndex = 0,
): Stage {
  const effects = createRecordingEffects();
  let nowMs = 1000;
  const wallMs = () => 1_700_000_000_000 + nowMs;
  const setNow = (): void => {
    effects.nowSeconds = nowMs / 1000;
    shard.setNow(nowMs, wallMs());
  };
  let word = 1;
  const shard = new Switch({
    effects,
    listeners: [
      { transport: Transport.udp, address: '127.0.0.1', port: 5060 },
      { transport: Transport.tcp, address: '127.0.0.1', port: 5060 },
    ],
    node: 'edge-1',
    runId: 'run',
    workerIndex,
    shardKey: Uint32Array.of(1, 2),
    scratch: Buffer.alloc(64) as Buffer & MessageBytes,
    random32: () => Math.imul(word++, 0x9e3779b1) >>> 0,
    snapshot: snapshotOf(document),
    watch,
    nowMs,
    wallMs: wallMs(),
  });
  const inboxes = new Map<string, Seen[]>();
  const inboxOf = (address: string): Seen[] => {
    let inbox = inboxes.get(address);
    if (inbox === undefined) {
      inbox = [];
      inboxes.set(address, inbox);
    }
    return inbox;
  };
  const collect = (): void => {
    for (const { hop, text } of effects.takeSent()) {
      inboxOf(`${hop.address}:${hop.port}`).push(seen(text));
    }
  };
  const deliver = (text: string, hop: Hop, waitedMs = 0): void => {
    const bytes = Buffer.from(text, 'latin1') as unknown as MessageBytes;
    setNow();
    shard.onMessage(bytes, bytes.length, hop, waitedMs);
    collect();
  };
  const peer = (name: string, address: string): Peer => {
    const hop: Hop = { transport: Transport.udp, listener: 0, connection: 0, address, port: 5060 };
    const inbox = inboxOf(`${address}:5060`);
    return {
      name,
      hop,
      take: () => inbox.splice(0),
      takeOne(startsWith) {
        const all = inbox.splice(0);
        const lines = all.map((message) => message.startLine).join(' | ');
        assert.equal(all.length, 1, `${name} expected one "${startsWith}", got: ${lines}`);
        assert.ok(all[0]!.startLine.startsWith(startsWith), `${name} got: ${lines}`);
        return all[0]!;
      },
      send: (text) => deliver(text, hop),
    };
  };
  return {
    effects,
    shard,
    caller: peer('caller', '127.0.0.2'),
    carrierA: peer('carrierA', '127.0.0.3'),
    carrierB: peer('carrierB', '127.0.0.4'),
    stranger: peer('stranger', '127.0.0.9'),
    peerAt: peer,
    deliver,
    pass(ms) {
      const end = nowMs + ms;
      while (nowMs < end) {
        nowMs = Math.min(nowMs + 10, end);
        setNow();
        shard.onTimers();
        collect();
      }
    },
  };
}

export function seen(text: string): Seen {
  const split = text.indexOf('\r\n\r\n');
  assert.ok(split > 0, `no header section in: ${text}`);
  const lines = text.slice(0, split).split('\r\n');
  const startLine = lines[0]!;
  const headers = (name: string): string[] =>
    lines
      .slice(1)
      .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const body = text.slice(split + 4);
  assert.equal(headers('Content-Length')[0], String(body.length), `Content-Length of: ${text}`);
  const status = startLine.startsWith('SIP/2.0 ') ? Number(startLine.slice(8, 11)) : 0;
  return {
    text,
    startLine,
    status,
    method:
      status === 0
        ? startLine.slice(0, startLine.indexOf(' '))
        : headers('CSeq')[0]!.split(' ')[1]!,
    body,
    header: (name) => headers(name)[0] ?? '',
    headers,
  };
}

let uniqueNumber = 0;

export interface InviteOptions {
  callee?: string;
  callId?: string;
  fromTag?: string;
  branch?: string;
  headers?: string;
  body?: string;
  maxForwards?: number;
  cseq?: number;
}

export interface SentInvite {
  readonly text: string;
  readonly callId: string;
  readonly fromTag: string;
  readonly branch: string;
  readonly callee: string;
}

/** The text of the caller's INVITE; unique identifiers unless they are given. */
export function inviteText(options: InviteOptions = {}): SentInvite {
  const n = ++uniqueNumber;
  const callee = options.callee ?? '442071234567';
  const callId = options.callId ?? `call-${n}@phone`;
  const fromTag = options.fromTag ?? `ct${n}`;
  const branch = options.branch ?? `z9hG4bKc${n}`;
  const body = options.body ?? offer;
  const cseq = options.cseq ?? 1;
  const text =
    `INVITE sip:${callee}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=${branch}\r\n` +
    `Max-Forwards: ${options.maxForwards ?? 70}\r\nFrom: "Ann" <sip:15551234@phone.example>;tag=${fromTag}\r\n` +
    `To: <sip:${callee}@127.0.0.1>\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} INVITE\r\n` +
    `Contact: <sip:15551234@127.0.0.2:5060>\r\n${options.headers ?? ''}` +
    `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`;
  return { text, callId, fromTag, branch, callee };
}

/** A response to a request that the switch sent. */
export function responseTo(
  request: Seen,
  status: number,
  options: { tag?: string; body?: string; headers?: string; contact?: string } = {},
): string {
  const tag = options.tag === undefined ? '' : `;tag=${options.tag}`;
  const to = request.header('To');
  const body = options.body ?? '';
  return (
    `SIP/2.0 ${status} X\r\nVia: ${request.header('Via')}\r\nFrom: ${request.header('From')}\r\n` +
    `To: ${to.includes(';tag=') ? to : to + tag}\r\nCall-ID: ${request.header('Call-ID')}\r\n` +
    `CSeq: ${request.header('CSeq')}\r\n${options.contact ?? ''}${options.headers ?? ''}` +
    `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** The caller's CANCEL of his INVITE; `cseq` and `toTag` for one inside a dialog. */
export function cancelText(invite: SentInvite, inDialog?: { cseq: number; toTag: string }): string {
  const to = inDialog === undefined ? '' : `;tag=${inDialog.toTag}`;
  return (
    `CANCEL sip:${invite.callee}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=${invite.branch}\r\n` +
    `Max-Forwards: 70\r\nFrom: "Ann" <sip:15551234@phone.example>;tag=${invite.fromTag}\r\n` +
    `To: <sip:${invite.callee}@127.0.0.1>${to}\r\nCall-ID: ${invite.callId}\r\n` +
    `CSeq: ${inDialog?.cseq ?? 1} CANCEL\r\nContent-Length: 0\r\n\r\n`
  );
}

/** The caller's INVITE is with carrier A; nothing is left in the caller's inbox. */
export function begunCall(
  stage: Stage,
  options: InviteOptions = {},
): { invite: SentInvite; carried: Seen } {
  const invite = inviteText(options);
  stage.caller.send(invite.text);
  stage.caller.takeOne('SIP/2.0 100');
  return { invite, carried: stage.carrierA.takeOne('INVITE') };
}

export function methodsOf(messages: readonly Seen[]): string[] {
  return messages.map(({ method, status }) => (status === 0 ? method : `${status} ${method}`));
}

export function tagOf(value: string): string {
  return /;tag=([^;>]+)/.exec(value)?.[1] ?? '';
}

export interface InDialogOptions {
  cseq: number;
  branch?: string;
  headers?: string;
  body?: string;
  maxForwards?: number;
}

/** A request inside the dialog that a response of the switch (seen by the caller) began. */
export function callerRequest(
  method: string,
  invite: SentInvite,
  toTag: string,
  options: InDialogOptions,
): string {
  const branch = options.branch ?? `z9hG4bKd${++uniqueNumber}`;
  const body = options.body ?? '';
  return (
    `${method} sip:127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=${branch}\r\n` +
    `Max-Forwards: ${options.maxForwards ?? 70}\r\nFrom: "Ann" <sip:15551234@phone.example>;tag=${invite.fromTag}\r\n` +
    `To: <sip:${invite.callee}@127.0.0.1>;tag=${toTag}\r\nCall-ID: ${invite.callId}\r\n` +
    `CSeq: ${options.cseq} ${method}\r\n${options.headers ?? ''}` +
    `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** A request of the carrier's inside the dialog that the switch's INVITE and `tag` began. */
export function carrierRequest(
  method: string,
  invite: Seen,
  tag: string,
  options: InDialogOptions & { address?: string },
): string {
  const branch = options.branch ?? `z9hG4bKe${++uniqueNumber}`;
  const body = options.body ?? '';
  return (
    `${method} sip:127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP ${options.address ?? '127.0.0.3'}:5060;branch=${branch}\r\n` +
    `Max-Forwards: 70\r\nFrom: ${invite.header('To')};tag=${tag}\r\nTo: ${invite.header('From')}\r\n` +
    `Call-ID: ${invite.header('Call-ID')}\r\nCSeq: ${options.cseq} ${method}\r\n${options.headers ?? ''}` +
    `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

export interface AnsweredCall {
  readonly invite: SentInvite;
  /** The INVITE the carrier saw. */
  readonly carried: Seen;
  /** The switch's tag towards the caller. */
  readonly callerTag: string;
  readonly carrierTag: string;
}

/** Ringing, answered, acknowledged; nothing is left in the inboxes. */
export function answeredCall(stage: Stage, options: InviteOptions = {}): AnsweredCall {
  const { caller, carrierA } = stage;
  const invite = inviteText(options);
  caller.send(invite.text);
  caller.takeOne('SIP/2.0 100');
  const carried = carrierA.takeOne('INVITE');
  carrierA.send(responseTo(carried, 180, { tag: 'g1' }));
  caller.takeOne('SIP/2.0 180');
  carrierA.send(
    responseTo(carried, 200, {
      tag: 'g1',
      body: answer,
      contact: 'Contact: <sip:127.0.0.3:5060>\r\n',
    }),
  );
  const ok = caller.takeOne('SIP/2.0 200');
  carrierA.takeOne('ACK');
  const callerTag = tagOf(ok.header('To'));
  caller.send(callerRequest('ACK', invite, callerTag, { cseq: 1 }));
  return { invite, carried, callerTag, carrierTag: 'g1' };
}
