// Compiles the fraud limits of accounts: for the call workers into the accounts' rows of the snapshot, and for
// the main thread, which keeps their counters, as a list.
import type {
  AccountDocument,
  FraudLimitDocument,
  ThresholdDocument,
} from '../../core/configuration/model.ts';
import type { FraudLimit, Threshold, ZoneOffsets } from '../../core/configuration/snapshot.ts';
import { byteString } from './byte-string.ts';
import { units } from './compile-rates.ts';
import { nodeTimeZone, zoneOffsets } from './time-zones.ts';

/** A fraud limit as the main thread knows it; crosses from the task pool. */
export interface AccountFraudLimit {
  readonly account: string;
  /** As the document has it. */
  readonly document: FraudLimitDocument;
  readonly zone: ZoneOffsets;
  readonly limit: FraudLimit;
}

export interface CompiledFraudLimits {
  readonly zones: readonly ZoneOffsets[];
  readonly all: readonly AccountFraudLimit[];
  /** Of one account; its row says so. */
  readonly of: (account: AccountDocument) => { zone: number; fraudLimits: readonly FraudLimit[] };
}

export function compileFraudLimits(
  accounts: readonly AccountDocument[],
  slotOf: (account: string, prefix: string) => number,
): CompiledFraudLimits {
  const zoneRows = new Map<string, number>();
  const zones: ZoneOffsets[] = [];
  const all: AccountFraudLimit[] = [];
  const rows = new Map<string, { zone: number; fraudLimits: readonly FraudLimit[] }>();
  for (const { name, timeZone, fraudLimits = [] } of accounts) {
    if (fraudLimits.length === 0) continue;
    const zone = zoneOffsets(timeZone ?? nodeTimeZone());
    let row = zoneRows.get(zone.timeZone);
    if (row === undefined) {
      row = zones.push(zone) - 1;
      zoneRows.set(zone.timeZone, row);
    }
    const limits = fraudLimits.map((document) => {
      const limit = compileLimit(document, slotOf(name, document.prefix));
      all.push({ account: name, document, zone, limit });
      return limit;
    });
    limits.sort((one, other) => other.prefix.length - one.prefix.length);
    rows.set(name, { zone: row, fraudLimits: limits });
  }
  return { zones, all, of: ({ name }) => rows.get(name) ?? unlimited };
}

const unlimited = { zone: -1, fraudLimits: [] };

function compileLimit(document: FraudLimitDocument, slot: number): FraudLimit {
  const { callsAtOnce, callsPerMinute, minutesPerDay, moneyPerDay, callSeconds } = document;
  return {
    slot,
    prefix: byteString(document.prefix),
    callsAtOnce: thresholdOf(callsAtOnce, -1, (value) => value),
    callsPerMinute: thresholdOf(callsPerMinute, -1, (value) => value),
    daySeconds: thresholdOf(minutesPerDay, -1n, (minutes) => BigInt(minutes) * 60n),
    dayMoney: thresholdOf(moneyPerDay, -1n, units),
    callSeconds: thresholdOf(callSeconds, -1, (value) => value),
  };
}

function thresholdOf<Given, Value>(
  given: ThresholdDocument<Given> | undefined,
  none: Value,
  toValue: (given: Given) => Value,
): Threshold<Value> {
  const { warn, block } = given ?? {};
  return {
    warn: warn === undefined ? none : toValue(warn),
    block: block === undefined ? none : toValue(block),
  };
}
