// What the four machines see of the layer that keeps them, and the inputs that move them.
import type { CountEffects, SendEffects } from '../effects.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import type { RequestParts, ResponseHead } from '../sip/write-message.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';
import type {
  ClientTransaction,
  ServerTransaction,
  TimerValues,
  TransactionUser,
} from './transaction.ts';

export interface MachinePort {
  readonly effects: SendEffects & CountEffects;
  readonly wheel: TimerWheel;
  readonly user: TransactionUser;
  readonly timers: TimerValues;
  /** Forgets a transaction that has reached Terminated. */
  dropServer(transaction: ServerTransaction): void;
  dropClient(transaction: ClientTransaction): void;
  /** From now on it only waits for repeats, for so long: forgets it but for what those have to find. */
  spendServer(transaction: ServerTransaction, lingerMs: number): void;
}

export const ServerInput = {
  /** The request again (RFC 3261 17.2.3). */
  request: 0,
  /** INVITE only: an ACK that matches it. */
  ack: 1,
  /** The user's response. */
  response: 2,
  retransmitDue: 3, // G
  ackTimeout: 4, // H
  lingerOver: 5, // J
  tryingDue: 6, // RFC 4320
} as const;
export type ServerInput = (typeof ServerInput)[keyof typeof ServerInput];

export interface ServerEvent {
  readonly input: ServerInput;
  readonly statusCode: number;
  readonly text: string;
}

/** An input that carries nothing but itself. */
export function serverEvent(input: ServerInput): ServerEvent {
  return { input, statusCode: 0, text: '' };
}

export const ClientInput = {
  response: 0,
  retransmitDue: 1, // A, E
  timeout: 2, // B, F
  lingerOver: 3, // D, M
  transportFailure: 4,
} as const;
export type ClientInput = (typeof ClientInput)[keyof typeof ClientInput];

/** `message` is undefined for every input but `response`. */
export interface ClientEvent {
  readonly input: ClientInput;
  readonly message: SipMessage | undefined;
}

export function clientEvent(input: ClientInput): ClientEvent {
  return { input, message: undefined };
}

/** A stream delivers: no retransmissions, no waiting for strays (RFC 3261 17). */
export function isReliable(hop: Hop): boolean {
  return hop.transport !== Transport.udp;
}

/** Disarms both timers of a transaction; for the doors of the states. */
export function disarm(
  port: MachinePort,
  transaction: { retransmitTimer: number; lifeTimer: number },
): void {
  transaction.retransmitTimer = port.wheel.cancel(transaction.retransmitTimer);
  transaction.lifeTimer = port.wheel.cancel(transaction.lifeTimer);
}

/** For the doors: a move that the RFC's figure does not draw is a bug of ours. */
export function illegalMove(machine: string, from: number, to: number): Error {
  return new Error(`${machine} transaction: no move from state ${from} to ${to}`);
}

/** In place of the lines of a request that has its final response. */
const noHead: ResponseHead = {
  throughTo: '',
  afterTo: '',
  toTagged: false,
  recordRoutes: '',
  timestamp: '',
};

/** After its final response a server transaction lingers, thousands of them a second: they keep the
 *  response they may have to repeat and let the request's lines go. */
export function dropHead(transaction: { head: ResponseHead }): void {
  transaction.head = noHead;
}

/** In place of the parts of a request that nothing is built from any more. */
const noRequest: RequestParts = {
  method: Method.unknown,
  requestUri: '',
  sentBy: '',
  branch: '',
  from: '',
  to: '',
  callId: '',
  cseq: 0,
  routes: '',
  maxForwards: 0,
};

/** Once the user has his final answer, a client transaction only waits for repeats of it: it must not
 *  hold the call it belonged to for that time. */
export function letGo(transaction: ClientTransaction): void {
  transaction.owner = undefined;
  transaction.request = noRequest;
}
