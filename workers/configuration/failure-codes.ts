// Entries of `callFailedSipCode`: "503:480", "Insufficient balance:402", "0:503". The reason is what stands
// before the last colon.
import { endReasonKeys } from '../../core/end-reason.ts';

interface FailureCode {
  /** A SIP code as text, the key of an end reason, or "0" for any other. */
  readonly reason: string;
  /** 0: as it is. */
  readonly sipCode: number;
}

export function isFailureCode(text: string): boolean {
  return failureCodeOf(text) !== undefined;
}

export function failureCodeOf(text: string): FailureCode | undefined {
  const parts = /^(.+):\s*([0-9]{1,3})$/.exec(text.trim());
  if (parts === null) return undefined;
  const reason = parts[1]!.trim();
  const sipCode = Number(parts[2]);
  if (sipCode !== 0 && (sipCode < 400 || sipCode > 699)) return undefined;
  if (reason === '0' || endReasonKeys.has(reason)) return { reason, sipCode };
  return /^[3-6][0-9]{2}$/.test(reason) ? { reason, sipCode } : undefined;
}
