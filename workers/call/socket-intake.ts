// The intake of an engine with one call worker: it takes its datagrams from the sockets itself, many at
// once, with no thread in between. What the main thread has to say (streams) still comes by the ring.
//
// Waiting. While there is traffic the thread waits in poll(2), for its sockets and for the doorbell that
// the main thread rings after a push. When datagrams come densely it does not wait for the next one but
// sleeps for a moment and takes what has come since: more datagrams a turn, with one write to the CDR log
// and one send for all. Without traffic the event loop waits, on the same sockets under node:dgram.
//
// Overload. The kernel's queue is the ring: when its head has waited too long, or a full batch finds it filled
// over half, new INVITEs are refused at the door (shard-router.ts) and the rest of the queue is kept for what
// belongs to calls.
import type { RemoteInfo } from 'node:dgram';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { messageBytesMin } from '../../core/sip/parse-message.ts';
import { BatchReceiver, batchMax } from '../datagram/batch-receiver.ts';
import type { Doorbell } from '../datagram/doorbell.ts';
import { createQueueFill, type KernelSocket } from '../datagram/kernel-socket.ts';
import { watchSocket } from '../datagram/socket-watch.ts';
import { ShardRouter } from '../ingress/shard-router.ts';
import type { RingEntry } from '../memory/spsc-ring.ts';
import { PollEvent, type SystemCalls } from '../system-calls.ts';
import { RecordKind } from '../thread-messages.ts';
import {
  type BatchTime,
  createIntakeMessage,
  type Intake,
  type IntakeMessage,
  type RingIntake,
} from './intake.ts';

/** At this many datagrams a millisecond it pays to gather them: so many, within these bounds. */
const densePerMs = 3;
const gatheredMin = 4;
const gatherUsMin = 100;
const gatherUsMax = 500;
/** The density is judged anew so often. */
const densityMs = 10;
/** Share of the kernel's queue that new INVITEs may fill. What was received is still counted to it up to a
 *  quarter of the whole, for the kernel gives the room back in large pieces. */
const newInviteShare = 0.5;
const upperA = 65;
const upperI = 73;
const upperZ = 90;

export interface SocketIntakeOptions {
  readonly calls: SystemCalls;
  /** Index: listener; undefined where it is no UDP listener. */
  readonly sockets: readonly (KernelSocket | undefined)[];
  readonly doorbell: Doorbell;
  readonly ring: RingIntake;
  readonly shardKey: Uint32Array;
  readonly counters: Float64Array;
  readonly clock: () => number;
  /** Sends a byte string back: the refusals at the door. */
  readonly reply: ConstructorParameters<typeof ShardRouter>[0]['reply'];
  /** Whether a new INVITE is an emergency call. */
  readonly isEmergency: ConstructorParameters<typeof ShardRouter>[0]['isEmergency'];
  readonly refusalTowards: ConstructorParameters<typeof ShardRouter>[0]['refusalTowards'];
  readonly onError: (error: Error) => void;
}

export class SocketIntake implements Intake {
  readonly #options: SocketIntakeOptions;
  readonly #receivers: readonly BatchReceiver[];
  readonly #router: ShardRouter;
  readonly #queueFill: (fd: number) => number;
  /** struct pollfd: descriptor, events and what happened. */
  readonly #polled: Int32Array;
  readonly #message: IntakeMessage = createIntakeMessage();
  readonly #watches: readonly (() => void)[];
  /** Datagrams that the event loop took, until the loop's next batch. */
  readonly #early: { bytes: Buffer; hop: IntakeMessage['hop'] }[] = [];
  #handle: (message: IntakeMessage) => void = () => {};
  /** A socket had more than its batch. */
  #more = false;
  #crowded = false;
  /** Of the oldest datagram of the last batch; what the event loop takes says nothing of it. */
  #headWaitedMs = 0;
  /** How long to gather; 0: datagrams come sparsely. */
  #gatherUs = 0;
  #densitySinceMs = 0;
  #densityCount = 0;

