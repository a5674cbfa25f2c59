// The transaction layer of one shard (RFC 3261 17): finds the transaction of each message, makes new
// ones, and hands timers and responses to the machine of their kind. It decides nothing about calls.
import type { CountEffects, SendEffects } from '../effects.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerTag } from '../sip/header-values.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import { callIdText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { writeFaultReply } from '../sip/stateless-reply.ts';
import { type RequestParts, writeResponse } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';
import { ClientTable } from './client-table.ts';
import { inviteClientEvent, startInviteClient, terminateInviteClient } from './invite-client.ts';
import { inviteServerEvent, terminateInviteServer } from './invite-server.ts';
import {
  type ClientEvent,
  ClientInput,
  clientEvent,
  disarm,
  isReliable,
  type MachinePort,
  type ServerEvent,
  ServerInput,
  serverEvent,
} from './machine-port.ts';
import {
  nonInviteClientEvent,
  startNonInviteClient,
  terminateNonInviteClient,
} from './non-invite-client.ts';
import {
  awaitAnswer,
  nonInviteServerEvent,
  terminateNonInviteServer,
} from './non-invite-server.ts';
import { responseHead, responseHop } from './response-head.ts';
import { ServerTable } from './server-table.ts';
import { SpentTransactions } from './spent-transactions.ts';
import {
  type CancelledInvite,
  type ClientTransaction,
  type ServerTransaction,
  type TimerValues,
  TransactionKind,
  type TransactionLayerOptions,
  type TransactionPort,
  TransactionState,
  type TransactionUser,
} from './transaction.ts';
import { serverKey } from './transaction-key.ts';

/** Server transactions a shard keeps; a request beyond them is answered 503 without one. At 24,000 new
 *  ones a second, each lingering 32 s, this is not yet reached. */
const serverTransactionsMax: number = 2 ** 20;

const requestAgain = serverEvent(ServerInput.request);
const ackArrived = serverEvent(ServerInput.ack);
const transportFailed = clientEvent(ClientInput.transportFailure);

/** Index: TimerName. */
const serverTimerEvents: (ServerEvent | undefined)[] = [];
serverTimerEvents[TimerName.retransmitResponse] = serverEvent(ServerInput.retransmitDue);
serverTimerEvents[TimerName.ackTimeout] = serverEvent(ServerInput.ackTimeout);
serverTimerEvents[TimerName.serverLinger] = serverEvent(ServerInput.lingerOver);
serverTimerEvents[TimerName.tryingDue] = serverEvent(ServerInput.tryingDue);
const clientTimerEvents: (ClientEvent | undefined)[] = [];
clientTimerEvents[TimerName.retransmitRequest] = clientEvent(ClientInput.retransmitDue);
clientTimerEvents[TimerName.requestTimeout] = clientEvent(ClientInput.timeout);
clientTimerEvents[TimerName.clientLinger] = clientEvent(ClientInput.lingerOver);

export class TransactionLayer implements TransactionPort, MachinePort {
  readonly effects: SendEffects & CountEffects;
  readonly wheel: TimerWheel;
  readonly user: TransactionUser;
  timers: TimerValues;

  readonly #servers: ServerTable;
  readonly #spent: SpentTransactions;
  readonly #clients: ClientTable = new ClientTable();
  /** Clients over streams, which alone can be told of a broken transport. */
  readonly #streamClients: Set<ClientTransaction> = new Set();

  readonly #serversMax: number;

  constructor(options: TransactionLayerOptions, serversMax: number = serverTransactionsMax) {
    this.#serversMax = serversMax;
    this.#servers = new ServerTable(options.hashKey);
    this.effects = options.effects;
    this.wheel = options.wheel;
    this.#spent = new SpentTransactions(options.wheel);
    this.user = options.user;
    this.timers = options.timers;
  }

  /** Transactions alive, for the gauge. */
  get size(): number {
    return this.#servers.size + this.#spent.size + this.#clients.size;
  }

  /** Gives back room that a peak has left; for a quiet moment. */
  trim(): void {
    this.#spent.trim();
  }

  onRequestMessage(message: SipMessage, hop: Hop): void {
    if (!message.topVia.valid) {
      this.effects.count(Counter.parseFaults); // there is nowhere to answer to
      return;
    }
    const { method } = message;
    const servers = this.#servers;
    const hash = servers.hashOf(message);
    if (method === Method.ACK) return this.#onAck(message, hop, hash);
    const known = servers.find(message, hash, method);
    if (known !== undefined) return this.#toServer(known, requestAgain);
    const spentStatus = this.#spentStatus(message, hash, method);
    if (spentStatus !== 0) return this.#onRepeat(message, hop, spentStatus);
    if (this.#isMerged(message, hash)) {
      this.effects.count(Counter.mergedRequests);
      return this.#refuse(message, hop, 482);
    }
    if (servers.size >= this.#serversMax || this.#isCrowded(hash)) {
      this.effects.count(Counter.refusedTransactions);
      return this.#refuse(message, hop, 503);
    }
    const cancelled = method === Method.CANCEL ? this.#cancelled(message, hash) : undefined;
    this.#offer(this.#openServer(message, hop, hash), message, cancelled);
  }

  #isCrowded(hash: number): boolean {
    return this.#servers.isCrowded(hash) || this.#spent.isCrowded(hash);
  }

  /** The final status of a spent transaction, 0 when there is none. */
  #spentStatus(message: SipMessage, hash: number, method: Method): number {
    if (!this.#spent.has(hash)) return 0;
    const identity = this.#servers.identityOf(message, method);
    return this.#spent.statusOf(hash, identity, method === Method.INVITE);
  }

  /** The request of a spent transaction again. */
  #onRepeat(message: SipMessage, hop: Hop, statusCode: number): void {
    this.effects.count(Counter.retransmissionsIn);
    // RFC 6026 7.1: absorbed; its 2xx is repeated by the user alone. RFC 3261 17.2.1, Confirmed: too.
    if (message.method === Method.INVITE) return;
    const head = responseHead(message, hop);
    this.effects.send(responseHop(message, hop), writeResponse(head, statusCode, '', ''));
  }

  /** RFC 3261 8.2.2.2: a copy by another path of a request that is here already. */
  #isMerged(message: SipMessage, hash: number): boolean {
    if (this.#servers.isMerged(message, hash)) return true;
    if (message.method !== Method.INVITE || message.to.tagEnd > message.to.tagStart) return false;
    return this.#spent.has(hash) && this.#spent.hasMerged(hash, this.#servers.mergeOf(message));
  }

  /** RFC 3261 9.2: the CANCEL has the branch and sent-by of its INVITE. */
  #cancelled(message: SipMessage, hash: number): CancelledInvite {
    const invite = this.#servers.find(message, hash, Method.INVITE);
    if (invite !== undefined) return invite;
    if (this.#spentStatus(message, hash, Method.INVITE) !== 0) return 'answered';
    return this.#servers.findMisnumbered(message, hash);
  }

  onResponseMessage(message: SipMessage, _hop: Hop): void {
    // RFC 3261 8.1.3.3: a response for us has our Via and no other.
    if (message.viaCount === 1 && message.topVia.valid) {
      const client = this.#clients.find(message);
      if (client !== undefined) {
        return this.#toClient(client, { input: ClientInput.response, message });
      }
    }
    this.effects.count(Counter.strayResponses);
  }

  onTimer(owner: object, timer: number): void {
    if (timer === TimerName.spentSweep) return this.#spent.sweep();
    const transaction = owner as ServerTransaction | ClientTransaction;
    if (isServer(transaction)) {
      const event = serverTimerEvents[timer];
      if (event !== undefined) this.#toServer(transaction, event);
    } else {
      const event = clientTimerEvents[timer];
      if (event !== undefined) this.#toClient(transaction, event);
    }
  }

  respond(transaction: ServerTransaction, statusCode: number, text: string): void {
    this.#toServer(transaction, { input: ServerInput.response, statusCode, text });
  }

  respondPlainly(transaction: ServerTransaction, statusCode: number): void {
    const text = writeResponse(transaction.head, statusCode, '', '');
    this.respond(transaction, statusCode, text);
    if (transaction.state !== TransactionState.Completed) return;
    disarm(this, transaction);
    transaction.lastResponse = '';
    this.spendServer(transaction, this.timers.giveUpMs);
  }

  request(hop: Hop, parts: RequestParts, text: string): ClientTransaction {
    const { method } = parts;
    const isInvite = method === Method.INVITE;
    const transaction: ClientTransaction = {
      slot: 0,
      kind: isInvite ? TransactionKind.inviteClient : TransactionKind.nonInviteClient,
      method,
      state: isInvite ? TransactionState.Calling : TransactionState.Trying,
      key: parts.branch,
      hop,
      request: parts,
      text: '',
      ackText: '',
      retransmitIndex: 0,
      retransmitTimer: 0,
      lifeTimer: 0,
      owner: undefined,
    };
    this.#clients.add(transaction);
    if (isReliable(hop)) this.#streamClients.add(transaction);
    if (isInvite) startInviteClient(this, transaction, text);
    else startNonInviteClient(this, transaction, text);
    return transaction;
  }

  onTransportFailure(transaction: ClientTransaction): void {
    this.#toClient(transaction, transportFailed);
  }

  /** A stream could not be opened or broke: all client transactions over it fail. */
  onHopFailure(hop: Hop): void {
    if (hop.transport === Transport.udp) return;
    // A copy: the user may open and end transactions while it is told.
    for (const client of [...this.#streamClients]) {
      if (isSameStream(client.hop, hop)) this.onTransportFailure(client);
    }
  }

  terminateRequest(parts: RequestParts): void {
    const client = this.#clients.ofRequest(parts.branch, parts.method);
    if (client !== undefined) this.terminate(client);
  }

  terminate(transaction: ServerTransaction | ClientTransaction): void {
    switch (transaction.kind) {
      case TransactionKind.inviteServer:
        return terminateInviteServer(this, transaction as ServerTransaction);
      case TransactionKind.nonInviteServer:
        return terminateNonInviteServer(this, transaction as ServerTransaction);
      case TransactionKind.inviteClient:
        return terminateInviteClient(this, transaction as ClientTransaction);
      case TransactionKind.nonInviteClient:
        return terminateNonInviteClient(this, transaction as ClientTransaction);
    }
  }

  dropServer(transaction: ServerTransaction): void {
    this.#servers.remove(transaction);
  }

  spendServer(transaction: ServerTransaction, lingerMs: number): void {
    this.#spent.keep(this.#servers.spent(transaction), lingerMs);
    this.#servers.remove(transaction);
  }

  dropClient(transaction: ClientTransaction): void {
    this.#clients.remove(transaction);
    if (isReliable(transaction.hop)) this.#streamClients.delete(transaction);
  }

  #onAck(message: SipMessage, hop: Hop, hash: number): void {
    const servers = this.#servers;
    const invite =
      servers.find(message, hash, Method.INVITE) ?? servers.findMisnumbered(message, hash);
    if (invite !== undefined) {
      inviteServerEvent(this, invite, ackArrived);
    } else if (this.#spentStatus(message, hash, Method.INVITE) >= 300) {
      // Confirmed: the ACK again (RFC 3261 17.2.1).
      this.effects.count(Counter.retransmissionsIn);
    } else {
      // RFC 6026 7.1: in Accepted the ACK is the user's, whatever branch it came with.
      this.user.onAck(message, hop);
    }
  }

  #openServer(message: SipMessage, hop: Hop, hash: number): ServerTransaction {
    const { method } = message;
    const head = responseHead(message, hop);
    // RFC 3261 8.2.2.2: not inside a dialog; of a CANCEL, its INVITE is what counts.
    const mayMerge = !head.toTagged && method !== Method.CANCEL;
    const isInvite = method === Method.INVITE;
    const transaction: ServerTransaction = {
      slot: 0,
      kind: isInvite ? TransactionKind.inviteServer : TransactionKind.nonInviteServer,
      method,
      state: isInvite ? TransactionState.Proceeding : TransactionState.Trying,
      key: serverKey(message, method),
      mergeKey: mayMerge ? callIdText(message) : '',
      fromTag: mayMerge ? headerTag(message, HeaderId.from) : '',
      cseq: message.cseq,
      hop: responseHop(message, hop),
      source: hop,
      head,
      lastResponse: '',
      statusCode: 0,
      retransmitIndex: 0,
      retransmitTimer: 0,
      lifeTimer: 0,
      owner: undefined,
    };
    this.#servers.add(transaction, hash);
    return transaction;
  }

  /** Hands a new request to the user. When that throws and nobody owns the transaction, nobody would
   *  ever end it either. */
  #offer(transaction: ServerTransaction, message: SipMessage, cancelled: CancelledInvite): void {
    let isTaken = false;
    try {
      this.user.onRequest(transaction, message, cancelled);
      isTaken = true;
    } finally {
      if (!isTaken && transaction.owner === undefined) this.terminate(transaction);
      else if (transaction.kind === TransactionKind.nonInviteServer) awaitAnswer(this, transaction);
    }
  }

  /** Answers without a transaction (RFC 3261 8.2.7). */
  #refuse(message: SipMessage, hop: Hop, reason: 482 | 503): void {
    const statusCode = this.user.refusalTowards(hop, reason);
    if (statusCode === 0) return;
    const headers = statusCode === 503 ? 'Retry-After: 10\r\n' : '';
    const text = writeFaultReply(message, statusCode, hop, headers);
    this.effects.send(responseHop(message, hop), text);
  }

  #toServer(transaction: ServerTransaction, event: ServerEvent): void {
    if (transaction.kind === TransactionKind.inviteServer) {
      inviteServerEvent(this, transaction, event);
    } else {
      nonInviteServerEvent(this, transaction, event);
    }
  }

  #toClient(transaction: ClientTransaction, event: ClientEvent): void {
    if (transaction.kind === TransactionKind.inviteClient) {
      inviteClientEvent(this, transaction, event);
    } else {
      nonInviteClientEvent(this, transaction, event);
    }
  }
}

function isServer(
  transaction: ServerTransaction | ClientTransaction,
): transaction is ServerTransaction {
  const { kind } = transaction;
  return kind === TransactionKind.inviteServer || kind === TransactionKind.nonInviteServer;
}

/** Connection 0 means any connection to that peer. */
function isSameStream(hop: Hop, failed: Hop): boolean {
  if (hop.transport !== failed.transport) return false;
  if (hop.connection !== 0 && failed.connection !== 0) return hop.connection === failed.connection;
  return hop.address === failed.address && hop.port === failed.port;
}
