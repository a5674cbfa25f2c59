// Everything the core may do to the world. `acquire…` answers at once; all else is buffered by the
// runner (workers/call/effect-runner.ts) and carried out when the batch of messages has been handled:
// CDR frames first, in one write, then the sends in order, then the lines given back. When a handler
// throws, what it buffered is discarded.
import type { AnswerRecord, Cdr } from './cdr/cdr.ts';
import type { Hop } from './sip/hop.ts';

export interface SendEffects {
  /** Queues one message; `text` is a byte string (latin1). */
  send(hop: Hop, text: string): void;
}

export interface CountEffects {
  /** `counter` is a slot of core/metrics/counter-layout.ts. */
  count(counter: number): void;
}

export interface AdmissionEffects {
  /** Takes a line of this slot unless `limit` are taken (0: no limit; it is counted all the same). */
  acquireLine(slot: number, limit: number): boolean;
  /** Gives a line back, after the sends of the batch. */
  releaseLine(slot: number): void;
  /** Takes one place in the slot's sliding second (0: no limit, always true). */
  acquireCps(slot: number, limit: number): boolean;
}

export interface CdrEffects {
  /** False while the log cannot be written: new calls are refused. */
  cdrLogAccepts(): boolean;
  recordAnswer(answer: AnswerRecord): void;
  recordEnd(cdr: Cdr): void;
}

export interface Effects extends SendEffects, CountEffects, AdmissionEffects, CdrEffects {}
