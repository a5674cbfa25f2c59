// The intake of an engine with one call worker: it takes its datagrams from the sockets itself, many at
// once, with no thread in between. What the main thread has to say (streams) still comes by the ring.
//
// Waiting. While there is traffic the thread waits in poll(2), for its sockets and for the doorbell that
// the main thread rings after a push. When datagrams come densely it does not wait for the next one but
// sleeps for a moment and takes what has come since: more datagrams a turn, with one write to the CDR log
// and one send for all. Without traffic the event loop waits, on the same sockets under node:dgram.
//
// Overload. The kernel's queue of each socket is a ring with a door of its own (socket-door.ts).
import type { RemoteInfo } from 'node:dgram';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { BatchReceiver, batchMax } from '../datagram/batch-receiver.ts';
import type { Doorbell } from '../datagram/doorbell.ts';
import { createQueueFill, type KernelSocket } from '../datagram/kernel-socket.ts';
import { watchSocket } from '../datagram/socket-watch.ts';
import { PollEvent, type SystemCalls } from '../system-calls.ts';
import { RecordKind } from '../thread-messages.ts';
import {
  type BatchTime,
  createIntakeMessage,
  type Intake,
  type IntakeMessage,
  type RingIntake,
} from './intake.ts';
import { SocketDoor, type SocketDoorOptions } from './socket-door.ts';

/** At this many datagrams a millisecond it pays to gather them: so many, within these bounds. */
const densePerMs = 3;
const gatheredMin = 4;
const gatherUsMin = 100;
const gatherUsMax = 500;
/** The density is judged anew so often. */
const densityMs = 10;

export interface SocketIntakeOptions extends SocketDoorOptions {
  readonly calls: SystemCalls;
  /** Index: listener; undefined where it is no UDP listener. */
  readonly sockets: readonly (KernelSocket | undefined)[];
  readonly doorbell: Doorbell;
  readonly ring: RingIntake;
  readonly onError: (error: Error) => void;
}

export class SocketIntake implements Intake {
  readonly #options: SocketIntakeOptions;
  /** Those of UDP listeners. */
  readonly #sockets: readonly { readonly receiver: BatchReceiver; readonly door: SocketDoor }[];
  /** struct pollfd: descriptor, events and what happened. */
  readonly #polled: Int32Array;
  readonly #message: IntakeMessage = createIntakeMessage();
  readonly #watches: readonly (() => void)[];
  /** Datagrams that the event loop took, until the loop's next batch. */
  readonly #early: { bytes: Buffer; hop: IntakeMessage['hop']; door: SocketDoor }[] = [];
  #handle: (message: IntakeMessage) => void = () => {};
  /** A socket had more than its batch. */
  #more = false;
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
    const queueFill = createQueueFill(calls);
    this.#sockets = udp.map(([listener, socket]) => ({
      receiver: new BatchReceiver(calls, socket, listener),
      door: new SocketDoor(options, () => queueFill(socket.fd)),
    }));
    this.#polled = new Int32Array(
      [...udp.map(([, { fd }]) => fd), doorbell.fd].flatMap((fd) => [fd, PollEvent.readable]),
    );
    this.#watches = udp.map(([listener, socket], index) =>
      watchSocket({
        calls,
        socket,
        onDatagram: (bytes, from) =>
          this.#onEarly(listener, this.#sockets[index]!.door, bytes, from),
        onError,
      }),
    );
  }

  take(handle: (message: IntakeMessage) => void, time: BatchTime): number {
    this.#handle = handle;
    let taken = this.#options.ring.take(handle, time) + this.#takeEarly();
    this.#more = false;
    for (const { receiver, door } of this.#sockets) taken += this.#receive(receiver, door, time);
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

  #receive(receiver: BatchReceiver, door: SocketDoor, time: BatchTime): number {
    const count = receiver.receive();
    const isFull = count === batchMax;
    // The first has waited longest.
    const headWaitedMs = count === 0 ? 0 : receiver.waitedMs(0, time.wallMs);
    door.onBatch(isFull, headWaitedMs);
    if (count === 0) return 0;
    if (isFull) this.#more = true;
    this.#options.counters[Counter.datagramsIn]! += count;
    const message = this.#message;
    message.kind = RecordKind.message;
    message.waitedMs = headWaitedMs;
    for (let place = 0; place < count; place++) {
      message.payload = receiver.payloads[place]!;
      message.payloadLength = receiver.lengthOf(place);
      message.hop = receiver.hopOf(place);
      door.deliver(message, this.#handle);
    }
    return count;
  }

  #onEarly(listener: number, door: SocketDoor, bytes: Buffer, from: RemoteInfo): void {
    const { address, port } = from;
    const hop = { transport: 0 as const, listener, connection: 0, address, port };
    this.#early.push({ bytes, hop, door });
    this.#options.counters[Counter.datagramsIn]!++;
    // The loop may be asleep.
    this.#options.ring.wake();
  }

  #takeEarly(): number {
    const message = this.#message;
    message.kind = RecordKind.message;
    message.waitedMs = 0;
    const early = this.#early.splice(0);
    for (const { bytes, hop, door } of early) {
      message.payload = bytes;
      message.payloadLength = bytes.length;
      message.hop = hop;
      door.deliver(message, this.#handle);
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
