// Effects that keep what the core wanted done, for the test to look at. Lines and CPS are granted unless
// the test says otherwise; limits are not counted here.
import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import type { Effects } from '../../core/effects.ts';
import { type CounterName, counterRows } from '../../core/metrics/counter-layout.ts';
import type { Hop } from '../../core/sip/hop.ts';

export interface Sent {
  readonly hop: Hop;
  readonly text: string;
}

export interface RecordingEffects extends Effects {
  readonly sent: Sent[];
  readonly answers: AnswerRecord[];
  readonly ends: Cdr[];
  /** Slots of lines held; one entry a line. */
  readonly lines: number[];
  /** Answers of the ports that answer at once. */
  grantsLines: boolean;
  grantsCps: boolean;
  acceptsCdrs: boolean;
  /** How often this counter was moved. */
  counted(name: CounterName): number;
  /** All that was sent since the last call, oldest first. */
  takeSent(): Sent[];
}

export function createRecordingEffects(): RecordingEffects {
  const counts = new Map<number, number>();
  const effects: RecordingEffects = {
    sent: [],
    answers: [],
    ends: [],
    lines: [],
    grantsLines: true,
    grantsCps: true,
    acceptsCdrs: true,
    counted: (name) => counts.get(counterRows.findIndex((row) => row.name === name)) ?? 0,
    takeSent: () => effects.sent.splice(0),
    send: (hop, text) => void effects.sent.push({ hop, text }),
    count: (counter) => void counts.set(counter, (counts.get(counter) ?? 0) + 1),
    acquireLine(slot) {
      if (effects.grantsLines) effects.lines.push(slot);
      return effects.grantsLines;
    },
    releaseLine(slot) {
      const at = effects.lines.indexOf(slot);
      if (at < 0) throw new Error(`line slot ${slot} released, but not held`);
      effects.lines.splice(at, 1);
    },
    acquireCps: () => effects.grantsCps,
    cdrLogAccepts: () => effects.acceptsCdrs,
    recordAnswer: (answer) => void effects.answers.push(answer),
    recordEnd: (cdr) => void effects.ends.push(cdr),
  };
  return effects;
}
