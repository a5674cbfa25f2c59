// What all workers know of each gateway together, in shared memory without a lock: Int32 words, a record a slot.
// Workers only ever add to the counts and store the two marks; they grow without end (modulo 2^32), and the main
// thread makes windows of them by taking differences (quality-window.ts), so that no worker ever resets
// anything. What it works out stands in a cache line of its own.
//
//   | callsToday ended answered responded talkSeconds talkCalls offline closedUntil ... | asr acd ... |
import type { GatewayEffects } from '../effects.ts';

export const stateWordsPerSlot = 32;

export const StateWord = {
  /** INVITEs sent since the node's midnight. */
  callsToday: 0,
  /** Attempts that are over, or answered. */
  ended: 1,
  answered: 2,
  /** Of the ended ones: those that the gateway answered with anything at all. */
  responded: 3,
  /** Of answered calls that are over. */
  talkSeconds: 4,
  talkCalls: 5,
  /** 1: it does not answer OPTIONS. */
  offline: 6,
  /** Monotonic seconds until which it asked for no calls (Retry-After); 0: never. */
  closedUntil: 7,
  /** Worked out once a second, plus one; 0: no sample in the window. Hundredths of a percent. */
  asr: 16,
  /** Tenths of a second. */
  acd: 17,
  connectedRatio: 18,
  respondedRatio: 19,
} as const;

/** `nowSeconds`: monotonic. */
export function gatewayEffects(words: Int32Array, nowSeconds: () => number): GatewayEffects {
  const load = (slot: number, word: number): number =>
    Atomics.load(words, slot * stateWordsPerSlot + word);
  const add = (slot: number, word: number, amount: number): void => {
    Atomics.add(words, slot * stateWordsPerSlot + word, amount);
  };
  return {
    callsToday: (slot) => load(slot, StateWord.callsToday),
    asr: (slot) => load(slot, StateWord.asr) - 1,
    acd: (slot) => load(slot, StateWord.acd) - 1,
    isOffline: (slot) => load(slot, StateWord.offline) !== 0,
    closedSeconds: (slot) => {
      const until = load(slot, StateWord.closedUntil);
      return until === 0 ? 0 : Math.max(0, until - Math.floor(nowSeconds()));
    },
    noteAttempt: (slot) => add(slot, StateWord.callsToday, 1),
    noteOutcome(slot, answered, responded) {
      add(slot, StateWord.ended, 1);
      if (answered) add(slot, StateWord.answered, 1);
      if (responded) add(slot, StateWord.responded, 1);
    },
    noteTalk(slot, seconds) {
      add(slot, StateWord.talkSeconds, seconds);
      add(slot, StateWord.talkCalls, 1);
    },
    closeGateway(slot, seconds) {
      const word = slot * stateWordsPerSlot + StateWord.closedUntil;
      Atomics.store(words, word, Math.floor(nowSeconds()) + seconds);
    },
    noteCheck(slot, online) {
      Atomics.store(words, slot * stateWordsPerSlot + StateWord.offline, online ? 0 : 1);
    },
  };
}

/** A slot that is another gateway's from now on. */
export function clearState(words: Int32Array, slot: number): void {
  words.fill(0, slot * stateWordsPerSlot, (slot + 1) * stateWordsPerSlot);
}
