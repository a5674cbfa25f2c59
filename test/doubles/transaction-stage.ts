// A transaction layer with a recording user, recording effects and a hand-driven clock: message text
// in, what was sent and what the user was told out.
import assert from 'node:assert/strict';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { defaultParameters, type Parameters } from '../../core/configuration/model.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { createMessage } from '../../core/sip/message.ts';
import { Method, methodNames } from '../../core/sip/method.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { type RequestParts, writeRequest, writeResponse } from '../../core/sip/write-message.ts';
import { TimerWheel } from '../../core/time/timer-wheel.ts';
import { timerValues } from '../../core/transaction/timer-values.ts';
import type {
  ClientTransaction,
  ServerTransaction,
  TransactionUser,
} from '../../core/transaction/transaction.ts';
import { TransactionLayer } from '../../core/transaction/transaction-layer.ts';
import { createHandClock, type HandClock } from './hand-clock.ts';
import { createRecordingEffects, type RecordingEffects } from './recording-effects.ts';

export const udpPeer: Hop = {
  transport: Transport.udp,
  listener: 0,
  connection: 0,
  address: '192.0.2.7',
  port: 5060,
};
export const tcpPeer: Hop = {
  transport: Transport.tcp,
  listener: 1,
  connection: 9,
  address: '192.0.2.7',
  port: 40_123,
};
/** For tests that hold on either transport. */
export const transports: readonly (readonly [string, Hop])[] = [
  ['UDP', udpPeer],
  ['TCP', tcpPeer],
];

export interface TransactionStage {
  readonly layer: TransactionLayer;
  readonly wheel: TimerWheel;
  readonly effects: RecordingEffects;
  readonly clock: HandClock;
  /** What the user was told: "request INVITE", "cancel of INVITE", "ack", "response 180", "timeout",
   *  "transport", "ack timeout". */
  readonly told: string[];
  readonly servers: ServerTransaction[];
  /** Done by the user when it is told, after it was noted. */
  react: {
    onRequest?: (transaction: ServerTransaction) => void;
    onResponse?: () => void;
    refusalTowards?: (source: Hop, statusCode: number) => number;
  };
  receive(text: string, hop: Hop): void;
  /** Sends a request of ours. */
  send(method: Method, hop: Hop, branch?: string): ClientTransaction;
  respond(transaction: ServerTransaction, statusCode: number): void;
  /** Start lines sent since the last call. */
  sent(): string[];
  takeTold(): string[];
}

export function createTransactionStage(
  parameters: Partial<Parameters> = {},
  serversMax?: number,
): TransactionStage {
  const wheel = new TimerWheel(0);
  const effects = createRecordingEffects();
  const told: string[] = [];
  const servers: ServerTransaction[] = [];
  const message = createMessage();
  const timers = timerValues({ ...defaultParameters, ...parameters });
  const user = recordingUser(() => stage);
  const hashKey = Uint32Array.of(3, 4);
  const layer = new TransactionLayer({ effects, wheel, timers, user, hashKey }, serversMax);
  const stage: TransactionStage = {
    layer,
    wheel,
    effects,
    told,
    servers,
    react: {},
    clock: createHandClock(wheel, (owner, timer) => layer.onTimer(owner, timer)),
    receive(text, hop) {
      const bytes = Buffer.from(text, 'latin1') as Buffer & MessageBytes;
      assert.equal(parseMessage(message, bytes, bytes.length, hop.transport), 0, text);
      if (message.isRequest) layer.onRequestMessage(message, hop);
      else layer.onResponseMessage(message, hop);
      // The datagram buffer is reused: nothing kept may still point into it.
      bytes.fill(0x3f);
    },
    send(method, hop, branch = 'z9hG4bKours1') {
      const parts = ourRequest(method, branch, hop);
      return layer.request(hop, parts, writeRequest(parts, '', ''));
    },
    respond: (transaction, statusCode) =>
      layer.respond(
        transaction,
        statusCode,
        writeResponse(transaction.head, statusCode, 'our-tag', ''),
      ),
    sent: () => effects.takeSent().map((one) => one.text.slice(0, one.text.indexOf('\r\n'))),
    takeTold: () => told.splice(0),
  };
  return stage;
}

