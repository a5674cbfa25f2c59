// One call of a user agent, placed or taken: its dialog (RFC 3261 12), the INVITE that opens it, and what
// either side sends inside it.
import {
  audioSession,
  field,
  fieldList,
  joinLines,
  randomToken,
  type SipText,
  uriOf,
  userOf,
  writeReply,
} from './sip-text.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

export interface PlaceOptions {
  readonly callee: string;
  readonly caller?: string;
  /** Whole header lines of the INVITE. */
  readonly lines?: readonly string[];
  /** Session description; absent: one of our own; '' for an INVITE without an offer. */
  readonly body?: string;
}

/** What a call needs of its user agent. */
export interface CallAgent {
  readonly port: number;
  repeatsSeen: number;
  send(text: string, target: Target): void;
  transact(
    text: string,
    target: Target,
    hear: { onResponse: (response: SipText) => void; onTimeout: () => void },
  ): void;
  sendUntilStopped(text: string, target: Target): () => void;
  after(waitMs: number, run: () => void): NodeJS.Timeout;
  forget(call: SipCall): void;
}

export type EndOfCall = 'hung up' | 'hung up by peer' | 'cancelled' | 'failed';

interface ReplyParts {
  readonly lines?: readonly string[];
  readonly body?: string;
}

export class SipCall {
  readonly callId: string;
  /** The INVITE as it was sent or came. */
  readonly callee: string;
  readonly role: 'caller' | 'called';
  /** Every response to our INVITE, in order; repeats too. */
  readonly responses: SipText[] = [];
  /** Every request that came inside the call, the opening INVITE first when it was taken. */
  readonly requests: SipText[] = [];
  /** The final response to the opening INVITE; of a call that we took: the one we sent. */
  readonly answered: Promise<number>;
  readonly ended: Promise<EndOfCall>;
  /** Of a taken call: its ACK came. */
  readonly acknowledged: Promise<SipText>;
  /** Replies to a request inside the call; absent: 200, with a session for INVITE and UPDATE. */
  onRequestInside: ((request: SipText, call: SipCall) => void) | undefined;
  onResponse: ((response: SipText) => void) | undefined;

  readonly #agent: CallAgent;
  #target: Target;
  readonly #localTag = randomToken();
  #local = '';
  #remote = '';
  #remoteTarget = '';
  #routes: string[] = [];
  #cseq = 1;
  #invite = '';
  #inviteRequest: SipText | undefined;
  #ack = '';
  #finalStatus = 0;
  #cancelled = false;
  #over = false;
  #stopRepeating: (() => void) | undefined;
  /** Last response by CSeq and method: a repeated request gets it again. */
  readonly #replies = new Map<string, string>();
  #settleAnswered!: (status: number) => void;
  #settleEnded!: (end: EndOfCall) => void;
  #settleAcknowledged!: (ack: SipText) => void;

  private constructor(
    agent: CallAgent,
    target: Target,
    role: SipCall['role'],
    names: { callId: string; callee: string },
  ) {
    this.#agent = agent;
    this.#target = target;
    this.role = role;
    this.callId = names.callId;
    this.callee = names.callee;
    this.answered = new Promise((resolve) => {
      this.#settleAnswered = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.acknowledged = new Promise((resolve) => {
      this.#settleAcknowledged = resolve;
    });
  }

