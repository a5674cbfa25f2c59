// Backups: one gzip file of JSON lines with the configuration and its versions, the node's secrets, its node file
// wherever it is, and the ledger without its CDR rows (workers/ledger/ledger-copy.ts). A ledger that was in MySQL may come back as an
// embedded one, and the other way round.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ConfigurationStore } from '../workers/configuration/configuration-store.ts';
import { openConfigurationStore } from '../workers/configuration/open-store.ts';
import { openDataDirectory } from '../workers/data-directory.ts';
import { restoreLedger, type StoreEntry } from '../workers/ledger/ledger-copy.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import { recordedNodeFile } from '../workers/node-file-record.ts';
import { followedKey } from './configuration-master.ts';
import { RequestRefused } from './problem.ts';

const backupFormat = 1;
const nodeFiles = ['node.yaml', 'node.yml', 'node.json'];
/** Small files of the data directory that a node needs to be the same one. */
const files = ['admin-token', 'shard-key', ...nodeFiles];

type Line =
  | { tandemBackup: number; madeAt: string; ledger: string }
  | { store: 'config' | 'ledger'; key: string; value: string }
  | { file: string; value: string };

export interface BackupParts {
  readonly dataDir: string;
  readonly store: ConfigurationStore;
  readonly ledger: LedgerStore;
}

/** @throws LedgerAway, RequestRefused where a file cannot be read */
export async function makeBackup({ dataDir, store, ledger }: BackupParts): Promise<Buffer> {
  const lines: Line[] = [
    { tandemBackup: backupFormat, madeAt: new Date().toISOString(), ledger: ledger.kind },
  ];
  const configuration = store.transaction((transaction) =>
    transaction.range('', '\u007f', Number.MAX_SAFE_INTEGER),
  );
  for (const entry of configuration) lines.push(storeLine('config', entry));
  for (const entry of await ledger.copy(dataDir)) lines.push(storeLine('ledger', entry));
  for (const { file, path } of filesOf(dataDir)) {
    lines.push({ file, value: contentOf(path).toString('base64') });
  }
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** The node file of the last start is taken from where it is, under the name that it gets in a data directory. */
function filesOf(dataDir: string): { file: string; path: string }[] {
  const recorded = recordedNodeFile(dataDir);
  const own = files
    .map((file) => ({ file, path: join(dataDir, file) }))
    .filter(({ path }) => existsSync(path));
  if (recorded === undefined) return own;
  const file = extname(recorded) === '.json' ? 'node.json' : 'node.yaml';
  return [...own.filter((one) => !nodeFiles.includes(one.file)), { file, path: recorded }];
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    // Without it the restored node is another one: better no backup, and said so, than half of one.
    throw new RequestRefused('internal', `${path}: cannot be read: ${(error as Error).message}`);
  }
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
  const hasNodeFile = nodeFiles.some((name) => existsSync(join(dataDir, name)));
  try {
    for (const line of lines) {
      if (!('file' in line) || !files.includes(line.file)) continue;
      if (hasNodeFile && nodeFiles.includes(line.file)) continue;
      made.push(line.file);
      writeFileSync(join(dataDir, line.file), Buffer.from(line.value, 'base64'), { mode: 0o600 });
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