function recordingUser(stageOf: () => TransactionStage): TransactionUser {
  return {
    onRequest(transaction, message, cancelled) {
      const stage = stageOf();
      stage.servers.push(transaction);
      const invite =
        cancelled === 'answered' ? 'answered INVITE' : methodNames[cancelled?.method ?? 0];
      const about = cancelled === undefined ? '' : ` of ${invite}`;
      stage.told.push(`request ${methodNames[message.method]}${about}`);
      stage.react.onRequest?.(transaction);
    },
    onAck: () => void stageOf().told.push('ack'),
    onResponse(_, message) {
      stageOf().told.push(`response ${message.statusCode}`);
      stageOf().react.onResponse?.();
    },
    onClientFailure: (_, why) => void stageOf().told.push(why),
    refusalTowards: (source, statusCode) =>
      stageOf().react.refusalTowards?.(source, statusCode) ?? statusCode,
    onAckTimeout: () => void stageOf().told.push('ack timeout'),
  };
}

function ourRequest(method: Method, branch: string, hop: Hop): RequestParts {
  const transport = hop.transport === Transport.udp ? 'UDP' : 'TCP';
  return {
    method,
    requestUri: 'sip:442071234567@192.0.2.7',
    sentBy: `SIP/2.0/${transport} 192.0.2.1:5060`,
    branch,
    from: '<sip:100@192.0.2.1>;tag=ours',
    to: '<sip:442071234567@192.0.2.7>',
    callId: 'our-call',
    cseq: 11,
    routes: 'Route: <sip:192.0.2.7;lr>\r\n',
    maxForwards: 69,
  };
}

interface PeerRequest {
  method: Method;
  branch: string;
  transport: 'UDP' | 'TCP';
  callId: string;
  cseq: number;
  fromTag: string;
  /** "" or "tag". */
  toTag: string;
  sentBy: string;
  viaParams: string;
  requestUri: string;
}

/** A request as a peer sends it; an ACK takes the CSeq number of its INVITE. */
export function peerRequest(given: Partial<PeerRequest> = {}): string {
  const request: PeerRequest = {
    method: Method.INVITE,
    branch: ';branch=z9hG4bKpeer1',
    transport: 'UDP',
    callId: 'peer-call@192.0.2.7',
    cseq: 1,
    fromTag: 'peer',
    toTag: '',
    sentBy: '192.0.2.7:5060',
    viaParams: '',
    requestUri: 'sip:442071234567@192.0.2.1',
    ...given,
  };
  const name = methodNames[request.method]!;
  const to = request.toTag === '' ? '' : `;tag=${request.toTag}`;
  return (
    `${name} ${request.requestUri} SIP/2.0\r\n` +
    `Via: SIP/2.0/${request.transport} ${request.sentBy}${request.branch}${request.viaParams}\r\n` +
    `Max-Forwards: 70\r\nFrom: "A. Caller" <sip:100@192.0.2.7>;tag=${request.fromTag}\r\n` +
    `To: <sip:442071234567@192.0.2.1>${to}\r\nCall-ID: ${request.callId}\r\n` +
    `CSeq: ${request.cseq} ${name}\r\nContact: <sip:100@192.0.2.7:5060>\r\nContent-Length: 0\r\n\r\n`
  );
}

/** A peer's response to a request of ours, as it was sent. */
export function peerResponse(request: string, statusCode: number, toTag = 'carrier'): string {
  const lines = request.split('\r\n');
  const kept = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => {
    const line = lines.find((one) => one.startsWith(`${name}: `))!;
    return name === 'To' ? `${line};tag=${toTag}` : line;
  });
  return `SIP/2.0 ${statusCode} Whatever\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

/** The value of a header in message text. */
export function headerOf(text: string, name: string): string | undefined {
  const line = text.split('\r\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}
