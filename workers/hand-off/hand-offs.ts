// The hand-offs of a node, in the CDR writer's thread: the hourly files and the push, each with a cursor and a
// pace of its own. What one of them waits for holds up neither the other nor the ledger.
import type { HandOffsFigures } from '../admin-messages.ts';
import type { LogReader } from '../cdr/log-retention.ts';
import type { WriterParameters } from '../cdr/row-rules.ts';
import { nodeTimeZone, zoneOffsets } from '../configuration/time-zones.ts';
import { createLineLimit, type Log } from '../log.ts';
import { CdrPush, type PushedRecord } from './cdr-push.ts';
import { HandOff, type HandOffTarget } from './hand-off.ts';
import { HandOffLoop } from './hand-off-loop.ts';
import { openHourFileSystem } from './hour-file-system.ts';
import { HourFiles, type HourFilesState, type HourLine } from './hour-files.ts';
import type { PushSettings } from './push-settings.ts';
import { createRefusedRecords } from './refused-records.ts';

export interface HandOffSettings {
  /** Of the hourly files. */
  readonly filesDirectory: string;
  readonly push: PushSettings | null;
}

export interface HandOffsOptions {
  readonly dataDir: string;
  readonly handOff: HandOffSettings;
  readonly parameters: WriterParameters;
  /** When these came into force, wall clock; 0: they are defaults, and others follow. */
  readonly parametersAt: number;
  /** When the node was started, wall clock. */
  readonly startedAt: number;
  readonly log: Log;
}

interface CurrentParameters {
  parameters: WriterParameters;
}

const pushLookMs = 200;
const pushRetryMsMax = 60_000;
const filesRetryMsMax = 10_000;
const linesPerSecond = 2;

export class HandOffs {
  readonly #options: HandOffsOptions;
  readonly #current: CurrentParameters;
  readonly #files: HandOff<HourLine, HourFilesState>;
  readonly #push: HandOff<PushedRecord, null>;
  readonly #loops: readonly HandOffLoop[];

  private constructor(
    options: HandOffsOptions,
    current: CurrentParameters,
    push: HandOffTarget<PushedRecord, null>,
  ) {
    this.#options = options;
    this.#current = current;
    const { handOff, parametersAt } = options;
    const parameters = (): WriterParameters => current.parameters;
    const timeZone = nodeTimeZone();
    const files = new HourFiles({
      fileSystem: openHourFileSystem(handOff.filesDirectory),
      zone: () => zoneOffsets(timeZone),
      parameters,
      nowWallMs: Date.now,
    });
    this.#files = this.#handOffTo(files);
    this.#push = this.#handOffTo(push);
    const filesLookMs = (): number => parameters().SERVER_CDR_FILE_WRITE_INTERVAL * 1000;
    this.#loops = [
      new HandOffLoop(
        this.#files,
        { lookMs: filesLookMs, retryMsMax: filesRetryMsMax },
        options.log.child({ handOff: 'files' }),
      ),
      new HandOffLoop(
        this.#push,
        { lookMs: () => pushLookMs, retryMsMax: pushRetryMsMax },
        options.log.child({ handOff: 'push' }),
      ),
    ];
    const { parameters: initial } = options;
    if (parametersAt > 0) this.setParameters({ parameters: initial, at: parametersAt });
  }

  static async open(options: HandOffsOptions): Promise<HandOffs> {
    const current = { parameters: options.parameters };
    return new HandOffs(options, current, await openPush(options, current));
  }

  /** Who must have read a segment before it is removed. */
  readers(): readonly LogReader[] {
    return [this.#files, this.#push];
  }

  /** What is in force since `at`, wall clock. Nothing is handed off before it is known what is. */
  setParameters({ parameters, at }: { parameters: WriterParameters; at: number }): void {
    this.#current.parameters = parameters;
    const { handOff, startedAt } = this.#options;
    this.#push.want(handOff.push === null ? null : { since: startedAt });
    this.#files.want(parameters.SS_CDR_RECORD_TO_FILE ? { since: at } : null);
    for (const loop of this.#loops) loop.wake();
  }

  figures(nowWallMs: number): HandOffsFigures {
    return { files: this.#files.figures(nowWallMs), push: this.#push.figures(nowWallMs) };
  }

  /** Hands over what is there, until `late` resolves. */
  async stop(late: Promise<unknown>): Promise<void> {
    const handOffs = [this.#files, this.#push];
    await Promise.race([Promise.all(this.#loops.map((loop) => loop.stop())), late]);
    await Promise.race([Promise.allSettled(handOffs.map((handOff) => handOff.close())), late]);
  }

  #handOffTo<Item, Own>(target: HandOffTarget<Item, Own>): HandOff<Item, Own> {
    const log = this.#options.log.child({ handOff: target.name });
    const lines = createLineLimit(linesPerSecond);
    return new HandOff({
      dataDir: this.#options.dataDir,
      target,
      keepDays: () => this.#current.parameters.SS_CDR_HAND_OFF_KEEP_DAYS,
      onUnusable: ({ logId, reason }) => {
        if (!lines.allow(performance.now())) return;
        const heldBack = lines.takeHeldBack();
        log.error({ logId, reason, heldBack }, 'a CDR cannot be handed off; it is passed over');
      },
      onLost: (lost) => log.error(lost, 'CDRs were not handed off, and their log is removed'),
    });
  }
}

/** HTTP and TLS are only loaded where they are needed. */
async function openPush(
  { dataDir, handOff: { push } }: HandOffsOptions,
  current: CurrentParameters,
): Promise<HandOffTarget<PushedRecord, null>> {
  if (push === null) return noPush;
  const { openPushClient } = await import('./push-client.ts');
  return new CdrPush({
    settings: push,
    client: openPushClient(push),
    parameters: () => current.parameters,
    setAside: createRefusedRecords(dataDir),
  });
}

/** Where no receiver is configured: only a cursor of before is removed. */
const noPush: HandOffTarget<PushedRecord, null> = {
  name: 'push',
  to: '',
  fresh: null,
  cursorDelayMs: 0,
  recordsMax: () => 1,
  form: () => undefined,
  deliver: async () => null,
  rest: async () => null,
  end: async () => {},
  setAside: () => 0,
  close: () => {},
};
