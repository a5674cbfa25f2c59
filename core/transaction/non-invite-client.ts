// The non-INVITE client transaction: RFC 3261 17.1.2. It ends with its final response: what Completed and
// timer K are for, that further copies of it go nowhere, holds as well for a response without transaction.
import { Counter } from '../metrics/counter-layout.ts';
import type { SipMessage } from '../sip/message.ts';
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

/** Arms timers E and F and sends the request (state Trying). */
export function startNonInviteClient(
  port: MachinePort,
  transaction: ClientTransaction,
  text: string,
): void {
  if (!isReliable(transaction.hop)) {
    transaction.text = text;
    armRetransmit(port, transaction, resendDelayMs(port.timers, 0));
  }
  const { giveUpMs } = port.timers;
  transaction.lifeTimer = port.wheel.arm(transaction, TimerName.requestTimeout, giveUpMs);
  port.effects.send(transaction.hop, text);
}

export function nonInviteClientEvent(
  port: MachinePort,
  transaction: ClientTransaction,
  event: ClientEvent,
): void {
  switch (transaction.state) {
    case TransactionState.Trying:
      return trying(port, transaction, event);
    case TransactionState.Proceeding:
      return proceeding(port, transaction, event);
    default:
      return; // Terminated
  }
}

function trying(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response:
      return takeResponse(port, transaction, event.message!);
    case ClientInput.retransmitDue: // E
      resend(port, transaction);
      transaction.retransmitIndex++;
      return armRetransmit(
        port,
        transaction,
        resendDelayMs(port.timers, transaction.retransmitIndex),
      );
    case ClientInput.timeout: // F
      return fail(port, transaction, 'timeout');
    case ClientInput.transportFailure:
      return fail(port, transaction, 'transport');
    default:
      return;
  }
}

function proceeding(port: MachinePort, transaction: ClientTransaction, event: ClientEvent): void {
  switch (event.input) {
    case ClientInput.response:
      return takeResponse(port, transaction, event.message!);
    case ClientInput.retransmitDue: // E, from now on at T2
      resend(port, transaction);
      return armRetransmit(port, transaction, port.timers.t2Ms);
    case ClientInput.timeout: // F
      return fail(port, transaction, 'timeout');
    case ClientInput.transportFailure:
      return fail(port, transaction, 'transport');
    default:
      return;
  }
}

function takeResponse(
  port: MachinePort,
  transaction: ClientTransaction,
  message: SipMessage,
): void {
  if (message.statusCode >= 200) {
    enter(port, transaction, TransactionState.Terminated);
  } else if (transaction.state === TransactionState.Trying) {
    enter(port, transaction, TransactionState.Proceeding);
  }
  port.user.onResponse(transaction, message);
  if (message.statusCode >= 200) letGo(transaction);
}

function resend(port: MachinePort, transaction: ClientTransaction): void {
  port.effects.count(Counter.retransmissionsOut);
  port.effects.send(transaction.hop, transaction.text);
}

function fail(
  port: MachinePort,
  transaction: ClientTransaction,
  why: 'timeout' | 'transport',
): void {
  enter(port, transaction, TransactionState.Terminated);
  port.user.onClientFailure(transaction, why);
}

/** The one door: refuses moves that the figure does not draw and arms the timers of the new state. */
function enter(port: MachinePort, transaction: ClientTransaction, state: TransactionState): void {
  if (!mayMove(transaction.state, state)) {
    throw illegalMove('non-INVITE client', transaction.state, state);
  }
  transaction.state = state;
  // Timers E and F run on; E takes T2 when it next fires.
  if (state === TransactionState.Proceeding) return;
  disarm(port, transaction);
  transaction.text = '';
  port.dropClient(transaction);
}

function mayMove(from: TransactionState, to: TransactionState): boolean {
  switch (to) {
    case TransactionState.Proceeding:
      return from === TransactionState.Trying;
    case TransactionState.Terminated:
      return from !== TransactionState.Terminated;
    default:
      return false;
  }
}

/** Ends it at once, whatever its state. */
export function terminateNonInviteClient(port: MachinePort, transaction: ClientTransaction): void {
  if (transaction.state !== TransactionState.Terminated) {
    enter(port, transaction, TransactionState.Terminated);
  }
}

function armRetransmit(port: MachinePort, transaction: ClientTransaction, delayMs: number): void {
  transaction.retransmitTimer = port.wheel.arm(transaction, TimerName.retransmitRequest, delayMs);
}
