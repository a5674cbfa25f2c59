// A folder of its own for the files of real programs in a test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PeerFolder {
  readonly path: string;
  readonly remove: () => void;
}

export function createPeerFolder(): PeerFolder {
  const path = mkdtempSync(join(tmpdir(), 'tandem-peers-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
