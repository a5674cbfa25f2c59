// The records of the four transactions of RFC 3261 17 and the two faces of the layer: what it offers to
// the transaction user (the call) and what it asks of it.
import type { Keyed } from '../bytes/key-table.ts';
import type { CountEffects, SendEffects } from '../effects.ts';
import type { Hop } from '../sip/hop.ts';
import type { SipMessage } from '../sip/message.ts';
import type { Method } from '../sip/method.ts';
import type { RequestParts, ResponseHead } from '../sip/write-message.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';

export const TransactionKind = {
  inviteServer: 0,
  inviteClient: 1,
  nonInviteServer: 2,
  nonInviteClient: 3,
} as const;
export type TransactionKind = (typeof TransactionKind)[keyof typeof TransactionKind];

/** States of RFC 3261 17 and RFC 6026 (Accepted). */
export const TransactionState = {
  Calling: 0, // INVITE client
  Trying: 1, // non-INVITE client and server
  Proceeding: 2,
  Completed: 3,
  Confirmed: 4, // INVITE server
  Accepted: 5, // RFC 6026 7
  Terminated: 6,
} as const;
export type TransactionState = (typeof TransactionState)[keyof typeof TransactionState];

/** How long to wait, in milliseconds; from the parameters in force. */
export interface TimerValues {
  /** Spacing of resends, SS_SIP_RESEND_INTERVAL; the last one repeats. */
  resendMs: readonly number[];
  /** Timers B, F, H: give up (RFC 3261 64*T1; SS_SIP_TIMER_B for B). */
  inviteGiveUpMs: number;
  giveUpMs: number;
  t1Ms: number;
  t2Ms: number;
  t4Ms: number;
}

export interface ServerTransaction extends Keyed {
  readonly kind: TransactionKind;
  readonly method: Method;
  state: TransactionState;
  /** sent-by and branch (RFC 3261 17.2.3). */
  readonly key: string;
  /** Call-ID of a request without To tag, which may meet its own copy (RFC 3261 8.2.2.2); '' otherwise. */
  readonly mergeKey: string;
  readonly fromTag: string;
  readonly cseq: number;
  /** Where responses go (RFC 3261 18.2.2, RFC 3581 4). */
  readonly hop: Hop;
  /** Where the request came from. */
  readonly source: Hop;
  /** Lines of the request that every response repeats; emptied by the final response. */
  head: ResponseHead;
  /** The response that a retransmitted request gets again; '' when none was sent or none is due. */
  lastResponse: string;
  statusCode: number;
  retransmitIndex: number;
  retransmitTimer: number;
  lifeTimer: number;
  /** The transaction user's own object; set by the user. */
  owner: unknown;
}

export interface ClientTransaction extends Keyed {
  readonly kind: TransactionKind;
  readonly method: Method;
  state: TransactionState;
  /** Our branch. */
  readonly key: string;
  readonly hop: Hop;
  /** What CANCEL and the ACK of a non-2xx are built from (RFC 3261 9.1, 17.1.1.3). */
  request: RequestParts;
  /** The request as sent; dropped ('') when it needs no more retransmission. */
  text: string;
  /** The ACK for a non-2xx final response, sent again for each repeat of it. */
  ackText: string;
  retransmitIndex: number;
  retransmitTimer: number;
  lifeTimer: number;
  owner: unknown;
}

/** The INVITE that a CANCEL matches (RFC 3261 9.2); 'answered': one that has had its final response. */
export type CancelledInvite = ServerTransaction | 'answered' | undefined;

/** What the layer tells the transaction user. */
export interface TransactionUser {
  /** A new request other than ACK; the transaction waits for `respond`. CANCEL comes here too, with the
   *  INVITE transaction it matches, if any (RFC 3261 9.2). */
  onRequest(transaction: ServerTransaction, message: SipMessage, cancelled: CancelledInvite): void;
  /** An ACK that belongs to no INVITE server transaction in Completed: the ACK of a 2xx. */
  onAck(message: SipMessage, hop: Hop): void;
  /** A response for a live client transaction; for INVITE also each further 2xx (RFC 6026 7.2). */
  onResponse(transaction: ClientTransaction, message: SipMessage): void;
  /** Timer B or F, or the transport failed: treat as 408 or 503 (RFC 3261 8.1.3.1). */
  onClientFailure(transaction: ClientTransaction, why: 'timeout' | 'transport'): void;
  /** Asked before a request is refused without a transaction: the status that this source hears in the place
   *  of `statusCode`; 0: nothing. */
  refusalTowards(source: Hop, statusCode: number): number;
  /** Timer H: our non-2xx final response was never acknowledged. */
  onAckTimeout(transaction: ServerTransaction): void;
}

export interface TransactionLayerOptions {
  effects: SendEffects & CountEffects;
  wheel: TimerWheel;
  user: TransactionUser;
  timers: TimerValues;
  /** Two 32-bit words that no peer knows: keys the hash of server transactions. */
  hashKey: Uint32Array;
}

/** What the layer offers (implemented in transaction-layer.ts). */
export interface TransactionPort {
  timers: TimerValues;
  /** Transactions alive, for the gauge. */
  readonly size: number;
  /** A parsed request from `hop`. */
  onRequestMessage(message: SipMessage, hop: Hop): void;
  onResponseMessage(message: SipMessage, hop: Hop): void;
  /** A timer below `firstCallTimer` fired. */
  onTimer(owner: object, timer: number): void;
  /** Sends a response; `text` is complete. Provisional, final and, for INVITE, 2xx (RFC 6026 8.5). */
  respond(transaction: ServerTransaction, statusCode: number, text: string): void;
  /** As `respond`, for the final response to a request inside a dialog (not INVITE) that says nothing of its
   *  own: the layer writes it, keeps nothing, and writes it anew for each repeat of the request. */
  respondPlainly(transaction: ServerTransaction, statusCode: number): void;
  /** Sends a request (not ACK of a 2xx) in a new client transaction. */
  request(hop: Hop, parts: RequestParts, text: string): ClientTransaction;
  /** A stream to this connection failed, or the datagram could not be sent. */
  onTransportFailure(transaction: ClientTransaction): void;
  /** Ends the client transaction of this request, if it still lives. */
  terminateRequest(parts: RequestParts): void;
  /** Ends a transaction at once, its timers with it (an ended call, a caught bug). */
  terminate(transaction: ServerTransaction | ClientTransaction): void;
}
