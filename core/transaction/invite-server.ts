// The INVITE server transaction: RFC 3261 17.2.1 with the Accepted state of RFC 6026 7.1. It sends no
// 100 by itself (the user does, at once), and leaves the 2xx and its resending to the user.
import { Counter } from '../metrics/counter-layout.ts';
import { TimerName } from '../time/timer-name.ts';
import {
  disarm,
  dropHead,
  illegalMove,
  isReliable,
  type MachinePort,
  type ServerEvent,
  ServerInput,
} from './machine-port.ts';
import { resendDelayMs } from './timer-values.ts';
import { type ServerTransaction, TransactionState } from './transaction.ts';

export function inviteServerEvent(
  port: MachinePort,
  transaction: ServerTransaction,
  event: ServerEvent,
): void {
  switch (transaction.state) {
    case TransactionState.Proceeding:
      return proceeding(port, transaction, event);
    case TransactionState.Accepted:
      return accepted(port, transaction, event);
    case TransactionState.Completed:
      return completed(port, transaction, event);
    default:
      // Confirmed, Terminated: a response of the user that comes too late goes nowhere.
      return;
  }
}

function proceeding(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  switch (event.input) {
    case ServerInput.request:
      port.effects.count(Counter.retransmissionsIn);
      repeatResponse(port, transaction);
      return;
    case ServerInput.response:
      return answer(port, transaction, event);
    case ServerInput.ack:
      // Nothing final was sent that it could acknowledge.
      port.effects.count(Counter.strayAcks);
      return;
    default:
      return; // no timer runs in this state
  }
}

function answer(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  const { statusCode, text } = event;
  transaction.statusCode = statusCode;
  if (statusCode < 200) {
    transaction.lastResponse = text;
  } else if (statusCode < 300) {
    enter(port, transaction, TransactionState.Accepted);
  } else {
    transaction.lastResponse = text;
    enter(port, transaction, TransactionState.Completed);
  }
  port.effects.send(transaction.hop, text);
}

/** Repeats of the INVITE are absorbed where spent transactions are (spent-transactions.ts), and an ACK goes
 *  to the user (RFC 6026 7.1). */
function accepted(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  if (event.input !== ServerInput.response) return;
  // The 2xx again, or that of another branch; nothing else can follow a 2xx.
  if (event.statusCode >= 200 && event.statusCode < 300) {
    port.effects.send(transaction.hop, event.text);
  }
}

function completed(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  switch (event.input) {
    case ServerInput.request:
      port.effects.count(Counter.retransmissionsIn);
      repeatResponse(port, transaction);
      return;
    case ServerInput.ack:
      return enter(port, transaction, TransactionState.Confirmed);
    case ServerInput.retransmitDue: // G
      port.effects.count(Counter.retransmissionsOut);
      repeatResponse(port, transaction);
      transaction.retransmitIndex++;
      return armRetransmit(port, transaction);
    case ServerInput.ackTimeout: // H
      enter(port, transaction, TransactionState.Terminated);
      port.user.onAckTimeout(transaction);
      return;
    default:
      return; // RFC 3261 17.2.1: a further final response of the user is discarded
  }
}

/** The one door: refuses moves that the figure does not draw and arms the timers of the new state. */
function enter(port: MachinePort, transaction: ServerTransaction, state: TransactionState): void {
  if (!mayMove(transaction.state, state)) {
    throw illegalMove('INVITE server', transaction.state, state);
  }
  disarm(port, transaction);
  transaction.state = state;
  dropHead(transaction);
  switch (state) {
    case TransactionState.Accepted:
      // Timer L runs over streams too: the 2xx and its ACK travel end to end (RFC 6026 7.1).
      transaction.lastResponse = '';
      return port.spendServer(transaction, port.timers.giveUpMs);
    case TransactionState.Completed:
      transaction.retransmitIndex = 0;
      armLife(port, transaction, TimerName.ackTimeout, port.timers.giveUpMs);
      if (!isReliable(transaction.hop)) armRetransmit(port, transaction);
      return;
    case TransactionState.Confirmed:
      transaction.lastResponse = '';
      // Timer I is zero over streams.
      if (isReliable(transaction.hop)) return enter(port, transaction, TransactionState.Terminated);
      return port.spendServer(transaction, port.timers.t4Ms);
    default:
      transaction.lastResponse = '';
      port.dropServer(transaction);
  }
}

function mayMove(from: TransactionState, to: TransactionState): boolean {
  switch (to) {
    case TransactionState.Accepted:
    case TransactionState.Completed:
      return from === TransactionState.Proceeding;
    case TransactionState.Confirmed:
      return from === TransactionState.Completed;
    case TransactionState.Terminated:
      return from !== TransactionState.Terminated;
    default:
      return false;
  }
}

/** Ends it at once, whatever its state. */
export function terminateInviteServer(port: MachinePort, transaction: ServerTransaction): void {
  if (transaction.state !== TransactionState.Terminated) {
    enter(port, transaction, TransactionState.Terminated);
  }
}

function repeatResponse(port: MachinePort, transaction: ServerTransaction): void {
  if (transaction.lastResponse !== '') {
    port.effects.send(transaction.hop, transaction.lastResponse);
  }
}

function armRetransmit(port: MachinePort, transaction: ServerTransaction): void {
  const delayMs = resendDelayMs(port.timers, transaction.retransmitIndex);
  transaction.retransmitTimer = port.wheel.arm(transaction, TimerName.retransmitResponse, delayMs);
}

function armLife(
  port: MachinePort,
  transaction: ServerTransaction,
  timer: number,
  delayMs: number,
): void {
  transaction.lifeTimer = port.wheel.arm(transaction, timer, delayMs);
}
