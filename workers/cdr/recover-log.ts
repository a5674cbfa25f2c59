// Closes the calls that were up when their worker died: an answer record without an end record gets one,
// billed to the last moment the worker is known to have lived. Ends go to segments of their own (role
// `r`), synced before the settled marker moves: a recovery that is itself cut short is simply repeated,
// finds the ends it had written, and closes each call exactly once.
import fs from 'node:fs';
import path from 'node:path';
import { chargeClosedCall } from '../../core/billing/call-charge.ts';
import type { AnswerRecord } from '../../core/cdr/cdr.ts';
import { encodeSegmentClose, encodeSegmentHeader, type Frame } from '../../core/cdr/cdr-codec.ts';
import { EndReasons } from '../../core/end-reason.ts';
import { datedRecoveredEnd } from './dated-records.ts';
import { diskFileSystem, type FileSystemPort } from './file-system-port.ts';
import { FrameBatch } from './frame.ts';
import {
  type LogSet,
  latestIncarnation,
  listLogSets,
  listSegments,
  markSettled,
  openLogSet,
  type SegmentName,
  segmentName,
  settledIncarnation,
  syncDirectoryNow,
} from './log-set.ts';
import { firstFrame, SegmentReader } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface RecoveryOptions {
  /** The data directory. */
  readonly directory: string;
  readonly node: string;
  readonly nowWallMs: number;
  /** Only this worker's calls; absent: every worker that ever wrote, in every log set. Then no call
   *  worker may be running. */
  readonly worker?: number;
  /** Goes with `worker`: up to this incarnation (latestIncarnation, asked before the successor starts).
   *  Beyond it nothing is touched. */
  readonly through?: number;
  readonly files?: FileSystemPort;
}

export interface RecoveredCall {
  readonly worker: number;
  /** What is needed to hang up both legs; `cdr` is the CDR that was written. */
  readonly answer: AnswerRecord;
}

export interface RecoveryReport {
  calls: RecoveredCall[];
  segmentsRead: number;
  framesRead: number;
  /** Places in the middle of a segment that could not be read. */
  damaged: number;
  /** Segments whose last write was cut short. */
  tornTails: number;
}

/** Throws when the ends cannot be written; what was written then counts at the next attempt. */
export function recoverCdrLog(options: RecoveryOptions): RecoveryReport {
  if ((options.worker === undefined) !== (options.through === undefined)) {
    throw new Error('recovery of one worker: worker and through are given together');
  }
  const target = openLogSet(options.directory);
  const report: RecoveryReport = {
    calls: [],
    segmentsRead: 0,
    framesRead: 0,
    damaged: 0,
    tornTails: 0,
  };
  // The set in use comes last: its marker must not pass recovered ends of older sets before theirs does.
  for (const source of options.worker === undefined ? listLogSets(options.directory) : [target]) {
    for (const worker of workersOf(source, options)) {
      recoverWorker({ options, source, target, worker, report });
    }
  }
  return report;
}

function workersOf(source: LogSet, options: RecoveryOptions): number[] {
  if (options.worker !== undefined) return [options.worker];
  return [...new Set(listSegments(source.directory).map((segment) => segment.worker))];
}

interface WorkerRecovery {
  readonly options: RecoveryOptions;
  readonly source: LogSet;
  readonly target: LogSet;
  readonly worker: number;
  readonly report: RecoveryReport;
}

function recoverWorker(recovery: WorkerRecovery): void {
  const { options, source, target, worker, report } = recovery;
  const settled = settledIncarnation(source.directory, worker);
  const through = options.through ?? latestIncarnation(source.directory, worker);
  if (through <= settled) return;
  const unsettled = unsettledSegments(source, worker);
  const open = new Map<string, OpenCall>();
  const written = unsettled.filter(
    (segment) => segment.role === 'w' && segment.incarnation <= through,
  );
  for (const segments of byIncarnation(written)) readIncarnation(recovery, segments, open);
  dropRecovered(recovery, source, open);
  if (target.id !== source.id) dropRecovered(recovery, target, open);
  if (open.size > 0) {
    const closed = [...open.values()].map(closedAnswer);
    closed.sort((one, other) => one.cdr.endedAt - other.cdr.endedAt);
    writeEnds(recovery, closed);
    for (const answer of closed) report.calls.push({ worker, answer });
  }
  markSettled(source.directory, worker, through);
}

function unsettledSegments(set: LogSet, worker: number): SegmentName[] {
  const settled = settledIncarnation(set.directory, worker);
  return listSegments(set.directory).filter(
    (segment) => segment.worker === worker && segment.incarnation > settled,
  );
}

function byIncarnation(segments: readonly SegmentName[]): SegmentName[][] {
  const groups = new Map<number, SegmentName[]>();
  for (const segment of segments) {
    const group = groups.get(segment.incarnation);
    if (group === undefined) groups.set(segment.incarnation, [segment]);
    else group.push(segment);
  }
  return [...groups.values()];
}

interface OpenCall {
  readonly answer: AnswerRecord;
  readonly incarnation: { lastLifeAt: number };
}

