// CDRs that the receiver of the push does not take, a line of JSON each: when, what it answered, and the CDR.
//
//   DIR/hand-off/push-refused.ndjson       and, once that is large, the one before it: push-refused.1.ndjson
import fs from 'node:fs/promises';
import path from 'node:path';
import type { PushedRecord } from './cdr-push.ts';
import type { PushAnswer } from './push-client.ts';

const fileBytesMax = 64 * 1024 * 1024;
const fileMode = 0o600;

/** Resolves once the line is on the disk. @throws Error */
export function createRefusedRecords(
  dataDir: string,
  nowWallMs: () => number = Date.now,
): (record: PushedRecord, answer: PushAnswer) => Promise<void> {
  const file = path.join(dataDir, 'hand-off', 'push-refused.ndjson');
  const earlier = path.join(dataDir, 'hand-off', 'push-refused.1.ndjson');
  return async (record, { status, text }) => {
    const head = JSON.stringify({ at: new Date(nowWallMs()).toISOString(), status, answer: text });
    const handle = await fs.open(file, 'a', fileMode);
    let isLarge = false;
    try {
      await handle.writeFile(`${head.slice(0, -1)},"cdr":${record}}\n`);
      await handle.sync();
      isLarge = (await handle.stat()).size > fileBytesMax;
    } finally {
      await handle.close();
    }
    if (isLarge) await fs.rename(file, earlier);
  };
}
