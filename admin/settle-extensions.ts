// Looks each minute, and first at the start, whether a recharge is stored whose later expiry is not in force.
import type { Log } from '../workers/log.ts';
import type { ExtensionNotes, SettleParts } from './extension-notes.ts';

const settleMs = 60_000;

export function settleExtensions(
  notes: Pick<ExtensionNotes, 'settle'>,
  parts: SettleParts,
  log: Pick<Log, 'info' | 'warn'>,
): void {
  let settling = false;
  const settle = async (): Promise<void> => {
    if (settling) return;
    settling = true;
    try {
      const accounts = await notes.settle(parts);
      if (accounts.length > 0) log.info({ accounts }, 'what recharges have extended is in force');
    } catch (error) {
      log.warn({ err: error }, 'what a recharge has extended is not in force yet');
    } finally {
      settling = false;
    }
  };
  void settle();
  setInterval(() => void settle(), settleMs).unref();
}
