// The dynamic black lists as the admin process asks for them: shown, and cleared by an operator. What is taken off
// is logged and counted.
import type { Piscina } from 'piscina';
import { unlist } from '../core/admission/listed-numbers.ts';
import type { WatchedSide } from '../core/admission/number-watch.ts';
import { Counter } from '../core/metrics/counter-layout.ts';
import type { ListedNumbers, UnlistRequest } from './admin-messages.ts';
import { byteString } from './configuration/byte-string.ts';
import type { Log } from './log.ts';
import { counterBlock, mainWriter } from './memory/counter-block.ts';
import { numberWatch, type SharedMemory } from './memory/shared-memory.ts';
import { taskFile } from './task-pool.ts';
import { type ListedTask, watchSeconds } from './tasks/listed-numbers.ts';

export interface ListedNumbersOptions {
  readonly memory: Pick<SharedMemory, 'numberWatch' | 'lines' | 'counters'>;
  /** By which call workers find numbers. */
  readonly hashKey: Uint32Array;
  readonly pool: Piscina;
  readonly log: Log;
}

export class ListedNumbersBook {
  readonly #options: ListedNumbersOptions;

  constructor(options: ListedNumbersOptions) {
    this.#options = options;
  }

  async read(limit: number): Promise<ListedNumbers> {
    return (await this.#run('readListedNumbers', { ...this.#shared(), limit })) as ListedNumbers;
  }

  /** How many were listed. */
  async clear(request: UnlistRequest): Promise<{ cleared: number }> {
    const cleared =
      'all' in request
        ? ((await this.#run('clearListedNumbers', this.#shared())) as number)
        : this.#clearOne(request.number, request.side);
    const { memory, log } = this.#options;
    counterBlock(memory, mainWriter)[Counter.numbersUnlisted]! += cleared;
    log.info({ ...request, cleared }, 'numbers taken off the dynamic black lists');
    return { cleared };
  }

  #clearOne(text: string, side: WatchedSide | undefined): number {
    const { memory, hashKey } = this.#options;
    const watch = numberWatch(memory, hashKey);
    const number = byteString(text);
    const sides = side === undefined ? (['caller', 'callee'] as const) : [side];
    return sides.filter((each) => unlist(watch, each, number, watchSeconds())).length;
  }

  #shared(): Pick<ListedTask, 'memory'> {
    const { numberWatch: watch, lines } = this.#options.memory;
    return { memory: { numberWatch: watch, lines } };
  }

  #run(name: string, task: Partial<ListedTask>): Promise<unknown> {
    return this.#options.pool.run(task, { filename: taskFile('listed-numbers'), name });
  }
}
