// What CDRs say of the length of calls, beside what the far end has measured, and what deaths of the node have cut.
import assert from 'node:assert/strict';

export interface Durations {
  /** Rows whose duration the far end has measured too, and how much longer and shorter than its own they are at most, in
   *  ms. */
  readonly compared: number;
  readonly longerMs: number;
  readonly shorterMs: number;
  /** Rows that were over a second apart, and in how many seconds of the run their calls ended. */
  readonly wrong: number;
  readonly wrongSeconds: number;
  /** Calls that the next start has closed, and those of them that do not end within the last 5 s before a death. */
  readonly closed: number;
  readonly closedWrong: number;
}

export interface MeasuredRow {
  readonly calleeCallId: string | null;
  readonly holdTimeMs: number;
  /** ms since 1970. */
  readonly endedAt: number;
  /** Begins with the end reason. */
  readonly end: string;
}

const apartMsMax = 1_000;
/** What a death may lose of a call: the alive frames are so far apart, and are written a little late. */
const lostMsMax = 5_250;

/** Every call that both sides have measured is within a second of the far end, and what a death has cut is billed to
 *  within 5 s of it. `share`: of the calls for which the far end may have had no processor in time. */
export function assertDurations({ durations }: { readonly durations: Durations }, share = 0): void {
  const says = JSON.stringify(durations);
  assert.ok(durations.compared > 0, says);
  assert.ok(durations.wrong <= durations.compared * share, says);
  assert.equal(durations.closedWrong, 0, says);
}

/** Of answered calls. `heldMs`: by the far end's Call-ID; `nodeEnds`: when the node was ended, ms since 1970. */
export function durationsOf(
  rows: readonly MeasuredRow[],
  heldMs: ReadonlyMap<string, number>,
  nodeEnds: readonly number[],
): Durations {
  const durations = {
    ...{ compared: 0, longerMs: 0, shorterMs: 0 },
    ...{ wrong: 0, wrongSeconds: 0, closed: 0, closedWrong: 0 },
  };
  const wrongSeconds = new Set<number>();
  for (const { calleeCallId, holdTimeMs, endedAt, end } of rows) {
    if (end.startsWith('Server forced release')) {
      durations.closed++;
      const isNear = nodeEnds.some((at) => endedAt <= at && endedAt >= at - lostMsMax);
      if (!isNear) durations.closedWrong++;
      continue;
    }
    const held = heldMs.get(calleeCallId!);
    if (held === undefined) continue;
    durations.compared++;
    const longerMs = holdTimeMs - held;
    durations.longerMs = Math.max(durations.longerMs, longerMs);
    durations.shorterMs = Math.max(durations.shorterMs, -longerMs);
    if (Math.abs(longerMs) <= apartMsMax) continue;
    durations.wrong++;
    wrongSeconds.add(Math.floor(endedAt / 1000));
  }
  durations.wrongSeconds = wrongSeconds.size;
  return durations;
}
