// Task: close the calls of a dead worker (or of all, before the workers start) off the calling thread.
// Piscina: run(request, { filename, name: 'recoverCdrLogTask' }).
import { performance } from 'node:perf_hooks';
import { move } from 'piscina';
import { addCharges } from '../cdr/call-charges.ts';
import { packAnswers } from '../cdr/packed-answers.ts';
import { recoverCdrLog } from '../cdr/recover-log.ts';

export interface RecoverCdrLogRequest {
  directory: string;
  node: string;
  nowWallMs: number;
  worker?: number;
  through?: number;
}

export interface RecoverCdrLogResult {
  /** Calls that were closed. */
  calls: number;
  /** Their answer records: unpackAnswers. */
  answers: Uint8Array<ArrayBuffer>;
  /** What these calls cost, by account. */
  charges: Map<string, bigint>;
  segmentsRead: number;
  framesRead: number;
  damaged: number;
  tornTails: number;
  tookMs: number;
}

export function recoverCdrLogTask(request: RecoverCdrLogRequest): RecoverCdrLogResult {
  const startedMs = performance.now();
  const report = recoverCdrLog(request);
  const answers = packAnswers(report.calls.map((call) => call.answer));
  move(answers.buffer);
  const charges = new Map<string, bigint>();
  for (const { answer } of report.calls) addCharges(charges, answer.cdr);
  return {
    calls: report.calls.length,
    answers,
    charges,
    segmentsRead: report.segmentsRead,
    framesRead: report.framesRead,
    damaged: report.damaged,
    tornTails: report.tornTails,
    tookMs: performance.now() - startedMs,
  };
}
