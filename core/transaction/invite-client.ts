// The INVITE client transaction: RFC 3261 17.1.1 with the Accepted state of RFC 6026 7.2. It
// acknowledges a non-2xx by itself; the ACK of a 2xx is the user's. In Proceeding it has no timer: how
// long to ring is the user's business, who ends the wait by `terminate`.
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { writeRequest } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import {
  type ClientEvent,
  ClientInput,
  disarm,
  illegalMove,
  isReliable,
  letGo,
  type MachinePort,
} from './machine-port.ts';
import { resendDelayMs } from './timer-values.ts';
import { type ClientTransaction, TransactionState } from './transaction.ts';

/** RFC 3261 8.1.1.6. */
const maxForwards = 70;

/** Arms timers A and B and sends the INVITE (state Calling). */
export function startInviteClient(
  port: MachinePort,
  transaction: ClientTransaction,
  text: string,
): void {
  if (!isReliable(transaction.hop)) {
    transaction.text = text;
    armRetransmit(port, transaction);
  }
  const { inviteGiveUpMs } = port.timers;
  transaction.lifeTimer = port.wheel.arm(transaction, TimerName.requestTimeout, inviteGiveUpMs);
  port.effects.send(transaction.hop, text);
}

export function inviteClientEvent(
  port: MachinePort,
  transaction: ClientTransaction,
  event: ClientEvent,
): void {
  switch (transaction.state) {
    case TransactionState.Calling:
      return calling(port, transaction, event);
    case TransactionState.Proceeding:
      return proceeding(port, transaction, event);
    case TransactionState.Completed:
      return completed(port, transaction, event);
    case TransactionState.Accepted:
      return accepted(port, transaction, event);
    default:
      return; // Terminated
  }
}

function calling(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response:
      return takeResponse(port, transaction, event.message!);
    case ClientInput.retransmitDue: // A
      port.effects.count(Counter.retransmissionsOut);
      port.effects.send(transaction.hop, transaction.text);
      transaction.retransmitIndex++;
      return armRetransmit(port, transaction);
    case ClientInput.timeout: // B
      enter(port, transaction, TransactionState.Terminated);
      port.user.onClientFailure(transaction, 'timeout');
      return;
    case ClientInput.transportFailure:
      enter(port, transaction, TransactionState.Terminated);
      port.user.onClientFailure(transaction, 'transport');
      return;
    default:
      return;
  }
}

function proceeding(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response:
      return takeResponse(port, transaction, event.message!);
    case ClientInput.transportFailure:
      enter(port, transaction, TransactionState.Terminated);
      port.user.onClientFailure(transaction, 'transport');
      return;
    default:
      return; // no timer runs in this state
  }
}

/** In Calling and Proceeding every response is the user's; the class decides the next state. */
function takeResponse(
  port: MachinePort,
  transaction: ClientTransaction,
  message: SipMessage,
): void {
  const { statusCode } = message;
  if (statusCode >= 300) {
    transaction.ackText = ackOf(transaction, message);
    // Kept here: over a stream the move to Completed ends in Terminated at once.
    const { ackText } = transaction;
    enter(port, transaction, TransactionState.Completed);
    port.effects.send(transaction.hop, ackText);
  } else if (statusCode >= 200) {
    enter(port, transaction, TransactionState.Accepted);
  } else if (transaction.state === TransactionState.Calling) {
    enter(port, transaction, TransactionState.Proceeding);
  }
  port.user.onResponse(transaction, message);
  if (statusCode >= 300) letGo(transaction);
}

function completed(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response:
      if (event.message!.statusCode < 300) {
        port.effects.count(Counter.strayResponses);
        return;
      }
      // RFC 3261 17.1.1.2: each repeat is acknowledged, and is not for the user.
      port.effects.count(Counter.retransmissionsIn);
      port.effects.send(transaction.hop, transaction.ackText);
      return;
    case ClientInput.lingerOver: // D
    case ClientInput.transportFailure:
      // The user has its answer; a lost ACK changes nothing for it.
      return enter(port, transaction, TransactionState.Terminated);
    default:
      return;
  }
}

function accepted(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response: {
      const { statusCode } = event.message!;
      if (statusCode >= 200 && statusCode < 300) {
        // RFC 6026 7.2: repeats and other branches alike; the user acknowledges each.
        port.user.onResponse(transaction, event.message!);
      } else {
        port.effects.count(Counter.strayResponses);
      }
      return;
    }
    case ClientInput.lingerOver: // M
    case ClientInput.transportFailure:
      return enter(port, transaction, TransactionState.Terminated);
    default:
      return;
  }
}

/** RFC 3261 17.1.1.3: the INVITE's own branch, Request-URI, Route and number, the response's To. */
function ackOf(transaction: ClientTransaction, response: SipMessage): string {
  const { request } = transaction;
  return writeRequest(
    {
      method: Method.ACK,
      requestUri: request.requestUri,
      sentBy: request.sentBy,
      branch: request.branch,
      from: request.from,
      to: headerText(response, HeaderId.to) ?? request.to,
      callId: request.callId,
      cseq: request.cseq,
      routes: request.routes,
      maxForwards,
    },
    '',
    '',
  );
}

/** The one door: refuses moves that the figure does not draw and arms the timers of the new state. */
function enter(port: MachinePort, transaction: ClientTransaction, state: TransactionState): void {
  if (!mayMove(transaction.state, state)) {
    throw illegalMove('INVITE client', transaction.state, state);
  }
  disarm(port, transaction);
  transaction.state = state;
  transaction.text = '';
  switch (state) {
    case TransactionState.Proceeding:
      return;
    case TransactionState.Accepted:
      // Timer M runs over streams too: 2xx are repeated end to end (RFC 6026 7.2).
      return armLinger(port, transaction);
    case TransactionState.Completed:
      // Timer D is zero over streams.
      if (isReliable(transaction.hop)) return enter(port, transaction, TransactionState.Terminated);
      return armLinger(port, transaction);
    default:
      transaction.ackText = '';
      port.dropClient(transaction);
  }
}

function mayMove(from: TransactionState, to: TransactionState): boolean {
  switch (to) {
    case TransactionState.Proceeding:
      return from === TransactionState.Calling;
    case TransactionState.Accepted:
    case TransactionState.Completed:
      return from === TransactionState.Calling || from === TransactionState.Proceeding;
    case TransactionState.Terminated:
      return from !== TransactionState.Terminated;
    default:
      return false;
  }
}

/** Ends it at once, whatever its state. */
export function terminateInviteClient(port: MachinePort, transaction: ClientTransaction): void {
  if (transaction.state !== TransactionState.Terminated) {
    enter(port, transaction, TransactionState.Terminated);
  }
}

function armRetransmit(port: MachinePort, transaction: ClientTransaction): void {
  const delayMs = resendDelayMs(port.timers, transaction.retransmitIndex);
  transaction.retransmitTimer = port.wheel.arm(transaction, TimerName.retransmitRequest, delayMs);
}

function armLinger(port: MachinePort, transaction: ClientTransaction): void {
  const { giveUpMs } = port.timers;
  transaction.lifeTimer = port.wheel.arm(transaction, TimerName.clientLinger, giveUpMs);
}
