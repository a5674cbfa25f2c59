// Task of the Piscina pool: routing analysis (`tandem route`) on the snapshot that is in force. Called by
// its exported name: `pool.run(request, { name: 'analyzeRoute' })`. It reads the arena while it runs, so it
// counts among the arena's readers. Lines in use and the rest of what is known of gateways are those of now.
import { linesUsed } from '../../core/admission/line-limits.ts';
import { billingRules } from '../../core/billing/billing-rules.ts';
import type { Listener } from '../../core/call/local-identity.ts';
import { customerMinutePrice, vendorMinutePrice } from '../../core/call/route-prices.ts';
import { openSnapshot, routingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import type { GatewayReadings } from '../../core/effects.ts';
import { explainRoute, type RouteExplanation } from '../../core/routing/explain.ts';
import { gatewayEffects } from '../../core/routing/gateway-state.ts';
import type { AnalyzeRequest } from '../admin-messages.ts';
import { monotonicMs } from '../clock.ts';
import { unreachableReason } from '../configuration/reachability.ts';
import { gatewayWords, lineLedger, type SharedMemory } from '../memory/shared-memory.ts';

export interface AnalyzeTask {
  readonly arena: SharedArrayBuffer;
  readonly request: AnalyzeRequest;
  readonly listeners: readonly Listener[];
  readonly memory: RouteMemory;
}

/** What of the shared memory an analysis reads. */
export type RouteMemory = Pick<SharedMemory, 'workers' | 'lines' | 'gateways'>;

/** Longer than any number that a message can carry usefully. */
const numberCharsMax = 128;

/** Throws where the request names what does not exist; the message is for the person who asked. */
export function analyzeRoute(task: AnalyzeTask): RouteExplanation {
  const { request, listeners, memory } = task;
  if (request.callee.length === 0 || request.callee.length > numberCharsMax) {
    throw new Error(
      `callee: ${request.callee.length} characters: expected a number of 1 to ${numberCharsMax}`,
    );
  }
  const snapshot = openSnapshot(task.arena);
  refuseUnknown(snapshot, 'without', request.without ?? []);
  refuseUnknown(snapshot, 'fail', Object.keys(request.fail ?? {}));
  const rules = billingRules(snapshot.parameters);
  const at = request.at === undefined ? Date.now() : Date.parse(request.at);
  const explanation = explainRoute(snapshot, request, {
    at,
    state: stateOf(memory),
    minutePrice: (gateway, question) => vendorMinutePrice(rules, gateway, question),
    sellPrice: (mapping, callee) => customerMinutePrice({ snapshot, rules, mapping, callee, at }),
    unreachable: (gateway) => unreachableReason(gateway, listeners),
  });
  if (explanation === undefined) {
    throw new Error(
      `gateway: ${JSON.stringify(request.gateway)}: expected the name of a mapping gateway`,
    );
  }
  return explanation;
}

function refuseUnknown(snapshot: Snapshot, field: string, names: readonly string[]): void {
  for (const name of names) {
    if (routingGatewayByName(snapshot, name) !== undefined) continue;
    throw new Error(`${field}: ${JSON.stringify(name)}: expected the name of a routing gateway`);
  }
}

function stateOf(memory: RouteMemory): GatewayReadings {
  const ledger = lineLedger(memory);
  return {
    ...gatewayEffects(gatewayWords(memory), () => monotonicMs() / 1000),
    linesUsed: (slot) => linesUsed(ledger, slot),
  };
}
