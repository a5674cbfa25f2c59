// One shard of the softswitch: a call worker's whole logic. Bytes, time and configuration in; effects
// out. It wires the layers together and decides nothing itself.
import { isEmergencyInvite } from './access/emergency-invite.ts';
import type { NumberWatch } from './admission/number-watch.ts';
import { billingRules } from './billing/billing-rules.ts';
import type { BillingState } from './billing/call-billing.ts';
import type { PackageBalance } from './billing/gifts.ts';
import type { MessageBytes } from './bytes/latin1.ts';
import { onAnswerResendTimer } from './call/answer-resend.ts';
import { onBalanceTimer } from './call/balance-watch.ts';
import type {
  AnswerResend,
  Call,
  CallDialog,
  InboundLeg,
  OutboundLeg,
  Relay,
} from './call/call.ts';
import { OwnerKind } from './call/call.ts';
import { createCallControl } from './call/call-control.ts';
import { onDurationTimer } from './call/call-duration.ts';
import { endCall } from './call/call-ending.ts';
import { createCallTable, forgetDialog } from './call/call-table.ts';
import { dynamicLists } from './call/dynamic-lists.ts';
import type { CallEnvironment } from './call/environment.ts';
import { onLengthWarning } from './call/fraud-watch.ts';
import { onProtectTimer } from './call/hunting.ts';
import { createLocalIdentity, type Listener, mintBranch } from './call/local-identity.ts';
import {
  createOptionsChecks,
  onOptionsCheckTimer,
  planOptionsChecks,
} from './call/options-check.ts';
import { onAttemptTimer } from './call/outbound-leg.ts';
import { onReinviteTimer } from './call/reinvite.ts';
import { onReliableTimer } from './call/reliable-provisional.ts';
import { createTransactionUser } from './call/request-dispatch.ts';
import { refusalTowards } from './call/request-screen.ts';
import { createMinutePrice } from './call/route-prices.ts';
import type { AnswerRecord, DialogRecord } from './cdr/cdr.ts';
import type { Snapshot } from './configuration/snapshot.ts';
import type { Effects } from './effects.ts';
import { type EndReason, EndReasons } from './end-reason.ts';
import { Counter } from './metrics/counter-layout.ts';
import { tableHashKey } from './shard/call-id-shard.ts';
import { Fault, faultStatus } from './sip/fault.ts';
import type { Hop, Transport } from './sip/hop.ts';
import { createMessage, type SipMessage } from './sip/message.ts';
import { Method } from './sip/method.ts';
import { parseMessage } from './sip/parse-message.ts';
import { writeFaultReply } from './sip/stateless-reply.ts';
import { writeRequest } from './sip/write-message.ts';
import { firstCallTimer, TimerName } from './time/timer-name.ts';
import { TimerWheel } from './time/timer-wheel.ts';
import { timerValues } from './transaction/timer-values.ts';
import { TransactionLayer } from './transaction/transaction-layer.ts';

export interface SwitchOptions {
  readonly effects: Effects;
  readonly listeners: readonly Listener[];
  readonly node: string;
  /** Makes ids of this run of this worker unique over restarts. */
  readonly runId: string;
  readonly workerIndex: number;
  /** Two 32-bit words, shared by all threads: keys the Call-ID check and the shard hash. */
  readonly shardKey: Uint32Array;
  /** Uniform 32-bit unsigned integers, unpredictable to peers. */
  readonly random32: () => number;
  /** At least 64 bytes for the worker's own use. */
  readonly scratch: MessageBytes;
  readonly snapshot: Snapshot;
  /** Shared with the other workers; absent: there are no dynamic black lists. */
  readonly watch?: NumberWatch | undefined;
  /** Monotonic and wall-clock milliseconds now. */
  readonly nowMs: number;
  readonly wallMs: number;
  /** Called before each timer: what follows is undone alone if it throws. */
  readonly beforeTimer?: () => void;
}

export class Switch {
  readonly #env: CallEnvironment;
  readonly #layer: TransactionLayer;
  readonly #wheel: TimerWheel;
  readonly #watch: NumberWatch | undefined;
  readonly #message: SipMessage = createMessage();
  readonly #fire: (owner: object, timer: number) => void;

