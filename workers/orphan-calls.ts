// Calls that were up when the process died, to be hung up by the workers that will get the answers to
// their BYEs: those that own the callers' Call-IDs.
import type { AnswerRecord } from '../core/cdr/cdr.ts';
import { shardOfCallId } from '../core/shard/call-id-shard.ts';
import { packAnswers, unpackAnswers } from './cdr/packed-answers.ts';

/** Index: worker; its share of `packed` (workers/cdr/packed-answers.ts), undefined where it has none. */
export function shareOrphans(
  packed: Uint8Array,
  shardKey: Uint32Array,
  workers: number,
): (Uint8Array | undefined)[] {
  const shares: AnswerRecord[][] = Array.from({ length: workers }, () => []);
  for (const answer of unpackAnswers(packed)) {
    const callId = Buffer.from(answer.caller.callId, 'latin1');
    const worker = shardOfCallId(callId, { start: 0, end: callId.length }, shardKey, workers);
    shares[worker]!.push(answer);
  }
  return shares.map((share) => (share.length === 0 ? undefined : packAnswers(share)));
}