function readIncarnation(
  recovery: WorkerRecovery,
  segments: readonly SegmentName[],
  open: Map<string, OpenCall>,
): void {
  const incarnation = { lastLifeAt: 0 };
  const oldest = oldestNeeded(recovery.source, segments);
  for (const segment of segments) {
    if (segment.sequence < oldest) continue;
    readSegment(recovery, recovery.source, segment, (frame) => {
      switch (frame.kind) {
        case 'answer':
          open.set(frame.answer.cdr.id, { answer: frame.answer, incarnation });
          livedAt(incarnation, frame.answer.cdr.answeredAt ?? 0);
          break;
        case 'end':
          open.delete(frame.cdr.id);
          livedAt(incarnation, frame.cdr.endedAt);
          break;
        case 'alive':
          livedAt(incarnation, frame.alive.at);
          break;
        case 'segmentHeader':
          livedAt(incarnation, frame.header.startedAt);
          break;
        case 'segmentClose':
          livedAt(incarnation, frame.at);
          break;
        case 'unknown':
          break;
      }
    });
  }
}

function livedAt(incarnation: { lastLifeAt: number }, at: number): void {
  if (at > incarnation.lastLifeAt) incarnation.lastLifeAt = at;
}

/** The newest segment with a sound header says which segment holds the oldest call that was up. */
function oldestNeeded(source: LogSet, segments: readonly SegmentName[]): number {
  for (let index = segments.length - 1; index >= 0; index--) {
    const frame = firstFrame(source, segments[index]!.file)?.frame;
    if (frame?.kind === 'segmentHeader') return frame.header.oldestOpenSequence;
  }
  return 0;
}

/** Calls that an earlier recovery closed already. */
function dropRecovered(recovery: WorkerRecovery, set: LogSet, open: Map<string, OpenCall>): void {
  for (const segment of unsettledSegments(set, recovery.worker)) {
    if (segment.role !== 'r') continue;
    readSegment(recovery, set, segment, (frame) => {
      if (frame.kind === 'end') open.delete(frame.cdr.id);
    });
  }
}

type FrameReader = (frame: Frame) => void;

function readSegment(
  recovery: WorkerRecovery,
  set: LogSet,
  segment: SegmentName,
  read: FrameReader,
): void {
  const { report } = recovery;
  const reader = new SegmentReader(set, segment.file, { searchPastDamage: true });
  try {
    for (let logged = reader.next(); logged !== null; logged = reader.next()) {
      report.framesRead++;
      read(logged.frame);
    }
    report.segmentsRead++;
    report.damaged += reader.damaged;
    const torn = !reader.atReserve();
    if (torn) report.tornTails++;
    const file = path.join(set.directory, segment.file);
    // Made ready and never used. One that holds something unreadable is left as it is.
    if (reader.offset === 0 && !torn) fs.rmSync(file, { force: true });
    else if (reader.offset > 0) cutTail(file, reader.offset);
  } finally {
    reader.close();
  }
}

/** Takes away what is behind the last frame (a torn write, the reserve): on a full disk this makes the
 *  room that the ends need. */
function cutTail(file: string, end: number): void {
  if (fs.statSync(file).size > end) fs.truncateSync(file, end);
}

/** Fills in the end; the record was read for this alone and is not copied. */
function closedAnswer(call: OpenCall): AnswerRecord {
  const { cdr } = call.answer;
  cdr.answeredAt ??= cdr.startedAt;
  cdr.endedAt = Math.max(call.incarnation.lastLifeAt, cdr.answeredAt);
  cdr.holdTimeMs = cdr.endedAt - cdr.answeredAt;
  cdr.endReason = EndReasons.serverForcedRelease.key;
  cdr.endedBy = 'server';
  cdr.sipCode = 200;
  const { terms } = call.answer;
  if (terms !== null) chargeClosedCall(cdr, terms);
  return call.answer;
}

/** One append of the ends is about this large. */
const appendBytes = 1024 * 1024;

function writeEnds(recovery: WorkerRecovery, closed: readonly AnswerRecord[]): void {
  const { options, target, worker } = recovery;
  const files = options.files ?? diskFileSystem;
  const incarnation = Math.max(
    Math.floor(options.nowWallMs),
    latestIncarnation(target.directory, worker) + 1,
  );
  const name = segmentName('r', worker, incarnation, 0);
  const segment = new SegmentWriter(files, target.directory, name);
  try {
    const batch = new FrameBatch();
    batch.add(
      encodeSegmentHeader({
        set: target.id,
        node: options.node,
        worker,
        incarnation,
        sequence: 0,
        // Readers skip by this; the ends lie before the recovery itself.
        startedAt: closed[0]!.cdr.endedAt,
        oldestOpenSequence: 0,
      }),
    );
    for (const answer of closed) {
      batch.add(datedRecoveredEnd(answer.cdr));
      if (batch.length >= appendBytes) append(segment, batch);
    }
    batch.add(encodeSegmentClose(options.nowWallMs, 0));
    append(segment, batch);
    files.dataSyncNow(segment.descriptor);
  } finally {
    segment.close();
  }
  syncDirectoryNow(target.directory);
}

function append(segment: SegmentWriter, batch: FrameBatch): void {
  if (!segment.append(batch.bytes.subarray(0, batch.length))) {
    throw new Error(`${segment.path}: recovered CDRs cannot be written: ${segment.failure}`);
  }
  batch.clear();
}
