// Tasks of the Piscina pool: routing analysis (`tandem route`) on the snapshot that is in force, or on an older
// version. Called by their exported names: `pool.run(request, { name: 'analyzeRoute' })`. The first reads the
// arena while it runs, so it counts among the arena's readers. Lines, money and the rest of what is in use are those of
// now; of accounts by an older version nothing is known, and all is taken for enough.

import { parseAddressPort } from '../../core/access/ip-address.ts';
import { linesUsed } from '../../core/admission/line-limits.ts';
import { explainRoute } from '../../core/call/explain-route.ts';
import type { Listener } from '../../core/call/local-identity.ts';
import type { CallReadings } from '../../core/call/rehearsed-effects.ts';
import { cdrNumberBytesMax } from '../../core/cdr/column-texts.ts';
import { openSnapshot, routingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { gatewayEffects } from '../../core/routing/gateway-state.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import type { AnalyzeRequest } from '../admin-messages.ts';
import { lowerThreadPriority } from '../background-priority.ts';
import { monotonicMs } from '../clock.ts';
import { compileStored, type StoredVersion } from '../configuration/compile-stored.ts';
import { unreachableReason } from '../configuration/reachability.ts';
import { isGatewaySlotName } from '../configuration/slot-registry.ts';
import { accountState, openBalances } from '../memory/balance-block.ts';
import { usageLedger, usageOf } from '../memory/fraud-block.ts';
import { gatewayWords, lineLedger, type SharedMemory } from '../memory/shared-memory.ts';

export interface AnalyzeTask extends AnalyzedCall {
  readonly arena: SharedArrayBuffer;
}

/** By a version that is not in force. */
export interface AnalyzeStoredTask extends AnalyzedCall {
  readonly stored: StoredVersion;
  /** Of the gateways and groups in force: what of an old configuration is still there has figures of now. */
  readonly slots: ReadonlyMap<string, number>;
}

interface AnalyzedCall {
  readonly request: AnalyzeRequest;
  /** Of this process. */
  readonly node: string;
  readonly listeners: readonly Listener[];
  readonly memory: RouteMemory;
}

/** What of the shared memory an analysis reads. */
export type RouteMemory = Pick<
  SharedMemory,
  'workers' | 'lines' | 'gateways' | 'balances' | 'fraudUsage'
>;

/** Of a gateway or group that is not in force: nothing is known of it. */
const noSlot = -1;
/** Of an account, a fraud limit or a number of an older version; those in force begin at 1. */
const unknownSlot = 0;

/** Throws where the request names what does not exist; the message is for the person who asked. */
export function analyzeRoute(task: AnalyzeTask): RouteExplanation {
  checkRequest(task.request);
  return analyze(openSnapshot(task.arena), task);
}

/** The same; compiles the version first, for this one question. */
export async function analyzeStoredRoute(task: AnalyzeStoredTask): Promise<RouteExplanation> {
  checkRequest(task.request);
  lowerThreadPriority();
  const { compiled } = await compileStored(
    task.stored,
    (names) =>
      new Map(
        names().map((name) => [
          name,
          isGatewaySlotName(name) ? (task.slots.get(name) ?? noSlot) : unknownSlot,
        ]),
      ),
  );
  const arena = new ArrayBuffer(Math.ceil(compiled.bytesNeeded / 8) * 8);
  compiled.writeInto(arena);
  return analyze(openSnapshot(arena), task);
}

function checkRequest({ callee, source, gateway }: AnalyzeRequest): void {
  if (callee.length === 0 || callee.length > cdrNumberBytesMax) {
    throw new Error(
      `callee: ${callee.length} characters: expected a number of 1 to ${cdrNumberBytesMax}`,
    );
  }
  if (gateway !== undefined) return;
  if (source !== undefined && parseAddressPort(source) !== undefined) return;
  throw new Error(
    `source: ${JSON.stringify(source ?? '')}: expected an address with or without a port, as 192.0.2.1:5060`,
  );
}

function analyze(
  snapshot: Snapshot,
  { request, node, listeners, memory }: AnalyzedCall,
): RouteExplanation {
  refuseUnknown(snapshot, 'without', request.without ?? []);
  refuseUnknown(snapshot, 'fail', Object.keys(request.fail ?? {}));
  const at = request.at === undefined ? Date.now() : Date.parse(request.at);
  const explanation = explainRoute(snapshot, request, {
    at,
    readings: readingsOf(memory),
    node,
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

function readingsOf(memory: RouteMemory): CallReadings {
  const ledger = lineLedger(memory);
  const balances = openBalances(memory);
  const usage = usageLedger(memory);
  const now = gatewayEffects(gatewayWords(memory), () => monotonicMs() / 1000);
  const known = (slot: number): boolean => slot !== noSlot;
  return {
    callsToday: (slot) => (known(slot) ? now.callsToday(slot) : 0),
    asr: (slot) => (known(slot) ? now.asr(slot) : -1),
    acd: (slot) => (known(slot) ? now.acd(slot) : -1),
    isOffline: (slot) => known(slot) && now.isOffline(slot),
    closedSeconds: (slot) => (known(slot) ? now.closedSeconds(slot) : 0),
    linesUsed: (slot) => (known(slot) ? linesUsed(ledger, slot) : 0),
    available: (slot) =>
      slot === unknownSlot ? undefined : accountState(balances, slot).available,
    readUsage: (cell) => usageOf(usage, cell).total,
  };
}
