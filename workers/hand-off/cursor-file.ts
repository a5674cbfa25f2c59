// How far a hand-off has come, in a file of its own below the data directory:
//
//   DIR/hand-off/files.json, DIR/hand-off/push.json
//
// It is replaced as a whole, so a death leaves the old one or the new one. There is none while a hand-off is
// off: turned on again it begins with the calls that end from then on.
import fs from 'node:fs';
import path from 'node:path';
import type { LogPlace } from '../ledger/ledger-store.ts';

export interface HandOffCursor<Own> {
  /** Only calls that ended at this time or later are handed off, until all of the log was read once; 0: all. */
  readonly since: number;
  /** By log set, then by stream: where the next frame is read. */
  readonly sets: Readonly<Record<string, Readonly<Record<string, LogPlace>>>>;
  /** What the target keeps beside. */
  readonly own: Own;
}

const layout = 1;
const directoryMode = 0o700;
const fileMode = 0o600;

export class CursorFile<Own> {
  readonly file: string;
  readonly #directory: string;

  constructor(dataDir: string, name: string) {
    this.#directory = path.join(dataDir, 'hand-off');
    this.file = path.join(this.#directory, `${name}.json`);
  }

  /** Null where there is none. @throws Error where it cannot be read: going on from a guess would lose CDRs or
   *  hand them off twice */
  load(): HandOffCursor<Own> | null {
    let text: string;
    try {
      text = fs.readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      const { layout: found, since, sets, own } = JSON.parse(text);
      if (found !== layout) throw new Error(`layout ${found}, expected ${layout}`);
      return { since, sets, own };
    } catch (error) {
      throw new Error(`${this.file} is no cursor: ${(error as Error).message}`);
    }
  }

  /** On the disk when it resolves. */
  async save(cursor: HandOffCursor<Own>): Promise<void> {
    await fs.promises.mkdir(this.#directory, { recursive: true, mode: directoryMode });
    const draft = `${this.file}.new`;
    const handle = await fs.promises.open(draft, 'w', fileMode);
    try {
      await handle.writeFile(`${JSON.stringify({ layout, ...cursor })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(draft, this.file);
    await syncDirectory(this.#directory);
  }

  remove(): void {
    fs.rmSync(this.file, { force: true });
  }
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
