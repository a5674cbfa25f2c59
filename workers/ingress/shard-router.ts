// Puts each message into the ring of the worker that owns its call: a byte scan for the Call-ID, no
// parsing. When a ring is nearly full, or its worker is too far behind (crowding.ts), new INVITEs are refused at
// the door (overload-reply.ts), so that what belongs to calls that are up still gets through; the repeat of one that was
// taken is not refused but dropped, or its caller would give up a call that goes on. The repeat of one that
// was refused is refused again, or a call would ring whose caller has been told no. Calls for help get in with
// what belongs to calls.
import { keyedHash } from '../../core/bytes/keyed-hash.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { mintedShard, shardOfCallId } from '../../core/shard/call-id-shard.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { type CallIdSpan, PeekResult, peekCallId } from '../../core/sip/peek-call-id.ts';
import type { RingEntry, RingWriter } from '../memory/spsc-ring.ts';
import type { WakeSignal } from '../memory/wake-signal.ts';
import { RecordKind } from '../thread-messages.ts';
import { Crowding } from './crowding.ts';
import { InviteMemory, inviteFingerprint } from './invite-memory.ts';
import { createOverloadReply, type OverloadReply } from './overload-reply.ts';

export interface ShardRouterOptions {
  /** Index: worker. */
  rings: readonly Pick<RingWriter, 'push' | 'oldestWaitMs'>[];
  signals: readonly Pick<WakeSignal, 'wake'>[];
  shardKey: Uint32Array;
  /** The main thread's block. */
  counters: Float64Array;
  clock: () => number;
  /** Sends a byte string back from the listener of the hop. */
  reply: (hop: Hop, text: string) => void;
  /** Whether a new INVITE is an emergency call; asked only where there is no room. */
  isEmergency: (bytes: Buffer, length: number, hop: Hop) => boolean;
  /** The status of a refusal where a gateway of ours would hear `statusCode`; 0: nothing is said. */
  refusalTowards: (hop: Hop, statusCode: number) => number;
}

/** RFC 8489 5: a STUN header has 20 octets, the first two bits zero. */
const stunHeaderBytes = 20;
const stunFirstOctetMax = 3;

/** RFC 3261 17.1.1.2, timer B: for so long a caller repeats its INVITE. */
const repeatSeconds = 32;
/** Copies that cross our 503 leave the caller 0.5 and 1.5 s after the first one. Later ones mean that he never
 *  got it; and a caller who did comes back after two seconds (overload-reply.ts). */
const refusedSeconds = 2;
/** Each router's; further ones are refused as other calls are. */
const emergenciesPerSecond = 100;

export class ShardRouter {
  readonly #rings: ShardRouterOptions['rings'];
  readonly #signals: ShardRouterOptions['signals'];
  readonly #shardKey: Uint32Array;
  readonly #counters: Float64Array;
  readonly #clock: () => number;
  readonly #reply: (hop: Hop, text: string) => void;
  readonly #isEmergency: ShardRouterOptions['isEmergency'];
  readonly #refusalTowards: ShardRouterOptions['refusalTowards'];
  readonly #overloadReply: OverloadReply;
  readonly #span: CallIdSpan = { start: 0, end: 0 };
  readonly #entry: RingEntry;
  readonly #admitted: InviteMemory = new InviteMemory(repeatSeconds);
  readonly #refused: InviteMemory = new InviteMemory(refusedSeconds);
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  /** Emergency calls let in past a full ring in this second. */
  #emergencies = 0;
  #emergencySecond = 0;
  /** Index: worker. */
  readonly #crowding: readonly Crowding[];
  /** Index: worker; 1: its ring got something in this turn. */
  readonly #toWake: Uint8Array;
  #wakeIsDue = false;

