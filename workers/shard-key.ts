// The key of the shard hash and of minted Call-IDs (core/shard/call-id-shard.ts). It is kept in the data
// directory, so that after a restart the calls that are hung up land on the same worker as before.
import { randomFillSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const keyWords = 2;
const keyPattern = /^[0-9a-f]{16}\n?$/;

/** Reads the key, or mints it. A file that is no key is replaced: nothing durable depends on it. */
export function openShardKey(dataDir: string): Uint32Array {
  const path = join(dataDir, 'shard-key');
  const text = readKey(path);
  if (text !== undefined) {
    return Uint32Array.of(
      Number.parseInt(text.slice(0, 8), 16),
      Number.parseInt(text.slice(8, 16), 16),
    );
  }
  const key = randomFillSync(new Uint32Array(keyWords));
  const hex = [...key].map((word) => word.toString(16).padStart(8, '0')).join('');
  writeFileSync(path, `${hex}\n`, { mode: 0o600 });
  return key;
}

function readKey(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'latin1');
    return keyPattern.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
