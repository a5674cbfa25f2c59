// With which node file the node of a data directory was started last, where that file is not in the directory:
// commands that run without the node find its database by it. Only the path is kept, as the file may hold
// passwords.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadSettings, type Settings } from './settings.ts';
import { StartRefused } from './start-refused.ts';

const recordPath = (dataDir: string): string => join(dataDir, 'node-file');

/** `nodeFile`: absolute; '' where the node runs on the defaults. One in the directory needs no record: it is
 *  found there, wherever the directory is moved to. */
export function recordNodeFile(dataDir: string, nodeFile: string): void {
  const path = recordPath(dataDir);
  if (nodeFile === '' || dirname(nodeFile) === resolve(dataDir)) {
    rmSync(path, { force: true });
    return;
  }
  writeFileSync(`${path}.new`, `${nodeFile}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the node of the directory was started with last; that of a node file in the directory, or the
 *  defaults, where nothing is recorded.
 *  @throws StartRefused also where the recorded file is gone: another ledger is not the node's */
export function settingsOfNode(dataDir: string): Settings {
  const configFile = recordedNodeFile(dataDir);
  if (configFile === undefined) return loadSettings({ dataDir });
  try {
    return loadSettings({ configFile, dataDir });
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    throw new StartRefused(
      error.code,
      `${error.message} (the node of ${resolve(dataDir)} was started with this node file last)`,
    );
  }
}

/** Absolute; undefined where the node file is in the directory, or there is none. @throws StartRefused */
export function recordedNodeFile(dataDir: string): string | undefined {
  try {
    return readFileSync(recordPath(dataDir), 'utf8').trimEnd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StartRefused(
      'TANDEM_NODE_FILE',
      `${recordPath(dataDir)}: cannot be read: ${(error as Error).message}`,
    );
  }
}
