// The final code that a caller gets for a failed call, and the cause that goes with it.
import type { FailureCode } from '../configuration/snapshot.ts';
import type { AttemptFailure, Call } from './call.ts';

/** After `callFailedSipCode` of the mapping gateway: an entry for the code or for the reason counts before the
 *  one for any other. */
export function failureStatus({ mapping }: Call, failure: AttemptFailure): number {
  const plain = callerStatus(failure.statusCode);
  if (mapping.failureCodes.length === 0) return plain;
  const mapped = entryFor(mapping.failureCodes, failure);
  return mapped === undefined || mapped.sipCode === 0 ? plain : mapped.sipCode;
}

function entryFor(
  codes: readonly FailureCode[],
  { statusCode, reason }: AttemptFailure,
): FailureCode | undefined {
  return (
    codes.find((each) => each.reason === reason.key || each.reason === statusCode) ??
    codes.find((each) => each.reason === 0)
  );
}

/** A carrier's redirection or challenge says nothing to the caller: to him this gateway just failed. */
function callerStatus(statusCode: number): number {
  if (statusCode < 400 || statusCode === 401 || statusCode === 407) return 503;
  return statusCode;
}
