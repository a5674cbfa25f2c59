// Drives one hand-off: looks for records now and then, and after a failure waits longer each time, with jitter
// so that the nodes of an operator do not come back to one receiver at the same moment.
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { HandOff } from './hand-off.ts';
import { HandOffFailed } from './hand-off-failed.ts';

export interface HandOffPace {
  /** Between two looks. */
  readonly lookMs: () => number;
  readonly retryMsMax: number;
}

const retryMsMin = 500;
/** A receiver cannot ask for more. */
const retryAfterMsMax = 3_600_000;
/** While it is off, or has had nothing to do for some looks: an idle node stays idle. */
const quietMs = 1000;
const quietLooks = 10;

/** After the so manieth failure in a row (1, 2, ...); `chance` is from 0 to 1. */
export function retryDelayMs(
  failures: number,
  {
    retryMsMax,
    retryAfterMs,
    chance,
  }: { retryMsMax: number; retryAfterMs: number; chance: number },
): number {
  const fullMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 30));
  const jittered = fullMs * (0.5 + chance / 2);
  return Math.max(jittered, Math.min(retryAfterMs, retryAfterMsMax));
}

/** Of a HandOff, whatever it hands over. */
type Stepped = Pick<HandOff<never, never>, 'step' | 'handedOff'>;

export class HandOffLoop {
  readonly #handOff: Stepped;
  readonly #pace: HandOffPace;
  readonly #log: Log;
  readonly #running: Promise<void>;
  #failures = 0;
  #idleLooks = 0;
  #stopping = false;
  #wake = new AbortController();

  constructor(handOff: Stepped, pace: HandOffPace, log: Log) {
    this.#handOff = handOff;
    this.#pace = pace;
    this.#log = log;
    this.#running = this.#run();
  }

  /** Looks at once, unless it waits after a failure. */
  wake(): void {
    if (this.#failures === 0) this.#wake.abort();
  }

  /** Hands over what is in the log now, if the other system is there. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.abort();
    await this.#running;
    while (this.#failures === 0 && (await this.#turn()) === 'more');
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const went = await this.#turn();
      if (went === 'more' || this.#stopping) continue;
      this.#wake = new AbortController();
      const waitMs = typeof went === 'number' ? went : this.#lookMs();
      await pause(waitMs, undefined, { signal: this.#wake.signal }).catch(() => {});
    }
  }

  #lookMs(): number {
    const lookMs = this.#pace.lookMs();
    return this.#idleLooks < quietLooks ? lookMs : Math.max(lookMs, quietMs);
  }

  /** A number: it failed, and is tried again after so many milliseconds. */
  async #turn(): Promise<'off' | 'idle' | 'more' | number> {
    const before = this.#handOff.handedOff();
    try {
      const went = await this.#handOff.step();
      this.#idleLooks = before === this.#handOff.handedOff() ? this.#idleLooks + 1 : 0;
      if (this.#failures > 0) this.#log.info('the hand-off of CDRs goes on');
      this.#failures = 0;
      return went;
    } catch (error) {
      this.#failures++;
      const reason = (error as Error).message;
      if (this.#failures === 1) this.#log.error({ reason }, 'the hand-off of CDRs is held up');
      const retryAfterMs = error instanceof HandOffFailed ? error.retryAfterMs : 0;
      const { retryMsMax } = this.#pace;
      return retryDelayMs(this.#failures, { retryMsMax, retryAfterMs, chance: Math.random() });
    }
  }
}
