// CDRs of a node, oldest end first: those of the ledger, and those that are still only in the log, each once
// and as soon as it is written. The checkpoint is read first; behind it the log is asked, before it the
// ledger. What the writer ships meanwhile is then in both, and left out of the ledger's answer.
import { setImmediate } from 'node:timers/promises';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import type {
  Checkpoint,
  LedgerStore,
  LogPlace,
  StoredCdr,
  StoredCdrQuery,
} from '../ledger/ledger-store.ts';
import { cdrFilter, compareCdrs, mergeCdrs } from './cdr-filter.ts';
import { listLogSets, parseSegmentName } from './log-set.ts';
import { LogTail, streamName } from './log-tail.ts';

export interface CdrQuery extends StoredCdrQuery {
  /** The data directory. */
  readonly directory: string;
  /** Absent: the log alone, from its beginning. */
  readonly ledger?: LedgerStore | undefined;
  readonly limit?: number | undefined;
  /** Which CDRs of the log get a row once they are stored; absent: all. */
  readonly isListed?: ((cdr: Cdr) => boolean) | undefined;
}

/** The caller's event loop gets its turn after so many frames. */
const framesAtOnce = 500;

export async function* queryCdrs(query: CdrQuery): AsyncGenerator<StoredCdr, void, void> {
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  const tails: LogTail[] = [];
  const sources: AsyncIterable<StoredCdr>[] = [];
  try {
    const behind = new Map<string, LogPlace>();
    for (const set of listLogSets(query.directory)) {
      const places: Checkpoint['places'] = (await query.ledger?.checkpoint(set.id))?.places ?? {};
      const tail = new LogTail(set, places);
      tails.push(tail);
      for (const name of tail.streams.keys()) {
        behind.set(`${set.id} ${name}`, places[name] ?? { file: '', offset: 0 });
      }
    }
    const logged = await collect(tails, query, limit);
    sources.push(inOrder(logged));
    if (query.ledger !== undefined) sources.push(storedBefore(behind, query.ledger, query));
    let found = 0;
    if (limit <= 0) return;
    for await (const cdr of mergeCdrs(sources)) {
      yield cdr;
      if (++found >= limit) return;
    }
  } finally {
    for (const tail of tails) tail.close();
  }
}

/** The first `limit` CDRs of the log that are asked for. */
async function collect(
  tails: readonly LogTail[],
  query: CdrQuery,
  limit: number,
): Promise<StoredCdr[]> {
  const matches = cdrFilter(query);
  const { after } = query;
  let found: StoredCdr[] = [];
  for (const tail of tails) {
    let frames = 0;
    for (;;) {
      const readAll = tail.read(({ frame, logId }) => {
        if (frame.kind === 'end') {
          const row = withinColumns(frame.cdr);
          if (matches(row, logId) && (query.isListed?.(frame.cdr) ?? true)) {
            const cdr = Object.assign(row, { logId });
            if (after === undefined || compareCdrs(cdr, after) > 0) found.push(cdr);
          }
        }
        return ++frames % framesAtOnce !== 0;
      });
      if (found.length > 4 * limit) found = found.sort(compareCdrs).slice(0, limit);
      if (readAll) break;
      await setImmediate();
    }
  }
  return found.sort(compareCdrs);
}

async function* inOrder(cdrs: readonly StoredCdr[]): AsyncGenerator<StoredCdr, void, void> {
  yield* cdrs;
}

/** Rows that were stored when `behind` was read. */
async function* storedBefore(
  behind: ReadonlyMap<string, LogPlace>,
  ledger: LedgerStore,
  query: CdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  for await (const cdr of ledger.cdrs(query)) {
    const { set, file, offset } = cdr.logId;
    const segment = parseSegmentName(file);
    if (segment === null) continue;
    const place = behind.get(`${set} ${streamName(segment)}`);
    // Another node's, or of a stream whose segments have served their time.
    if (place === undefined) {
      yield cdr;
      continue;
    }
    const at = parseSegmentName(place.file);
    if (at === null || segment.sequence > at.sequence) continue;
    if (segment.sequence < at.sequence || offset < place.offset) yield cdr;
  }
}
