// Opens a CDR log as a call worker does, and reads back what is in it.
import fs from 'node:fs';
import path from 'node:path';
import type { Frame } from '../../core/cdr/cdr-codec.ts';
import { CdrLog, type CdrLogOptions } from '../../workers/cdr/cdr-log.ts';
import { listLogSets, listSegments } from '../../workers/cdr/log-set.ts';
import { SegmentReader } from '../../workers/cdr/segment-reader.ts';
import { sampleWallMs } from './sample-records.ts';

export function openLog(directory: string, options: Partial<CdrLogOptions> = {}): CdrLog {
  return new CdrLog({
    directory,
    worker: 0,
    node: 'edge-1',
    syncMs: 1000,
    nowWallMs: sampleWallMs,
    ...options,
  });
}

/** Every sound frame of every segment, in file order. */
export function readFrames(directory: string): Frame[] {
  const frames: Frame[] = [];
  for (const set of listLogSets(directory)) {
    for (const segment of listSegments(set.directory)) {
      const reader = new SegmentReader(set, segment.file);
      for (let logged = reader.next(); logged !== null; logged = reader.next()) {
        frames.push(logged.frame);
      }
      reader.close();
    }
  }
  return frames;
}

export function endedIds(directory: string): string[] {
  return readFrames(directory).flatMap((frame) => (frame.kind === 'end' ? [frame.cdr.id] : []));
}

export function segmentFiles(directory: string): string[] {
  return listLogSets(directory).flatMap((set) =>
    listSegments(set.directory).map((segment) => path.join(set.directory, segment.file)),
  );
}

export function fileBytes(file: string): number {
  return fs.statSync(file).size;
}
