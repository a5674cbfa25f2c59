// The door of one UDP socket whose datagrams a call worker takes itself. The kernel's queue is the ring: when
// its head has waited too long (crowding.ts), or a full batch finds it filled over half, new INVITEs are
// refused (shard-router.ts), and the rest of the queue is kept for what belongs to calls. One a socket: what
// waits in the queue of one listener says nothing of another's.
import { messageBytesMin } from '../../core/sip/parse-message.ts';
import { ShardRouter, type ShardRouterOptions } from '../ingress/shard-router.ts';
import type { RingEntry } from '../memory/spsc-ring.ts';
import { createIntakeMessage, type IntakeMessage } from './intake.ts';

/** Share of the kernel's queue that new INVITEs may fill. What was received is still counted to it up to a
 *  quarter of the whole, for the kernel gives the room back in large pieces. */
const newInviteShare = 0.5;
const upperA = 65;
const upperI = 73;
const upperZ = 90;

/** `reply` is for the refusals. */
export type SocketDoorOptions = Readonly<Omit<ShardRouterOptions, 'rings' | 'signals'>>;

export class SocketDoor {
  readonly #router: ShardRouter;
  readonly #queueFill: () => number;
  #isHalfFull = false;
  /** Of the oldest datagram of the last batch; what the event loop takes says nothing of it. */
  #headWaitedMs = 0;
  #message: IntakeMessage = createIntakeMessage();
  #handle: (message: IntakeMessage) => void = () => {};

  /** @param queueFill share of the kernel's queue that is filled */
  constructor(options: SocketDoorOptions, queueFill: () => number) {
    this.#queueFill = queueFill;
    const ring = {
      push: (entry: RingEntry) => this.#pass(entry),
      oldestWaitMs: () => this.#headWaitedMs,
    };
    this.#router = new ShardRouter({ ...options, rings: [ring], signals: [{ wake: () => {} }] });
  }

  /** Before the messages of a batch, or for want of any. */
  onBatch(isFull: boolean, headWaitedMs: number): void {
    this.#headWaitedMs = headWaitedMs;
    this.#isHalfFull = isFull && this.#queueFill() > newInviteShare;
  }

  /** Hands the message on, or refuses or drops it. Only what may be refused, or is no SIP, is looked at before
   *  it is parsed. */
  deliver(message: IntakeMessage, handle: (message: IntakeMessage) => void): void {
    const { payload, payloadLength } = message;
    const first = payload[0]!;
    const isPlain =
      payloadLength >= messageBytesMin && first >= upperA && first <= upperZ && first !== upperI;
    if (isPlain) {
      handle(message);
      return;
    }
    this.#message = message;
    this.#handle = handle;
    this.#router.route(payload, payloadLength, message.hop);
  }

  /** What the router lets in is the message in hand. */
  #pass(entry: RingEntry): boolean {
    if (this.#isHalfFull && !entry.urgent) return false;
    this.#handle(this.#message);
    return true;
  }
}
