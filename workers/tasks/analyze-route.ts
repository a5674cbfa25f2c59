// Task of the Piscina pool: routing analysis (`tandem route`) on the snapshot that is in force. Called by
// its exported name: `pool.run(request, { name: 'analyzeRoute' })`. It reads the arena while it runs, so it
// counts among the arena's readers.
import type { Listener } from '../../core/call/local-identity.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { explainRoute, type RouteExplanation } from '../../core/routing/explain.ts';
import type { AnalyzeRequest } from '../admin-messages.ts';
import { unreachableReason } from '../configuration/reachability.ts';
import { skipUnreachable } from './unreachable-candidates.ts';

export interface AnalyzeTask {
  readonly arena: SharedArrayBuffer;
  readonly request: AnalyzeRequest;
  readonly listeners: readonly Listener[];
}

/** Longer than any number that a message can carry usefully. */
const numberCharsMax = 128;

/** Throws where the request names what does not exist; the message is for the person who asked. */
export function analyzeRoute(task: AnalyzeTask): RouteExplanation {
  const { request } = task;
  if (request.callee.length === 0 || request.callee.length > numberCharsMax) {
    throw new Error(
      `callee: ${request.callee.length} characters: expected a number of 1 to ${numberCharsMax}`,
    );
  }
  const snapshot = openSnapshot(task.arena);
  const at = request.at === undefined ? Date.now() : Date.parse(request.at);
  const explanation = explainRoute(snapshot, { ...request, at });
  if (explanation === undefined) {
    throw new Error(
      `gateway: ${JSON.stringify(request.gateway)}: expected the name of a mapping gateway`,
    );
  }
  return skipUnreachable(explanation, snapshot, (gateway) =>
    unreachableReason(gateway, task.listeners),
  );
}
