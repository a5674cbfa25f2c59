// Task of the Piscina pool: compiles a stored version into the arena that the engine does not run from.
// Called by its exported name: `pool.run(request, { name: 'compileConfiguration' })`.
import { lowerThreadPriority } from '../background-priority.ts';
import type { AccountCells } from '../configuration/compile-billing.ts';
import type { AccountFraudLimit } from '../configuration/compile-fraud-limits.ts';
import type { AccountPackage } from '../configuration/compile-packages.ts';
import { compileStored, type StoredVersion } from '../configuration/compile-stored.ts';

export interface CompileRequest extends StoredVersion {
  readonly slots: ReadonlyMap<string, number>;
  /** Reused where it is large enough. Nobody may be reading from it. */
  readonly arena: SharedArrayBuffer | null;
  /** Calls may be up: they come first. At start they wait for this. */
  readonly behindCalls: boolean;
}

export interface CompileAnswer {
  /** The arena of the request, or a larger one in its place. */
  readonly arena: SharedArrayBuffer;
  readonly bytesUsed: number;
  readonly accountCells: AccountCells;
  readonly fraudLimits: readonly AccountFraudLimit[];
  readonly packages: readonly AccountPackage[];
  readonly readMs: number;
  readonly compileMs: number;
  readonly writeMs: number;
}

/** An arena is made larger than needed, so that a growing configuration seldom needs a new one. */
const arenaSlack = 1.25;
const arenaBytesMin = 1 << 20;

export async function compileConfiguration(request: CompileRequest): Promise<CompileAnswer> {
  if (request.behindCalls) lowerThreadPriority();
  const { compiled, readMs, compileMs } = await compileStored(request, () => request.slots);
  const compiledAt = performance.now();
  const arena = arenaFor(compiled.bytesNeeded, request.arena);
  compiled.writeInto(arena);
  return {
    arena,
    bytesUsed: compiled.bytesNeeded,
    accountCells: compiled.accountCells,
    fraudLimits: compiled.fraudLimits,
    packages: compiled.packages,
    readMs,
    compileMs,
    writeMs: performance.now() - compiledAt,
  };
}

function arenaFor(bytesNeeded: number, given: SharedArrayBuffer | null): SharedArrayBuffer {
  if (given !== null && given.byteLength >= bytesNeeded) return given;
  const bytes = Math.max(arenaBytesMin, Math.ceil(bytesNeeded * arenaSlack));
  return new SharedArrayBuffer(Math.ceil(bytes / 8) * 8);
}
