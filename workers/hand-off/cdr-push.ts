// Finished CDRs, sent to a receiver by HTTP, in the order of the log. What the receiver has not confirmed is
// sent again, so a CDR may come twice: its `id` says so. Batches shrink where they fail and grow where they
// are taken. A CDR that the receiver refuses by itself is set aside with its answer, and the queue goes on.
import type { Cdr } from '../../core/cdr/cdr.ts';
import { cdrToJson, type LogId } from '../../core/cdr/cdr-json.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import { isListed, type WriterParameters } from '../cdr/row-rules.ts';
import type { HandOffTarget } from './hand-off.ts';
import { HandOffFailed } from './hand-off-failed.ts';
import type { HandOffBatch } from './log-source.ts';
import type { PushAnswer, PushClient } from './push-client.ts';
import type { PushSettings } from './push-settings.ts';

/** A CDR as JSON. */
export type PushedRecord = string;

export interface CdrPushOptions {
  readonly settings: PushSettings;
  readonly client: PushClient;
  readonly parameters: () => WriterParameters;
  /** Keeps a record that the receiver does not take; on the disk when it resolves. @throws Error */
  readonly setAside: (record: PushedRecord, answer: PushAnswer) => Promise<void>;
}

/** A receiver that refuses so many in a row may be wrong itself: further ones wait as if it were away. */
const refusedInRowMax = 10;
/** What a receiver says of itself (the token, the path, its load), not of a CDR. */
const ofReceiver: ReadonlySet<number> = new Set([
  401, 403, 404, 405, 407, 408, 410, 421, 425, 426, 429,
]);
const cursorDelayMs = 1000;
const shownBytesMax = 200;

export class CdrPush implements HandOffTarget<PushedRecord, null> {
  readonly name = 'push';
  readonly to: string;
  readonly fresh = null;
  readonly cursorDelayMs: number = cursorDelayMs;
  readonly #options: CdrPushOptions;
  /** Records of one request. */
  #size: number;
  /** The batch that is under way, and how much of it is done. */
  #batch: HandOffBatch<PushedRecord> | undefined;
  #done = 0;
  #refusedInRow = 0;
  #setAside = 0;

  constructor(options: CdrPushOptions) {
    this.#options = options;
    this.#size = options.settings.batchRecords;
    this.to = shownUrl(options.settings.url);
  }

  recordsMax(): number {
    return this.#options.settings.batchRecords;
  }

  form(cdr: Cdr, logId: LogId): PushedRecord | undefined {
    return isListed(cdr, this.#options.parameters())
      ? JSON.stringify(cdrToJson(withinColumns(cdr), logId))
      : undefined;
  }

  async deliver(batch: HandOffBatch<PushedRecord>): Promise<null> {
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#done = 0;
    }
    while (this.#done < batch.items.length) await this.#sendSome(batch.items);
    return null;
  }

  async rest(): Promise<null> {
    return null;
  }

  async end(): Promise<void> {}

  setAside(): number {
    return this.#setAside;
  }

  close(): void {
    this.#options.client.close();
  }

  async #sendSome(items: readonly PushedRecord[]): Promise<void> {
    const { settings, client } = this.#options;
    const some = items.slice(this.#done, this.#done + this.#size);
    const answer = await client.post(bodyOf(some, settings.format)).catch((error: Error) => {
      this.#shrink(some.length);
      throw error;
    });
    if (answer.status >= 200 && answer.status < 300) {
      this.#done += some.length;
      this.#size = Math.min(settings.batchRecords, this.#size * 2);
      this.#refusedInRow = 0;
      return;
    }
    this.#shrink(some.length);
    const isOfRecords =
      answer.status >= 400 && answer.status < 500 && !ofReceiver.has(answer.status);
    if (!isOfRecords) throw new HandOffFailed(reasonOf(answer), answer.retryAfterMs);
    if (some.length === 1) await this.#refuse(some[0]!, answer);
  }

  async #refuse(record: PushedRecord, answer: PushAnswer): Promise<void> {
    await this.#options.setAside(record, answer);
    this.#done++;
    this.#setAside++;
    this.#refusedInRow++;
    if (this.#refusedInRow >= refusedInRowMax) {
      throw new HandOffFailed(`refuses every CDR: ${reasonOf(answer)}`, answer.retryAfterMs);
    }
  }

  #shrink(sent: number): void {
    this.#size = Math.max(1, Math.floor(sent / 2));
  }
}

function bodyOf(records: readonly PushedRecord[], format: PushSettings['format']): string {
  return format === 'json' ? `[${records.join(',')}]` : `${records.join('\n')}\n`;
}

function reasonOf({ status, text }: PushAnswer): string {
  if (status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed`;
  const said = text.replaceAll(/\s+/g, ' ').trim().slice(0, shownBytesMax);
  return said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
}

/** For people: without its query, which may hold a key. */
function shownUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}