  constructor(options: ShardRouterOptions) {
    this.#rings = options.rings;
    this.#signals = options.signals;
    this.#shardKey = options.shardKey;
    this.#counters = options.counters;
    this.#clock = options.clock;
    this.#reply = options.reply;
    this.#isEmergency = options.isEmergency;
    this.#refusalTowards = options.refusalTowards;
    this.#overloadReply = createOverloadReply();
    this.#crowding = options.rings.map(() => new Crowding());
    this.#toWake = new Uint8Array(options.rings.length);
    this.#entry = {
      kind: RecordKind.message,
      urgent: false,
      nowMs: 0,
      hop: { transport: 0, listener: 0, connection: 0, address: '', port: 0 },
    };
  }

  /** One datagram, or one message framed from a stream. */
  route(bytes: Buffer, length: number, hop: Hop): void {
    const kind = peekCallId(bytes, length, this.#span);
    if (kind === PeekResult.keepAlive || isStun(bytes, length)) {
      this.#counters[Counter.keepAlivesIn]!++;
      return;
    }
    if (kind === PeekResult.nothing) {
      this.#counters[Counter.dropNoCallId]!++;
      return;
    }
    const entry = this.#entry;
    entry.hop = hop;
    entry.urgent = kind === PeekResult.request || kind === PeekResult.response;
    // One reading for all that this turn of the event loop brings, as for the wake.
    if (!this.#wakeIsDue) entry.nowMs = this.#clock();
    if (kind === PeekResult.newInvite) this.#routeNewInvite(bytes, length);
    else {
      const worker =
        kind === PeekResult.noCallId
          ? 0
          : shardOfCallId(bytes, this.#span, this.#shardKey, this.#rings.length);
      if (this.#rings[worker]!.push(entry, bytes, length)) this.#wakeSoon(worker);
      else this.#counters[Counter.dropRingFull]!++;
    }
  }

  /** As any other message, but remembered: one hash serves both. */
  #routeNewInvite(bytes: Buffer, length: number): void {
    const { start, end } = this.#span;
    const hash = keyedHash(bytes, start, end, this.#shardKey);
    const print = inviteFingerprint(bytes, length, this.#span, hash);
    const minted = mintedShard(bytes, this.#span, this.#shardKey, this.#rings.length);
    const worker = minted >= 0 ? minted : hash % this.#rings.length;
    if (this.#wasRefused(print)) this.#refuse(bytes, length, print);
    else if (!this.#isCrowded(worker) && this.#rings[worker]!.push(this.#entry, bytes, length)) {
      this.#admitted.remember(print, this.#entry.nowMs);
      this.#wakeSoon(worker);
    } else if (!this.#isKnownRepeat(print)) {
      if (this.#pushEmergency(worker, bytes, length)) {
        this.#admitted.remember(print, this.#entry.nowMs);
        this.#wakeSoon(worker);
      } else this.#refuse(bytes, length, print);
    }
  }

  #isCrowded(worker: number): boolean {
    const { nowMs } = this.#entry;
    return this.#crowding[worker]!.judge(this.#rings[worker]!.oldestWaitMs(nowMs), nowMs);
  }

  /** Into the room that is kept for calls that are up; a flood of such calls must not take all of it. */
  #pushEmergency(worker: number, bytes: Buffer, length: number): boolean {
    const entry = this.#entry;
    const second = Math.floor(entry.nowMs / 1000);
    if (second !== this.#emergencySecond) {
      this.#emergencySecond = second;
      this.#emergencies = 0;
    }
    if (this.#emergencies >= emergenciesPerSecond) return false;
    if (!this.#isEmergency(bytes, length, entry.hop)) return false;
    entry.urgent = true;
    const pushed = this.#rings[worker]!.push(entry, bytes, length);
    entry.urgent = false;
    if (!pushed) return false;
    this.#emergencies++;
    this.#counters[Counter.emergencyRingFull]!++;
    return true;
  }

  /** One wake for all that this turn of the event loop brings: datagrams come in bursts, and waking a
   *  thread costs as much as handling one. */
  #wakeSoon(worker: number): void {
    if (this.#toWake[worker] === 1) return;
    this.#toWake[worker] = 1;
    if (this.#wakeIsDue) return;
    this.#wakeIsDue = true;
    setImmediate(this.#wakeAll);
  }

  readonly #wakeAll = (): void => {
    this.#wakeIsDue = false;
    for (let worker = 0; worker < this.#toWake.length; worker++) {
      if (this.#toWake[worker] === 0) continue;
      this.#toWake[worker] = 0;
      this.#signals[worker]!.wake();
    }
  };

  /** Of one that was taken: nothing is said. Over a stream nobody repeats: what comes there is answered
   *  (RFC 3261 17.1.1.2). */
  #isKnownRepeat(print: number): boolean {
    const { hop, nowMs } = this.#entry;
    if (hop.transport !== Transport.udp || !this.#admitted.has(print, nowMs)) return false;
    this.#counters[Counter.dropRepeatRingFull]!++;
    return true;
  }

  #wasRefused(print: number): boolean {
    const { hop, nowMs } = this.#entry;
    if (nowMs - this.#refusedAtMs > (refusedSeconds + 1) * 1000) return false;
    return hop.transport === Transport.udp && this.#refused.has(print, nowMs);
  }

  #refuse(bytes: Buffer, length: number, print: number): void {
    const { hop, nowMs } = this.#entry;
    // From the first copy on.
    if (!this.#refused.has(print, nowMs)) {
      this.#refused.remember(print, nowMs);
      this.#refusedAtMs = nowMs;
    }
    this.#counters[Counter.refusedRingFull]!++;
    const statusCode = this.#refusalTowards(hop, 503);
    if (statusCode === 0) return;
    const text = this.#overloadReply(bytes, length, { hop, statusCode });
    if (text !== '') this.#reply(hop, text);
  }
}

function isStun(bytes: Buffer, length: number): boolean {
  return length >= stunHeaderBytes && bytes[0]! <= stunFirstOctetMax;
}
