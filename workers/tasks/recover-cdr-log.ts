// Task: close the calls of a dead worker (or of all, before the workers start) off the calling thread.
// Piscina: run(request, { filename, name: 'recoverCdrLogTask' }).
import { performance } from 'node:perf_hooks';
import { move } from 'piscina';
import { sumUsages, type UsageRules, usagesOf } from '../../core/billing/fraud-usage.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import { addCharges } from '../cdr/call-charges.ts';
import { packAnswers } from '../cdr/packed-answers.ts';
import { recoverCdrLog } from '../cdr/recover-log.ts';

export interface RecoverCdrLogRequest {
  directory: string;
  node: string;
  nowWallMs: number;
  worker?: number;
  through?: number;
  /** By what closed calls count for fraud limits; absent: they do not. */
  usage?: UsageRules;
}

export interface RecoverCdrLogResult {
  /** Calls that were closed. */
  calls: number;
  /** Their answer records: unpackAnswers. */
  answers: Uint8Array<ArrayBuffer>;
  /** What these calls cost, by account. */
  charges: Map<string, bigint>;
  /** What they used of the days of fraud limits. */
  usages: readonly Usage[];
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
  const usages: Usage[] = [];
  for (const { answer } of report.calls) {
    addCharges(charges, answer.cdr);
    if (request.usage !== undefined) usages.push(...usagesOf(answer.cdr, request.usage));
  }
  return {
    calls: report.calls.length,
    answers,
    charges,
    usages: sumUsages(usages),
    segmentsRead: report.segmentsRead,
    framesRead: report.framesRead,
    damaged: report.damaged,
    tornTails: report.tornTails,
    tookMs: performance.now() - startedMs,
  };
}
