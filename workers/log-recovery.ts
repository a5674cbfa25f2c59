// Closes calls in the CDR log on the task pool: at the start those of every earlier life, later those of one
// dead worker.
import type { Piscina } from 'piscina';
import type { DataDirectory } from './data-directory.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';
import { taskFile } from './task-pool.ts';
import type { RecoverCdrLogRequest, RecoverCdrLogResult } from './tasks/recover-cdr-log.ts';

export type LogRecovery = (
  part: Pick<RecoverCdrLogRequest, 'worker' | 'through' | 'usage'>,
) => Promise<RecoverCdrLogResult>;

export function createLogRecovery(
  { directory, pool }: { directory: DataDirectory; pool: Piscina },
  { settings, log }: { settings: Settings; log: Log },
): LogRecovery {
  return async (part) => {
    const request: RecoverCdrLogRequest = {
      directory: directory.path,
      node: settings.node,
      nowWallMs: Date.now(),
      ...part,
    };
    const result: RecoverCdrLogResult = await pool.run(request, {
      filename: taskFile('recover-cdr-log'),
      name: 'recoverCdrLogTask',
    });
    if (result.calls > 0 || result.damaged > 0) {
      const { answers: _answers, charges: _charges, usages: _usages, ...report } = result;
      const { worker, through } = part;
      log.warn({ worker, through, ...report }, 'calls of a crash were closed in the CDR log');
    }
    return result;
  };
}
