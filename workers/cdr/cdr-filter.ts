// Whether a CDR is one of those asked for, and which of two comes first: the same for CDRs that are still
// in the log only and for those of the embedded ledger.
import type { Cdr } from '../../core/cdr/cdr.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import { identityKey } from '../ledger/embedded-keys.ts';
import type { CdrPlace, StoredCdr, StoredCdrQuery } from '../ledger/ledger-store.ts';

export function cdrFilter(query: StoredCdrQuery): (cdr: Cdr, logId: LogId) => boolean {
  const since = query.since ?? Number.NEGATIVE_INFINITY;
  const until = query.until ?? Number.POSITIVE_INFINITY;
  const { endReason } = query;
  const concerns = partyFilter(query);
  const callId = byteString(query.callId);
  const calleePrefix = byteString(query.calleePrefix);
  const wanted = query.logId === undefined ? undefined : identityKey(query.logId);
  return (cdr, logId) => {
    if (cdr.endedAt < since || cdr.endedAt >= until) return false;
    if (!concerns(cdr)) return false;
    if (calleePrefix !== undefined && !cdr.calleeAccess.startsWith(calleePrefix)) return false;
    if (endReason !== undefined && cdr.endReason !== endReason) return false;
    if (wanted !== undefined && identityKey(logId) !== wanted) return false;
    return callId === undefined || concernsCallId(cdr, callId);
  };
}

/** CDRs keep what peers sent as byte strings. */
function byteString(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8').toString('latin1');
}

/** By who has a part in the call. */
function partyFilter({ account, agent, gateway }: StoredCdrQuery): (cdr: Cdr) => boolean {
  return (cdr) =>
    (account === undefined || concernsAccount(cdr, account)) &&
    (agent === undefined || concernsAgent(cdr, agent)) &&
    (gateway === undefined || concernsGateway(cdr, gateway));
}

function concernsAccount(cdr: Cdr, account: string): boolean {
  return cdr.account === account || cdr.clearingAccount === account;
}

function concernsAgent({ agentFees }: Cdr, agent: string): boolean {
  return agentFees.some(({ account }) => account === agent);
}

export function concernsGateway(cdr: Cdr, gateway: string): boolean {
  return (
    cdr.mappingGateway === gateway ||
    cdr.routingGateway === gateway ||
    cdr.attempts.some((attempt) => attempt.gateway === gateway)
  );
}

export function concernsCallId(cdr: Cdr, callId: string): boolean {
  return (
    cdr.callId === callId ||
    cdr.calleeCallId === callId ||
    cdr.attempts.some((attempt) => attempt.callId === callId)
  );
}

/** Below 0: `one` comes first. */
export function compareCdrs(one: CdrPlace, other: CdrPlace): number {
  if (one.endedAt !== other.endedAt) return one.endedAt - other.endedAt;
  const oneKey = identityKey(one.logId);
  const otherKey = identityKey(other.logId);
  return oneKey < otherKey ? -1 : oneKey > otherKey ? 1 : 0;
}

/** Several sources, each in order, as one. */
export async function* mergeCdrs(
  sources: readonly AsyncIterable<StoredCdr>[],
): AsyncGenerator<StoredCdr, void, void> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((each) => each.next()));
    for (;;) {
      let first = -1;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        if (first < 0 || compareCdrs(head.value, heads[first]!.value as StoredCdr) < 0) {
          first = index;
        }
      }
      if (first < 0) return;
      yield heads[first]!.value as StoredCdr;
      heads[first] = await iterators[first]!.next();
    }
  } finally {
    for (const each of iterators) await each.return?.();
  }
}
