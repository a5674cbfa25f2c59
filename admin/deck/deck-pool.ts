// The admin's own task pool: rate decks are read, compared and written beside the thread that serves the API,
// and in another process than the calls. One thread: a deck uses as much memory as a node has to spare.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import {
  type CopyAnswer,
  type CopyTask,
  exportPiece,
  type ImportAnswer,
  type ImportTask,
  type PieceTask,
  runCopy,
  runImport,
} from './deck-tasks.ts';
import type { SheetPiece } from './workbook-writer.ts';

export interface DeckTasks {
  importDeck(task: ImportTask): Promise<ImportAnswer>;
  exportPiece(task: PieceTask): Promise<SheetPiece>;
  copy(task: CopyTask): Promise<CopyAnswer>;
}

const idleMs = 5_000;
/** Tasks waiting; more are refused. */
const queueMax = 16;

export function poolDeckTasks(): DeckTasks & { close(): Promise<void> } {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./deck-tasks.js', import.meta.url)),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: idleMs,
    maxQueue: queueMax,
  });
  return {
    // The file is handed over, not copied.
    importDeck: (task) =>
      pool.run(task, { name: 'runImport', transferList: [task.file.buffer as ArrayBuffer] }),
    exportPiece: (task) => pool.run(task, { name: 'exportPiece' }),
    copy: (task) => pool.run(task, { name: 'runCopy' }),
    close: () => pool.destroy(),
  };
}

/** In the calling thread: a command without a node. */
export const directDeckTasks: DeckTasks = {
  importDeck: runImport,
  exportPiece,
  copy: runCopy,
};