  static outgoing(agent: CallAgent, target: Target, options: PlaceOptions): SipCall {
    const { callee, caller = 'peer' } = options;
    const callId = `${randomToken()}@127.0.0.1`;
    const call = new SipCall(agent, target, 'caller', { callId, callee });
    call.#remoteTarget = `sip:${callee}@${target.address}:${target.port}`;
    call.#local = `<sip:${caller}@127.0.0.1:${agent.port}>;tag=${call.#localTag}`;
    call.#remote = `<${call.#remoteTarget}>`;
    const body = options.body ?? audioSession(40_000);
    call.#invite = call.#write('INVITE', {
      lines: [call.#contact(), ...(options.lines ?? [])],
      body,
    });
    agent.transact(call.#invite, target, {
      onResponse: (response) => call.#onInviteResponse(response),
      onTimeout: () => call.#fail(408),
    });
    return call;
  }

  static incoming(agent: CallAgent, invite: SipText, from: Target): SipCall {
    const callId = field(invite, 'call-id');
    const call = new SipCall(agent, from, 'called', { callId, callee: userOf(invite.requestUri) });
    call.#inviteRequest = invite;
    call.#local = `${field(invite, 'to')};tag=${call.#localTag}`;
    call.#remote = field(invite, 'from');
    call.#remoteTarget = uriOf(field(invite, 'contact'));
    call.#routes = fieldList(invite, 'record-route');
    call.requests.push(invite);
    return call;
  }

  /** Hung up, refused or cancelled. */
  get isOver(): boolean {
    return this.#over || this.#finalStatus >= 300;
  }

  /** Resolves with the first response of this status to our INVITE. */
  response(status: number): Promise<SipText> {
    return new Promise((resolve) => {
      const seen = this.responses.find((response) => response.status === status);
      if (seen !== undefined) return resolve(seen);
      const before = this.onResponse;
      this.onResponse = (response) => {
        before?.(response);
        if (response.status === status) resolve(response);
      };
    });
  }

  /** Replies to the opening INVITE of a call that came in. */
  reply(status: number, parts: ReplyParts = {}): void {
    if (this.#finalStatus >= 200 || this.#inviteRequest === undefined) return;
    const lines = [this.#contact(), ...(parts.lines ?? [])];
    const body = parts.body ?? (status >= 200 && status < 300 ? audioSession(50_000) : '');
    const text = writeReply(this.#inviteRequest, status, this.#localTag, { lines, body });
    this.#remember(this.#inviteRequest, text);
    if (status < 200) return this.#agent.send(text, this.#target);
    this.#finalStatus = status;
    this.#stopRepeating = this.#agent.sendUntilStopped(text, this.#target);
    this.#settleAnswered(status);
    if (status >= 300) this.#settleEnded(this.#cancelled ? 'cancelled' : 'failed');
  }

  /** CANCEL of our own INVITE (RFC 3261 9.1); call it after a provisional response. */
  cancel(): void {
    const cancel = this.#invite
      .slice(0, this.#invite.indexOf('\r\n\r\n') + 4)
      .replace(/^INVITE /, 'CANCEL ')
      .replace(/^(CSeq: \d+) INVITE/m, '$1 CANCEL')
      .replace(/^(?:Contact|Content-Type|Content-Length): .*\r\n/gm, '')
      .replace(/\r\n\r\n$/, '\r\nContent-Length: 0\r\n\r\n');
    this.#cancelled = true;
    this.#agent.transact(cancel, this.#target, { onResponse: () => {}, onTimeout: () => {} });
  }

  /** BYE; resolves with its final status. */
  async hangUp(): Promise<number> {
    const response = await this.request('BYE');
    this.#end('hung up');
    return response?.status ?? 408;
  }

  /** Sends a request inside the dialog; resolves with its final response, undefined when none came. */
  request(method: string, parts: ReplyParts = {}): Promise<SipText | undefined> {
    this.#cseq++;
    const cseq = this.#cseq;
    const lines = method === 'BYE' ? [] : [this.#contact()];
    const text = this.#write(method, { ...parts, lines: [...lines, ...(parts.lines ?? [])] });
    return new Promise((resolve) => {
      this.#agent.transact(text, this.#target, {
        onResponse: (response) => {
          if (response.status < 200) return;
          if (method === 'INVITE') this.#acknowledge(response, cseq, text);
          resolve(response);
        },
        onTimeout: () => resolve(undefined),
      });
    });
  }

  /** A repeated 2xx gets its ACK again (RFC 3261 13.2.2.4). */
  onStrayResponse(response: SipText): void {
    if (response.method === 'INVITE' && response.status >= 200) {
      this.#agent.send(this.#ack, this.#target);
    }
  }

  onRequest(request: SipText, from: Target): void {
    const { method } = request;
    const known = this.#replies.get(`${request.cseq} ${method}`);
    if (known !== undefined) {
      this.#agent.repeatsSeen++;
      return this.#agent.send(known, from);
    }
    if (method === 'INVITE' && request.cseq === this.#inviteRequest?.cseq) {
      this.#agent.repeatsSeen++; // the opening INVITE again, before anything was replied
      return;
    }
    this.requests.push(request);
    if (method === 'ACK') {
      this.#stopRepeating?.();
      this.#settleAcknowledged(request);
      if (this.#finalStatus >= 300) this.#leave();
    } else if (method === 'CANCEL') {
      this.#answer(request, from, 200);
      this.#cancelled = true;
      this.reply(487);
    } else if (method === 'BYE') {
      this.#answer(request, from, 200);
      this.#end('hung up by peer');
    } else if (this.onRequestInside !== undefined) {
      this.onRequestInside(request, this);
    } else {
      this.replyInside(request, 200);
    }
  }

  /** Replies to a request inside the call. */
  replyInside(request: SipText, status: number, parts: ReplyParts = {}): void {
    const offers = request.method === 'INVITE' || request.method === 'UPDATE';
    const body = parts.body ?? (offers && status === 200 ? audioSession(50_000, 2) : '');
    this.#answer(request, this.#target, status, {
      lines: [...(offers ? [this.#contact()] : []), ...(parts.lines ?? [])],
      body,
    });
  }

  #answer(request: SipText, to: Target, status: number, parts: ReplyParts = {}): void {
    const text = writeReply(request, status, this.#localTag, parts);
    this.#remember(request, text);
    if (request.method === 'INVITE' && status >= 200) {
      this.#stopRepeating = this.#agent.sendUntilStopped(text, to);
    } else {
      this.#agent.send(text, to);
    }
  }

  #remember(request: SipText, text: string): void {
    this.#replies.set(`${request.cseq} ${request.method}`, text);
  }

  #onInviteResponse(response: SipText): void {
    this.responses.push(response);
    if (response.status >= 200) {
      this.#finalStatus = response.status;
      if (response.status < 300) {
        this.#remote = field(response, 'to');
        this.#remoteTarget = uriOf(field(response, 'contact')) || this.#remoteTarget;
        this.#routes = fieldList(response, 'record-route').reverse();
      }
      this.#acknowledge(response, 1, this.#invite);
    }
    this.onResponse?.(response);
    if (response.status < 200) return;
    this.#settleAnswered(response.status);
    if (response.status >= 300) this.#end(this.#cancelled ? 'cancelled' : 'failed');
  }

  /** Of a 2xx a request of its own, of other finals part of the INVITE's transaction (17.1.1.3). */
  #acknowledge(response: SipText, cseq: number, invite: string): void {
    if (response.status < 300) {
      this.#ack = this.#write('ACK', {}, cseq);
    } else {
      const via = /^Via: .*$/m.exec(invite)![0].trim();
      const requestUri = /^INVITE (\S+)/.exec(invite)![1]!;
      this.#ack = joinLines(
        [
          `ACK ${requestUri} SIP/2.0`,
          via,
          'Max-Forwards: 70',
          `From: ${this.#local}`,
          `To: ${field(response, 'to')}`,
          `Call-ID: ${this.callId}`,
          `CSeq: ${cseq} ACK`,
        ],
        '',
      );
    }
    this.#agent.send(this.#ack, this.#target);
  }

  #write(method: string, { lines = [], body = '' }: ReplyParts, cseq: number = this.#cseq): string {
    return joinLines(
      [
        `${method} ${this.#remoteTarget} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${this.#agent.port};branch=z9hG4bK${randomToken()};rport`,
        ...this.#routes.map((route) => `Route: ${route}`),
        'Max-Forwards: 70',
        `From: ${this.#local}`,
        `To: ${this.#remote}`,
        `Call-ID: ${this.callId}`,
        `CSeq: ${cseq} ${method}`,
        ...lines,
      ],
      body,
    );
  }

  #contact(): string {
    return `Contact: <sip:peer@127.0.0.1:${this.#agent.port}>`;
  }

  #fail(status: number): void {
    this.#finalStatus = status;
    this.#settleAnswered(status);
    this.#end('failed');
  }

  #end(end: EndOfCall): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopRepeating?.();
    this.#settleEnded(end);
    this.#leave();
  }

  /** Stays known for a while, so that repeats of the last messages are still answered. */
  #leave(): void {
    this.#agent.after(5000, () => this.#agent.forget(this));
  }
}
