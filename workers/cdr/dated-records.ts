// Records of the CDR log with the day of the table that they belong to.
import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import { encodeAnswer, encodeEnd, encodeRecoveredEnd } from '../../core/cdr/cdr-codec.ts';
import { dayOfNode } from './table-days.ts';

export function datedAnswer(answer: AnswerRecord): unknown[] {
  return encodeAnswer(answer, dayOfNode(answer.cdr.startedAt));
}

export function datedEnd(cdr: Cdr): unknown[] {
  return encodeEnd(cdr, dayOfNode(cdr.startedAt));
}

export function datedRecoveredEnd(cdr: Cdr): unknown[] {
  return encodeRecoveredEnd(cdr, dayOfNode(cdr.startedAt));
}