  constructor(options: SocketIntakeOptions) {
    this.#options = options;
    const { calls, sockets, doorbell, onError } = options;
    const udp = [...sockets.entries()].filter(
      (entry): entry is [number, KernelSocket] => entry[1] !== undefined,
    );
    this.#receivers = udp.map(([listener, socket]) => new BatchReceiver(calls, socket, listener));
    this.#queueFill = createQueueFill(calls);
    this.#polled = new Int32Array(
      [...udp.map(([, { fd }]) => fd), doorbell.fd].flatMap((fd) => [fd, PollEvent.readable]),
    );
    this.#router = new ShardRouter({
      rings: [
        {
          push: (entry, bytes, length) => this.#pass(entry, bytes, length),
          oldestWaitMs: () => this.#headWaitedMs,
        },
      ],
      signals: [{ wake: () => {} }],
      shardKey: options.shardKey,
      counters: options.counters,
      clock: options.clock,
      reply: options.reply,
      isEmergency: options.isEmergency,
      refusalTowards: options.refusalTowards,
    });
    this.#watches = udp.map(([listener, socket]) =>
      watchSocket({
        calls,
        socket,
        onDatagram: (bytes, from) => this.#onEarly(listener, bytes, from),
        onError,
      }),
    );
  }

  take(handle: (message: IntakeMessage) => void, time: BatchTime): number {
    this.#handle = handle;
    let taken = this.#options.ring.take(handle, time) + this.#takeEarly();
    this.#more = false;
    for (const receiver of this.#receivers) taken += this.#receive(receiver, time);
    this.#judgeDensity(taken, time.nowMs);
    return taken;
  }

  isEmpty(): boolean {
    return !this.#more && this.#early.length === 0 && this.#options.ring.isEmpty();
  }

  block(timeoutMs: number): void {
    const { calls, doorbell, ring } = this.#options;
    if (this.#gatherUs > 0) {
      calls.usleep(this.#gatherUs);
      return;
    }
    const polled = this.#polled;
    ring.blockOn(() => {
      calls.poll(polled, polled.length / 2, Math.max(1, Math.round(timeoutMs)));
    });
    // struct pollfd: what happened is the upper half of the second word.
    if (polled[polled.length - 1]! >>> 16 !== 0) doorbell.answer();
  }

  sleep(pollMs: number): Promise<void> {
    return this.#options.ring.sleep(pollMs);
  }

  wake(): void {
    this.#options.ring.wake();
  }

  ringBytes(): number {
    return this.#options.ring.ringBytes();
  }

  close(): void {
    for (const close of this.#watches) close();
  }

  #receive(receiver: BatchReceiver, time: BatchTime): number {
    const count = receiver.receive();
    if (count === 0) {
      this.#crowded = false;
      this.#headWaitedMs = 0;
      return 0;
    }
    if (count === batchMax) {
      this.#more = true;
      this.#crowded = this.#queueFill(receiver.socket.fd) > newInviteShare;
    } else this.#crowded = false;
    this.#options.counters[Counter.datagramsIn]! += count;
    const message = this.#message;
    message.kind = RecordKind.message;
    // The first has waited longest.
    this.#headWaitedMs = receiver.waitedMs(0, time.wallMs);
    message.waitedMs = this.#headWaitedMs;
    for (let place = 0; place < count; place++) {
      message.payload = receiver.payloads[place]!;
      message.payloadLength = receiver.lengthOf(place);
      message.hop = receiver.hopOf(place);
      this.#deliver(message);
    }
    return count;
  }

  /** Only what may be refused, or is no SIP, is looked at before it is parsed. */
  #deliver(message: IntakeMessage): void {
    const { payload, payloadLength } = message;
    const first = payload[0]!;
    const isPlain =
      payloadLength >= messageBytesMin && first >= upperA && first <= upperZ && first !== upperI;
    if (isPlain) this.#handle(message);
    else this.#router.route(payload, payloadLength, message.hop);
  }

  /** What the router lets in is the message in hand. */
  #pass(entry: RingEntry, _bytes: Uint8Array, _length: number): boolean {
    if (this.#crowded && !entry.urgent) return false;
    this.#handle(this.#message);
    return true;
  }

  #onEarly(listener: number, bytes: Buffer, from: RemoteInfo): void {
    const { address, port } = from;
    const hop = { transport: 0 as const, listener, connection: 0, address, port };
    this.#early.push({ bytes, hop });
    this.#options.counters[Counter.datagramsIn]!++;
    // The loop may be asleep.
    this.#options.ring.wake();
  }

  #takeEarly(): number {
    const message = this.#message;
    message.kind = RecordKind.message;
    message.waitedMs = 0;
    const early = this.#early.splice(0);
    for (const { bytes, hop } of early) {
      message.payload = bytes;
      message.payloadLength = bytes.length;
      message.hop = hop;
      this.#deliver(message);
    }
    return early.length;
  }

  #judgeDensity(taken: number, nowMs: number): void {
    this.#densityCount += taken;
    const elapsedMs = nowMs - this.#densitySinceMs;
    if (elapsedMs < densityMs) return;
    const perMs = this.#densityCount / elapsedMs;
    const gatherUs = Math.round((gatheredMin * 1000) / perMs);
    this.#gatherUs =
      perMs < densePerMs ? 0 : Math.min(gatherUsMax, Math.max(gatherUsMin, gatherUs));
    this.#densitySinceMs = nowMs;
    this.#densityCount = 0;
  }
}
