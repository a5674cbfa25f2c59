// Backups: one gzip file of JSON lines with the configuration and its versions, the node's secrets, and the
// embedded ledger without its CDR rows (workers/ledger/ledger-copy.ts). A ledger in MySQL has backups of
// its own, and is left out.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ConfigurationStore } from '../workers/configuration/configuration-store.ts';
import { openConfigurationStore } from '../workers/configuration/open-store.ts';
import { openDataDirectory } from '../workers/data-directory.ts';
import { restoreLedger, type StoreEntry } from '../workers/ledger/ledger-copy.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';

const backupFormat = 1;
/** Small files of the data directory that a node needs to be the same one. */
const files = ['admin-token', 'shard-key', 'node.yaml', 'node.yml', 'node.json'];

type Line =
  | { tandemBackup: number; madeAt: string; ledger: string }
  | { store: 'config' | 'ledger'; key: string; value: string }
  | { file: string; value: string };

export interface BackupParts {
  readonly dataDir: string;
  readonly store: ConfigurationStore;
  readonly ledger: LedgerStore;
}

export async function makeBackup({ dataDir, store, ledger }: BackupParts): Promise<Buffer> {
  const lines: Line[] = [
    { tandemBackup: backupFormat, madeAt: new Date().toISOString(), ledger: ledger.kind },
  ];
  const configuration = store.transaction((transaction) =>
    transaction.range('', '\u007f', Number.MAX_SAFE_INTEGER),
  );
  for (const entry of configuration) lines.push(storeLine('config', entry));
  for (const entry of (await ledger.copy(dataDir)) ?? []) lines.push(storeLine('ledger', entry));
  for (const file of files) {
    const path = join(dataDir, file);
    if (existsSync(path)) lines.push({ file, value: readFileSync(path).toString('base64') });
  }
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function storeLine(store: 'config' | 'ledger', [key, value]: StoreEntry): Line {
  return { store, key, value: Buffer.from(value).toString('base64') };
}

/** Into a directory in which no node was yet. @throws Error that says what is in the way */
export async function restoreBackup(dataDir: string, bytes: Uint8Array): Promise<void> {
  const lines = readLines(bytes);
  for (const taken of ['config', 'config.log', 'ledger', 'ledger.log', 'cdr']) {
    if (existsSync(join(dataDir, taken))) {
      throw new Error(`${join(dataDir, taken)} is there: expected a directory without a node`);
    }
  }
  const directory = await openDataDirectory(dataDir);
  try {
    const entries = { config: [] as StoreEntry[], ledger: [] as StoreEntry[] };
    for (const line of lines) {
      if ('store' in line) {
        entries[line.store].push([line.key, Buffer.from(line.value, 'base64')]);
      } else if ('file' in line && files.includes(line.file)) {
        const value = Buffer.from(line.value, 'base64');
        writeFileSync(join(dataDir, line.file), value, { mode: 0o600 });
      }
    }
    const store = await openConfigurationStore(dataDir);
    try {
      store.transaction((transaction) => {
        for (const [key, value] of entries.config) transaction.put(key, value);
      });
    } finally {
      await store.close();
    }
    if (entries.ledger.length > 0) await restoreLedger(dataDir, entries.ledger);
  } finally {
    await directory.close();
  }
}

function readLines(bytes: Uint8Array): Line[] {
  let lines: Line[];
  try {
    lines = gunzipSync(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  } catch (error) {
    throw new Error(`not a backup of Tandem: ${(error as Error).message}`);
  }
  const [head] = lines;
  const format = head !== undefined && 'tandemBackup' in head ? head.tandemBackup : undefined;
  if (format !== backupFormat) {
    throw new Error(`backup format ${format ?? '(none)'}: expected ${backupFormat}`);
  }
  return lines;
}
