// The main thread's side of all SIP traffic: receiving sockets, streams, the router into the workers'
// rings, and the inbox of what the workers hand back.
import { isEmergencyInvite } from '../../core/access/emergency-invite.ts';
import { statusTowards } from '../../core/access/known-source.ts';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Listener } from '../../core/call/local-identity.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { Doorbell } from '../datagram/doorbell.ts';
import type { SharedSockets } from '../datagram/shared-sockets.ts';
import { createLineLimit, type Log } from '../log.ts';
import { counterBlock, mainWriter } from '../memory/counter-block.ts';
import { mainSignal, type SharedMemory, workerSignal } from '../memory/shared-memory.ts';
import { type RingEntry, RingReader, RingWriter } from '../memory/spsc-ring.ts';
import { WakeSignal } from '../memory/wake-signal.ts';
import { type SystemCalls, sharedCalls } from '../system-calls.ts';
import { RecordKind } from '../thread-messages.ts';
import { ShardRouter } from './shard-router.ts';
import { SharedUdpIngress } from './shared-udp-ingress.ts';
import { StreamIngress } from './stream-ingress.ts';
import { UdpIngress, type UdpIngressOptions, type UdpSocketState } from './udp-ingress.ts';
import { WorkerInbox } from './worker-inbox.ts';

export interface IngressOptions {
  listeners: readonly Listener[];
  memory: SharedMemory;
  shardKey: Uint32Array;
  log: Log;
  clock: () => number;
  /** Undefined: node:dgram. */
  sockets: SharedSockets | undefined;
  /** In force; undefined: none yet. */
  snapshot: () => Snapshot | undefined;
}

const errorLinesPerSecond = 2;
const nothing = new Uint8Array(0);

export class Ingress {
  readonly #rings: readonly RingWriter[];
  readonly #signals: readonly WakeSignal[];
  readonly #counters: Float64Array;
  readonly #clock: () => number;
  #udp: UdpIngress | SharedUdpIngress | undefined;
  #streams: StreamIngress | undefined;
  #inbox: WorkerInbox | undefined;

  private constructor(options: IngressOptions, ringDoorbell: (() => void) | undefined) {
    const { memory } = options;
    this.#rings = memory.ingressRings.map((ring) => new RingWriter(ring));
    this.#signals = this.#rings.map(
      (_, i) => new WakeSignal(memory, workerSignal(i), ringDoorbell),
    );
    this.#counters = counterBlock(memory, mainWriter);
    this.#clock = options.clock;
  }

  /** Binds the main thread's sockets; the call workers have bound theirs before. */
  static async open(options: IngressOptions): Promise<Ingress> {
    const { sockets } = options;
    const calls = sockets === undefined ? undefined : await sharedCalls();
    const doorbell =
      calls === undefined || sockets?.doorbell === undefined
        ? undefined
        : new Doorbell(calls, sockets.doorbell);
    const ingress = new Ingress(
      options,
      doorbell === undefined ? undefined : () => doorbell.ring(),
    );
    try {
      await ingress.#bind(options, calls);
    } catch (error) {
      await ingress.close();
      throw error;
    }
    return ingress;
  }

  /** Index: listener. */
  get sockets(): readonly UdpSocketState[] {
    return this.#udp!.states;
  }

  get streams(): { streamConnections: number; streamQueueBytes: number } {
    const { connectionCount = 0, queuedBytes = 0 } = this.#streams ?? {};
    return { streamConnections: connectionCount, streamQueueBytes: queuedBytes };
  }

  /** Fresh receiving sockets, after a restarted worker has bound its own. */
  async rebind(): Promise<void> {
    await this.#udp?.rebind();
  }

  async readKernelDrops(): Promise<void> {
    await this.#udp?.readKernelDrops();
  }

  async close(): Promise<void> {
    this.#inbox?.stop();
    this.#udp?.close();
    await this.#streams?.close();
  }

  async #bind(options: IngressOptions, calls: SystemCalls | undefined): Promise<void> {
    const { listeners, memory, log, sockets } = options;
    // Before there is a configuration everybody is a stranger.
    const statusFor = (hop: Hop, statusCode: number): number => {
      const snapshot = options.snapshot();
      return snapshot === undefined ? 0 : statusTowards(snapshot, hop, statusCode);
    };
    const refusalTowards = (hop: Hop, statusCode: number): number => {
      const status = statusFor(hop, statusCode);
      if (status !== statusCode) this.#counters[Counter.refusedUnknownSource]!++;
      return status;
    };
    const answersTo = (hop: Hop): boolean => statusFor(hop, 200) !== 0;
    const router = new ShardRouter({
      rings: this.#rings,
      signals: this.#signals,
      shardKey: options.shardKey,
      counters: this.#counters,
      clock: this.#clock,
      reply: (hop, text) => this.#reply(hop, text),
      isEmergency: (bytes, length, hop) => {
        const snapshot = options.snapshot();
        if (snapshot === undefined) return false;
        return isEmergencyInvite(snapshot, bytes as Buffer & MessageBytes, length, hop);
      },
      refusalTowards,
    });
    const route = (bytes: Buffer, length: number, hop: Hop): void =>
      router.route(bytes, length, hop);
    const lines = createLineLimit(errorLinesPerSecond);
    this.#inbox = new WorkerInbox({
      rings: memory.mainRings.map((ring) => new RingReader(ring)),
      signal: new WakeSignal(memory, mainSignal),
      onStray: route,
      onStreamSend: (hop, text, worker) => this.#streams?.send(hop, text, worker),
    });
    this.#streams = await StreamIngress.bind({
      listeners,
      onMessage: route,
      refusalTowards,
      answersTo,
      onFailure: (hop, senders) => this.#reportFailure(hop, senders),
      counters: this.#counters,
      clock: this.#clock,
    });
    const udp: UdpIngressOptions = {
      listeners,
      onDatagram: route,
      onError: (error) => {
        if (lines.allow(this.#clock())) log.warn({ err: error }, 'receiving socket');
      },
      counters: this.#counters,
    };
    this.#udp =
      sockets === undefined || calls === undefined
        ? await UdpIngress.bind(udp)
        : new SharedUdpIngress({ ...udp, calls, shared: sockets });
  }

  #reply(hop: Hop, text: string): void {
    if (hop.transport === Transport.tcp) this.#streams?.answer(hop, text);
    else this.#udp?.send(hop, text);
  }

  /** Tells each worker that sent over the stream. */
  #reportFailure(hop: Hop, senders: number): void {
    const nowMs = this.#clock();
    const entry: RingEntry = { kind: RecordKind.transportFailure, urgent: true, nowMs, hop };
    for (let worker = 0; worker < this.#rings.length; worker++) {
      if ((senders & (1 << (worker & 31))) === 0) continue;
      if (this.#rings[worker]!.push(entry, nothing, 0)) this.#signals[worker]!.wake();
      else this.#counters[Counter.dropRingFull]!++;
    }
  }
}
