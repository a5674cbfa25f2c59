// Forces segments of the CDR log onto the disk before anything outside the log knows their records. After a
// power failure the log must not lack what others have: a call whose end was lost would be closed, and told
// of, a second time.
import fs from 'node:fs/promises';
import path from 'node:path';
import type { LogSet } from './log-set.ts';

export async function syncSegments(set: LogSet, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const handle = await fs.open(path.join(set.directory, file), 'r+');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }
}
