// Backups: one gzip file of JSON lines with the configuration and its versions, the node's secrets, and the
// ledger without its CDR rows (workers/ledger/ledger-copy.ts). A ledger that was in MySQL may come back as an
// embedded one, and the other way round.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ConfigurationStore } from '../workers/configuration/configuration-store.ts';
import { openConfigurationStore } from '../workers/configuration/open-store.ts';
import { openDataDirectory } from '../workers/data-directory.ts';
import { restoreLedger, type StoreEntry } from '../workers/ledger/ledger-copy.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import { followedKey } from './configuration-master.ts';

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
  for (const entry of await ledger.copy(dataDir)) lines.push(storeLine('ledger', entry));
  for (const file of files) {
    const path = join(dataDir, file);
    if (existsSync(path)) lines.push({ file, value: readFileSync(path).toString('base64') });
  }
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function storeLine(store: 'config' | 'ledger', [key, value]: StoreEntry): Line {
  return { store, key, value: Buffer.from(value).toString('base64') };
}

/** Where one of these is, there was a node. */
const taken = ['config', 'config.log', 'ledger', 'ledger.log', 'cdr'];

export interface RestoreOptions {
  /** Of the node that will run on the directory; '' for an embedded ledger. Asked once the small files are
   *  there, because its node file may be one of them. */
  readonly mysqlUrl?: () => string;
}

/**
 * Into a directory in which no node was yet, though its node file may be there and then stays; what it made is
 * taken away again after a failure. `kept`: the database has books already, and was left as it is.
 * @throws Error that says what is in the way, LedgerAway
 */
export async function restoreBackup(
  dataDir: string,
  bytes: Uint8Array,
  { mysqlUrl = () => '' }: RestoreOptions = {},
): Promise<{ ledger: 'restored' | 'kept' }> {
  const lines = readLines(bytes);
  for (const name of taken) {
    if (existsSync(join(dataDir, name))) {
      throw new Error(`${join(dataDir, name)} is there: expected a directory without a node`);
    }
  }
  const directory = await openDataDirectory(dataDir);
  const made = [...taken];
  try {
    for (const line of lines) {
      if (!('file' in line) || !files.includes(line.file)) continue;
      const path = join(dataDir, line.file);
      if (line.file.startsWith('node.') && existsSync(path)) continue;
      made.push(line.file);
      writeFileSync(path, Buffer.from(line.value, 'base64'), { mode: 0o600 });
    }
    await putConfiguration(dataDir, entriesOf(lines, 'config'));
    return { ledger: await putLedger(dataDir, mysqlUrl(), entriesOf(lines, 'ledger')) };
  } catch (error) {
    for (const name of made) rmSync(join(dataDir, name), { recursive: true, force: true });
    throw error;
  } finally {
    await directory.close();
  }
}

function entriesOf(lines: readonly Line[], store: 'config' | 'ledger'): StoreEntry[] {
  const entries: StoreEntry[] = [];
  for (const line of lines) {
    if (!('store' in line) || line.store !== store) continue;
    entries.push([line.key, Buffer.from(line.value, 'base64')]);
  }
  return entries;
}

async function putLedger(
  dataDir: string,
  url: string,
  entries: readonly StoreEntry[],
): Promise<'restored' | 'kept'> {
  if (url === '') {
    if (entries.length > 0) await restoreLedger(dataDir, entries);
    return 'restored';
  }
  // Loaded where it is wanted: mysql2 is a tenth of a second of every command.
  const { restoreMysqlLedger } = await import('../workers/ledger/mysql-copy.ts');
  return (await restoreMysqlLedger(url, entries)) ? 'restored' : 'kept';
}

async function putConfiguration(dataDir: string, entries: readonly StoreEntry[]): Promise<void> {
  const store = await openConfigurationStore(dataDir);
  try {
    store.transaction((transaction) => {
      for (const [key, value] of entries) {
        // What was followed was that of the old node's database: this one's is followed, or gets ours.
        if (key !== followedKey) transaction.put(key, value);
      }
    });
  } finally {
    await store.close();
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
