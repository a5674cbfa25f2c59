// A directory of hourly files that fills up, breaks or is interrupted when a test says so, on top of a real one.
import fs from 'node:fs';
import path from 'node:path';
import {
  type HourFileSystem,
  openHourFileSystem,
} from '../../workers/hand-off/hour-file-system.ts';

export class HourDirectory implements HourFileSystem {
  readonly directory: string;
  /** Of the next operations: their code; '' for none. */
  failure = '';
  /** What the next put writes before it fails; undefined: nothing of that kind. */
  tornBytes: number | undefined;
  /** The next finish fails, after the file has its name. */
  diesAfterFinish = false;
  readonly #disk: HourFileSystem;

  constructor(directory: string) {
    this.directory = directory;
    this.#disk = openHourFileSystem(directory);
  }

  async put(name: string, position: number, bytes: Buffer): Promise<boolean> {
    this.#mayFail();
    if (this.tornBytes !== undefined) {
      await this.#disk.put(name, position, bytes.subarray(0, this.tornBytes));
      this.tornBytes = undefined;
      throw new Error('ENOSPC: injected');
    }
    return await this.#disk.put(name, position, bytes);
  }

  async exists(name: string): Promise<boolean> {
    this.#mayFail();
    return await this.#disk.exists(name);
  }

  async finish(part: string, bytes: number, name: string): Promise<void> {
    this.#mayFail();
    await this.#disk.finish(part, bytes, name);
    if (!this.diesAfterFinish) return;
    this.diesAfterFinish = false;
    throw new Error('killed: injected');
  }

  list(): Promise<string[]> {
    return this.#disk.list();
  }

  remove(name: string): Promise<void> {
    return this.#disk.remove(name);
  }

  /** Name to the ids of its lines; whole lines only are expected. */
  lines(): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    if (!fs.existsSync(this.directory)) return found;
    for (const name of fs.readdirSync(this.directory).sort()) {
      const text = fs.readFileSync(path.join(this.directory, name), 'utf8');
      if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} ends within a line`);
      const lines = text.split('\n').slice(0, -1);
      found[name] = lines.map((line) => line.slice(line.lastIndexOf('|') + 1));
    }
    return found;
  }

  #mayFail(): void {
    if (this.failure !== '') throw new Error(`${this.failure}: injected`);
  }
}
