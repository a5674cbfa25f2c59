// Once a second, on the main thread: works out each routing gateway's ASR, ACD and shown ratios from what the
// workers have counted, says in the log when one went offline or came back, and begins the day's calls anew at the
// node's midnight. Call workers only read what stands here.
import { defaultParameters } from '../core/configuration/model.ts';
import { allRoutingGateways } from '../core/configuration/open-snapshot.ts';
import type { RoutingGateway, Snapshot } from '../core/configuration/snapshot.ts';
import { Counter } from '../core/metrics/counter-layout.ts';
import { clearState, StateWord, stateWordsPerSlot } from '../core/routing/gateway-state.ts';
import {
  meanTenths,
  QualityWindow,
  ratioOf,
  type WindowLength,
  type WindowSums,
} from '../core/routing/quality-window.ts';
import type { Log } from './log.ts';
import { counterBlock, mainWriter } from './memory/counter-block.ts';
import { gatewayWords, type SharedMemory } from './memory/shared-memory.ts';

export interface GatewayPulseOptions {
  readonly memory: Pick<SharedMemory, 'gateways' | 'counters'>;
  readonly snapshot: () => Snapshot | undefined;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly wallClock: () => number;
}

export class GatewayPulse {
  readonly #options: GatewayPulseOptions;
  readonly #words: Int32Array;
  readonly #counters: Float64Array;
  readonly #asr: QualityWindow;
  readonly #acd: QualityWindow;
  readonly #shown: QualityWindow;
  /** Which gateway a slot's counts are of. */
  readonly #owners = new Map<number, string>();
  readonly #offline = new Set<string>();
  #slotsEnd = 1;
  #day: number;

  constructor(options: GatewayPulseOptions) {
    this.#options = options;
    this.#words = gatewayWords(options.memory);
    this.#counters = counterBlock(options.memory, mainWriter);
    const { asr, acd, shown } = lengthsOf(defaultParameters);
    this.#asr = new QualityWindow(this.#words, asr);
    this.#acd = new QualityWindow(this.#words, acd);
    this.#shown = new QualityWindow(this.#words, shown);
    this.#day = localDay(options.wallClock());
  }

  /** Before workers run on `snapshot`: slots that are another gateway's now begin at nothing. */
  adopt(snapshot: Snapshot): void {
    for (const { name, slot } of allRoutingGateways(snapshot)) {
      this.#slotsEnd = Math.max(this.#slotsEnd, slot + 1);
      if (this.#owners.get(slot) === name) continue;
      if (this.#owners.has(slot)) {
        clearState(this.#words, slot);
        for (const window of [this.#asr, this.#acd, this.#shown]) window.clear(slot);
      }
      this.#owners.set(slot, name);
    }
  }

  look(): void {
    const { snapshot: current, clock, wallClock } = this.#options;
    const snapshot = current();
    if (snapshot === undefined) return;
    const day = localDay(wallClock());
    if (day !== this.#day) this.#beginDay(day);
    const lengths = lengthsOf(snapshot.parameters);
    const nowSeconds = clock() / 1000;
    this.#asr.advance(nowSeconds, this.#slotsEnd, lengths.asr);
    this.#acd.advance(nowSeconds, this.#slotsEnd, lengths.acd);
    this.#shown.advance(nowSeconds, this.#slotsEnd, lengths.shown);
    const figure = snapshot.parameters.SS_GATEWAY_QUALITY_MEAN_OF_SEGMENTS ? meanOf : sumOf;
    for (const gateway of allRoutingGateways(snapshot)) {
      this.#publish(gateway.slot, figure);
      this.#noticeState(gateway);
    }
  }

  #beginDay(day: number): void {
    this.#day = day;
    for (let slot = 0; slot < this.#slotsEnd; slot++) {
      Atomics.store(this.#words, slot * stateWordsPerSlot + StateWord.callsToday, 0);
    }
  }

  #publish(slot: number, figure: FigureOf): void {
    this.#store(slot, StateWord.asr, figure(this.#asr, slot, answeredShare));
    this.#store(slot, StateWord.acd, figure(this.#acd, slot, meanTalk));
    this.#store(slot, StateWord.connectedRatio, figure(this.#shown, slot, answeredShare));
    this.#store(slot, StateWord.respondedRatio, figure(this.#shown, slot, respondedShare));
  }

  #store(slot: number, word: number, figure: number): void {
    Atomics.store(this.#words, slot * stateWordsPerSlot + word, figure + 1);
  }

  #noticeState({ name, slot, optionsCheck }: RoutingGateway): void {
    const offline =
      optionsCheck && Atomics.load(this.#words, slot * stateWordsPerSlot + StateWord.offline) !== 0;
    if (offline === this.#offline.has(name)) return;
    const { log } = this.#options;
    if (offline) {
      this.#offline.add(name);
      this.#counters[Counter.gatewaysWentOffline]!++;
      log.warn({ gateway: name }, 'routing gateway does not answer OPTIONS; calls skip it');
    } else {
      this.#offline.delete(name);
      if (!optionsCheck) return;
      this.#counters[Counter.gatewaysCameBack]!++;
      log.info({ gateway: name }, 'routing gateway answers OPTIONS again');
    }
  }
}

type Figure = (sums: WindowSums) => number;
type FigureOf = (window: QualityWindow, slot: number, figure: Figure) => number;

const sumOf: FigureOf = (window, slot, figure) => figure(window.sums(slot));
const meanOf: FigureOf = (window, slot, figure) => window.meanOfSegments(slot, figure);

const answeredShare: Figure = ({ answered, ended }) => ratioOf(answered, ended);
const respondedShare: Figure = ({ responded, ended }) => ratioOf(responded, ended);
const meanTalk: Figure = ({ talkSeconds, talkCalls }) => meanTenths(talkSeconds, talkCalls);

type Lengths = { readonly [window in 'asr' | 'acd' | 'shown']: WindowLength };

function lengthsOf(parameters: Snapshot['parameters']): Lengths {
  return {
    asr: {
      seconds: parameters.SS_GATEWAY_ASR_RESERVE_TIME,
      segments: parameters.SS_GATEWAY_ASR_RESERVE_SEPARATE,
    },
    acd: {
      seconds: parameters.SS_GATEWAY_ACD_RESERVE_TIME,
      segments: parameters.SS_GATEWAY_ACD_RESERVE_SEPARATE,
    },
    shown: {
      seconds: parameters.SS_GATEWAY_QUALITY_RESERVE_TIME,
      segments: parameters.SS_GATEWAY_QUALITY_RESERVE_SEPARATE,
    },
  };
}

/** Changes at the node's own midnight. */
function localDay(wallMs: number): number {
  const date = new Date(wallMs);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
}
