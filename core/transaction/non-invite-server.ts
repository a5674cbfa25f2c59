// The non-INVITE server transaction: RFC 3261 17.2.2 as RFC 4320 4 amends it. No provisional but 100,
// that one neither early over UDP nor missing when the user is slow, and never a 408.
import { Counter } from '../metrics/counter-layout.ts';
import { writeResponse } from '../sip/write-message.ts';
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
import { tryingDueMs } from './timer-values.ts';
import { type ServerTransaction, TransactionState } from './transaction.ts';

export function nonInviteServerEvent(
  port: MachinePort,
  transaction: ServerTransaction,
  event: ServerEvent,
): void {
  switch (transaction.state) {
    case TransactionState.Trying:
      return trying(port, transaction, event);
    case TransactionState.Proceeding:
      return proceeding(port, transaction, event);
    case TransactionState.Completed:
      return completed(port, transaction, event);
    default:
      // Terminated: a response of the user that comes too late goes nowhere.
      return;
  }
}

/** After the user has seen the request: most are answered by then and need no timer of Trying. */
export function awaitAnswer(port: MachinePort, transaction: ServerTransaction): void {
  if (transaction.state !== TransactionState.Trying) return;
  const { wheel, timers } = port;
  transaction.retransmitTimer = wheel.arm(transaction, TimerName.tryingDue, tryingDueMs(timers));
  transaction.lifeTimer = wheel.arm(transaction, TimerName.serverLinger, timers.giveUpMs);
}

function trying(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  switch (event.input) {
    case ServerInput.request:
      port.effects.count(Counter.retransmissionsIn);
      return;
    case ServerInput.response:
      // RFC 4320 4.1: over UDP the 100 waits for timer `tryingDue`; over a stream it may go at any time.
      if (event.statusCode !== 100) return answer(port, transaction, event);
      if (isReliable(transaction.hop)) sendTrying(port, transaction, event.text);
      return;
    case ServerInput.tryingDue:
      return sendTrying(
        port,
        transaction,
        writeResponse(transaction.head, 100, '', transaction.head.timestamp),
      );
    case ServerInput.lingerOver:
      // The peer's timer F is over: whatever is sent now is a stray there (RFC 4320 4.2).
      return enter(port, transaction, TransactionState.Terminated);
    default:
      return;
  }
}

function sendTrying(port: MachinePort, transaction: ServerTransaction, text: string): void {
  transaction.statusCode = 100;
  transaction.lastResponse = text;
  enter(port, transaction, TransactionState.Proceeding);
  port.effects.send(transaction.hop, text);
}

function proceeding(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  switch (event.input) {
    case ServerInput.request:
      port.effects.count(Counter.retransmissionsIn);
      port.effects.send(transaction.hop, transaction.lastResponse);
      return;
    case ServerInput.response:
      return answer(port, transaction, event);
    case ServerInput.lingerOver:
      return enter(port, transaction, TransactionState.Terminated);
    default:
      return;
  }
}

function answer(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  const { statusCode, text } = event;
  // RFC 4320 4.1: no provisional but 100, and that one has been sent.
  if (statusCode < 200) return;
  transaction.statusCode = statusCode;
  // RFC 4320 4.2: the peer has timed out by itself; a 408 would only add a stray.
  if (statusCode === 408) return enter(port, transaction, TransactionState.Terminated);
  transaction.lastResponse = text;
  enter(port, transaction, TransactionState.Completed);
  port.effects.send(transaction.hop, text);
}

function completed(port: MachinePort, transaction: ServerTransaction, event: ServerEvent): void {
  switch (event.input) {
    case ServerInput.request:
      port.effects.count(Counter.retransmissionsIn);
      port.effects.send(transaction.hop, transaction.lastResponse);
      return;
    case ServerInput.lingerOver: // J
      return enter(port, transaction, TransactionState.Terminated);
    default:
      return; // RFC 3261 17.2.2: a further final response of the user is discarded
  }
}

/** The one door: refuses moves that the figure does not draw and arms the timers of the new state. */
function enter(port: MachinePort, transaction: ServerTransaction, state: TransactionState): void {
  if (!mayMove(transaction.state, state)) {
    throw illegalMove('non-INVITE server', transaction.state, state);
  }
  if (state === TransactionState.Proceeding) {
    transaction.state = state;
    transaction.retransmitTimer = port.wheel.cancel(transaction.retransmitTimer);
    return; // the life timer of Trying runs on
  }
  disarm(port, transaction);
  transaction.state = state;
  dropHead(transaction);
  // Timer J is zero over streams.
  if (state === TransactionState.Completed && isReliable(transaction.hop)) {
    return enter(port, transaction, TransactionState.Terminated);
  }
  if (state === TransactionState.Completed) {
    const { giveUpMs } = port.timers;
    transaction.lifeTimer = port.wheel.arm(transaction, TimerName.serverLinger, giveUpMs);
    return;
  }
  transaction.lastResponse = '';
  port.dropServer(transaction);
}

function mayMove(from: TransactionState, to: TransactionState): boolean {
  switch (to) {
    case TransactionState.Proceeding:
      return from === TransactionState.Trying;
    case TransactionState.Completed:
      return from === TransactionState.Trying || from === TransactionState.Proceeding;
    case TransactionState.Terminated:
      return from !== TransactionState.Terminated;
    default:
      return false;
  }
}

/** Ends it at once, whatever its state. */
export function terminateNonInviteServer(port: MachinePort, transaction: ServerTransaction): void {
  if (transaction.state !== TransactionState.Terminated) {
    enter(port, transaction, TransactionState.Terminated);
  }
}
