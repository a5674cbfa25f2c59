// A SIP user agent over UDP for demo and whole-system tests: places calls and takes them. It keeps the
// rules a peer must keep (retransmissions, ACK, CANCEL, dialogs) and leaves every decision to its user.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type PlaceOptions, SipCall, type Target } from './sip-call.ts';
import {
  branchOf,
  field,
  joinLines,
  randomToken,
  readSip,
  type SipText,
  writeReply,
} from './sip-text.ts';

interface ClientTransaction {
  onResponse: (response: SipText) => void;
  onTimeout: () => void;
  again: NodeJS.Timeout | undefined;
  isInvite: boolean;
}

/** RFC 3261 17.1.1.2: T1, the cap of the repeats of non-INVITEs, and 64 T1. */
const t1Ms = 500;
const t2Ms = 4000;
const giveUpMs = 32_000;

export class UserAgent {
  /** A new call came in; replies are up to this function. Absent: 480. */
  onCall: ((call: SipCall) => void) | undefined;
  /** Messages received that were repeats of earlier ones. */
  repeatsSeen = 0;
  readonly port: number;
  readonly #socket: Socket;
  readonly #transactions = new Map<string, ClientTransaction>();
  readonly #calls = new Map<string, SipCall>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, { address, port }) => this.#receive(bytes, { address, port }));
  }

  get callsUp(): number {
    return this.#calls.size;
  }

  /** Sends an INVITE through `target`; watch the returned call for what comes back. */
  place(target: Target, options: PlaceOptions): SipCall {
    const call = SipCall.outgoing(this, target, options);
    this.#calls.set(call.callId, call);
    return call;
  }

  send(text: string, { address, port }: Target): void {
    this.#socket.send(Buffer.from(text, 'latin1'), port, address);
  }

  /** Sends a request and repeats it until an answer comes (RFC 3261 17.1). */
  transact(
    text: string,
    target: Target,
    hear: { onResponse: (response: SipText) => void; onTimeout: () => void },
  ): void {
    const request = readSip(Buffer.from(text, 'latin1'))!;
    const key = `${branchOf(request)} ${request.method}`;
    const isInvite = request.method === 'INVITE';
    const transaction: ClientTransaction = { ...hear, again: undefined, isInvite };
    this.#transactions.set(key, transaction);
    const repeat = (waitMs: number, spentMs: number): void => {
      transaction.again = this.after(waitMs, () => {
        if (spentMs + waitMs >= giveUpMs) {
          this.#transactions.delete(key);
          transaction.onTimeout();
          return;
        }
        this.send(text, target);
        repeat(isInvite ? waitMs * 2 : Math.min(waitMs * 2, t2Ms), spentMs + waitMs);
      });
    };
    this.send(text, target);
    repeat(t1Ms, 0);
  }

  /** Repeats a response until `stop` is called or 64 T1 have passed (RFC 3261 13.3.1.4, 17.2.1). */
  sendUntilStopped(text: string, target: Target): () => void {
    let timer: NodeJS.Timeout | undefined;
    const repeat = (waitMs: number, spentMs: number): void => {
      if (spentMs >= giveUpMs) return;
      timer = this.after(waitMs, () => {
        this.send(text, target);
        repeat(Math.min(waitMs * 2, t2Ms), spentMs + waitMs);
      });
    };
    this.send(text, target);
    repeat(t1Ms, 0);
    return () => this.cancelTimer(timer);
  }

  after(waitMs: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, waitMs);
    this.#timers.add(timer);
    return timer;
  }

  cancelTimer(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  forget(call: SipCall): void {
    this.#calls.delete(call.callId);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #receive(bytes: Buffer, from: Target): void {
    const message = readSip(bytes);
    if (message === undefined) return;
    if (message.status === 0) this.#onRequest(message, from);
    else this.#onResponse(message);
  }

  #onResponse(response: SipText): void {
    const key = `${branchOf(response)} ${response.method}`;
    const transaction = this.#transactions.get(key);
    if (transaction === undefined) {
      // a 2xx that is repeated finds no transaction: its ACK was lost (RFC 3261 13.2.2.4)
      this.repeatsSeen++;
      this.#calls.get(field(response, 'call-id'))?.onStrayResponse(response);
      return;
    }
    if (transaction.isInvite || response.status >= 200) {
      this.cancelTimer(transaction.again);
      transaction.again = undefined;
    }
    if (response.status >= 200) this.#transactions.delete(key);
    transaction.onResponse(response);
  }

  #onRequest(request: SipText, from: Target): void {
    const callId = field(request, 'call-id');
    const call = this.#calls.get(callId);
    if (call !== undefined) {
      call.onRequest(request, from);
    } else if (request.method === 'INVITE' && !/;\s*tag=/i.test(field(request, 'to'))) {
      const incoming = SipCall.incoming(this, request, from);
      this.#calls.set(callId, incoming);
      if (this.onCall === undefined) incoming.reply(480);
      else this.onCall(incoming);
    } else if (request.method !== 'ACK') {
      const status = request.method === 'OPTIONS' ? 200 : 481;
      this.send(writeReply(request, status, randomToken()), from);
    }
  }
}

export async function startUserAgent(port = 0): Promise<UserAgent> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 1024 * 1024,
    lookup: (host, _options, answered) => answered(null, host, 4),
  });
  const listening = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  await listening;
  return new UserAgent(socket);
}

/** One OPTIONS to see whether a SIP server answers at all; resolves with the status, 0 for silence. */
export function ping(agent: UserAgent, target: Target): Promise<number> {
  const own = `127.0.0.1:${agent.port}`;
  const request = joinLines(
    [
      `OPTIONS sip:${target.address}:${target.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${randomToken()};rport`,
      'Max-Forwards: 70',
      `From: <sip:ping@${own}>;tag=${randomToken()}`,
      `To: <sip:${target.address}:${target.port}>`,
      `Call-ID: ${randomToken()}`,
      'CSeq: 1 OPTIONS',
    ],
    '',
  );
  return new Promise((resolve) => {
    agent.transact(request, target, {
      onResponse: ({ status }) => resolve(status),
      onTimeout: () => resolve(0),
    });
  });
}
