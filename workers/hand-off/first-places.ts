// Where a hand-off that is turned on begins to read: with calls that end from then on, at the price of reading
// the segment in use, and not the whole log of the days before.
import fs from 'node:fs';
import path from 'node:path';
import { listLogSets, listSegments } from '../cdr/log-set.ts';
import { streamName } from '../cdr/log-tail.ts';
import type { LogPlace } from '../ledger/ledger-store.ts';
import type { PlacesOfSets } from './log-source.ts';

/** Of every stream, the first segment that was written at `since` or later, or the last, which may be yet. */
export function firstPlaces(dataDir: string, since: number): PlacesOfSets {
  const sets: Record<string, Record<string, LogPlace>> = {};
  for (const { id, directory } of listLogSets(dataDir)) {
    const places: Record<string, LogPlace> = {};
    const found = new Set<string>();
    for (const segment of listSegments(directory)) {
      const name = streamName(segment);
      if (found.has(name)) continue;
      places[name] = { file: segment.file, offset: 0 };
      if (fs.statSync(path.join(directory, segment.file)).mtimeMs >= since) found.add(name);
    }
    sets[id] = places;
  }
  return sets;
}