  constructor(options: SwitchOptions) {
    this.#watch = options.watch;
    this.#wheel = new TimerWheel(options.nowMs);
    const environment = (): CallEnvironment => this.#env;
    this.#layer = new TransactionLayer({
      effects: options.effects,
      wheel: this.#wheel,
      user: createTransactionUser(environment),
      timers: timerValues(options.snapshot.parameters),
      hashKey: tableHashKey(options.shardKey),
    });
    this.#env = {
      effects: options.effects,
      transactions: this.#layer,
      wheel: this.#wheel,
      table: createCallTable(),
      identity: createLocalIdentity(options),
      control: createCallControl(environment),
      node: options.node,
      runId: options.runId,
      snapshot: options.snapshot,
      billing: billingOf(options.snapshot),
      dynamicLists: dynamicLists(options.snapshot.parameters, options.watch),
      minutePrice: createMinutePrice(environment),
      optionsChecks: createOptionsChecks(),
      nowMs: options.nowMs,
      wallMs: options.wallMs,
      waitedMs: 0,
      draining: false,
      callsUp: 0,
      callsAnsweredUp: 0,
      nextCallNumber: 0,
      current: undefined,
    };
    planOptionsChecks(this.#env, options.snapshot);
    const { beforeTimer } = options;
    this.#fire = (owner, timer) => {
      beforeTimer?.();
      this.#onTimer(owner, timer);
    };
  }

  /** Calls set up or being set up. */
  get callsUp(): number {
    return this.#env.callsUp;
  }

  get callsAnsweredUp(): number {
    return this.#env.callsAnsweredUp;
  }

  get transactionCount(): number {
    return this.#layer.size;
  }

  get timerCount(): number {
    return this.#wheel.size;
  }

  /** How long no timer is due, at most `atMostMs`. */
  untilTimerMs(nowMs: number, atMostMs: number): number {
    return this.#wheel.untilNextMs(nowMs, atMostMs);
  }

  /** Sets the clocks for what follows; called once a batch, before it. */
  setNow(nowMs: number, wallMs: number): void {
    this.#env.nowMs = nowMs;
    this.#env.wallMs = wallMs;
    // What is armed from now on counts from now, also when no tick has passed for a while.
    this.#wheel.nowMs = nowMs;
  }

  /** One whole SIP message. `waitedMs`: how long it lay in the ring. */
  onMessage(bytes: MessageBytes, end: number, hop: Hop, waitedMs: number): void {
    const env = this.#env;
    env.current = undefined;
    env.waitedMs = waitedMs;
    const message = this.#message;
    const fault = parseMessage(message, bytes, end, hop.transport);
    if (fault !== Fault.ok) {
      this.#onFault(fault, hop);
    } else if (message.isRequest) {
      env.effects.count(Counter.requestsIn);
      this.#layer.onRequestMessage(message, hop);
    } else {
      env.effects.count(Counter.responsesIn);
      this.#layer.onResponseMessage(message, hop);
    }
  }

  /** RFC 3261 8.2.7, 21.4.1: a request that cannot be read is answered without a transaction. */
  #onFault(fault: Fault, hop: Hop): void {
    this.#env.effects.count(Counter.parseFaults);
    const due = faultStatus(fault);
    if (due === 0 || !this.#message.isRequest) return;
    const status = refusalTowards(this.#env, hop, due);
    if (status === 0) return;
    const reply = writeFaultReply(this.#message, status, hop, '');
    if (reply !== '') this.#env.effects.send(hop, reply);
  }

  /** Fires the timers that are due. */
  onTimers(): void {
    this.#wheel.advance(this.#env.nowMs, this.#fire);
  }

  /** Gives back room that a peak has left; outside of a batch, for a quiet moment. */
  trim(): void {
    this.#layer.trim();
    this.#wheel.shrink();
  }

  #onTimer(owner: object, timer: number): void {
    const env = this.#env;
    env.current = undefined;
    if (timer < firstCallTimer) {
      this.#layer.onTimer(owner, timer);
      return;
    }
    switch (timer) {
      case TimerName.attempt:
        return this.#onAttemptTimer(owner as OutboundLeg | Relay);
      case TimerName.resend2xx:
        env.current = (owner as AnswerResend).dialog.call;
        return onAnswerResendTimer(env, owner as AnswerResend);
      case TimerName.resendProvisional:
        env.current = (owner as InboundLeg).call;
        return onReliableTimer(env, owner as InboundLeg);
      case TimerName.balance:
        env.current = owner as Call;
        return onBalanceTimer(env, owner as Call);
      case TimerName.optionsCheck:
        return onOptionsCheckTimer(env);
      case TimerName.protectRoute:
        env.current = owner as Call;
        return onProtectTimer(env, owner as Call);
      case TimerName.duration:
        env.current = owner as Call;
        return onDurationTimer(env, owner as Call);
      case TimerName.lengthWarning:
        env.current = owner as Call;
        return onLengthWarning(env, owner as Call);
      case TimerName.callLinger:
        env.current = (owner as CallDialog).call;
        return forgetDialog(env.table, owner as CallDialog);
    }
  }

  /** An INVITE of ours waited long enough: one that begins a call, or one inside a call. */
  #onAttemptTimer(owner: OutboundLeg | Relay): void {
    const env = this.#env;
    if (owner.kind === OwnerKind.relay) {
      env.current = owner.to.call;
      onReinviteTimer(env, owner);
    } else {
      env.current = owner.call;
      onAttemptTimer(env, owner);
    }
  }

  /** From now on new calls run on this version; running calls keep what they have. */
  onConfiguration(snapshot: Snapshot): void {
    this.#env.current = undefined;
    this.#env.snapshot = snapshot;
    this.#env.billing = billingOf(snapshot);
    this.#env.dynamicLists = dynamicLists(snapshot.parameters, this.#watch);
    this.#layer.timers = timerValues(snapshot.parameters);
    planOptionsChecks(this.#env, snapshot);
  }

  /** Whether a new INVITE is an emergency call, before it is parsed. */
  callsForHelp(bytes: MessageBytes, length: number, hop: Hop): boolean {
    return isEmergencyInvite(this.#env.snapshot, bytes, length, hop);
  }

  /** The status of a refusal at the door, where a gateway of ours would hear `statusCode`; 0: nothing is said. */
  refusalTowards(source: Hop, statusCode: number): number {
    return refusalTowards(this.#env, source, statusCode);
  }

  /** A stream to this peer could not be opened or broke (UDP never reports). */
  onTransportFailure(hop: Hop): void {
    this.#env.current = undefined;
    this.#layer.onHopFailure(hop);
  }

  /** After a crash of this process or of another worker: hang up both legs of an answered call. */
  hangUpOrphan(answer: AnswerRecord): void {
    this.#env.current = undefined;
    this.#sendOrphanBye(answer.caller);
    this.#sendOrphanBye(answer.callee);
  }

  #sendOrphanBye(dialog: DialogRecord): void {
    const { identity } = this.#env;
    // The sockets may have changed with the node file since the call was set up.
    const listener = Math.min(dialog.listener, identity.listeners.length - 1);
    const hop: Hop = {
      transport: dialog.transport as Transport,
      listener,
      connection: 0,
      address: dialog.address,
      port: dialog.port,
    };
    const parts = {
      method: Method.BYE,
      requestUri: dialog.remoteTarget,
      sentBy: identity.listeners[listener]!.sentBy,
      branch: mintBranch(identity),
      from: dialog.local,
      to: dialog.remote,
      callId: dialog.callId,
      // Requests after the answer record may have used a few numbers (RFC 3261 12.2.1.1: only upwards).
      cseq: dialog.localSeq + orphanSeqStep,
      routes: dialog.routes,
      maxForwards: 70,
    };
    this.#layer.request(hop, parts, writeRequest(parts, '', ''));
  }

  /** No new calls: INVITEs get 503. */
  drain(): void {
    this.#env.current = undefined;
    this.#env.draining = true;
    planOptionsChecks(this.#env, this.#env.snapshot);
  }

  /** Ends every call: BYE on both legs, 503 to callers not yet answered. */
  endAllCalls(reason: EndReason): void {
    this.#env.current = undefined;
    for (const call of [...this.#env.table.calls]) endCall(this.#env, call, reason);
  }

  /** A handler threw and its effects were discarded: ends the one call it worked on. */
  endFaultyCall(): void {
    const call = this.#env.current;
    this.#env.current = undefined;
    if (call !== undefined) endCall(this.#env, call, EndReasons.serverForcedRelease);
  }
}

const orphanSeqStep = 1000;

function billingOf(snapshot: Snapshot): BillingState {
  return { snapshot, rules: billingRules(snapshot.parameters), packagesOf: noPackages };
}

/** What an account has left of its packages is the ledger's to know, and there is none yet. */
function noPackages(): readonly PackageBalance[] {
  return noneLeft;
}
const noneLeft: readonly PackageBalance[] = [];
