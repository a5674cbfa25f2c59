// Looks each second whether another node has changed the configuration, and says what came of it where that is new.
import { LedgerAway } from '../workers/ledger/ledger-store.ts';
import type { Log } from '../workers/log.ts';
import type { ConfigurationService } from './configuration-service.ts';

/** Other nodes' changes are in force here within two of these. */
const followMs = 1000;

/** The first look is at once: where the database has no configuration, ours is put there before another node
 *  brings its own. */
export function followMaster(
  configuration: Pick<ConfigurationService, 'follow' | 'masterState'>,
  log: Pick<Log, 'info' | 'error'>,
): void {
  let failure = '';
  const follow = async (): Promise<void> => {
    try {
      const followed = await configuration.follow();
      // A change under way here is no look.
      if (configuration.masterState()?.state !== 'followed') return;
      if (failure !== '') log.info('the configuration of the database is followed again');
      failure = '';
      if (followed === undefined || followed.version === followed.previousVersion) return;
      const { version, previousVersion } = followed;
      log.info({ version, previousVersion }, 'the configuration of the database is in force');
    } catch (error) {
      const { message } = error as Error;
      if (message !== failure) {
        const line =
          error instanceof LedgerAway
            ? 'the configuration of the database cannot be looked at'
            : 'configuration is not followed';
        log.error({ err: error }, line);
      }
      failure = message;
    }
  };
  void follow();
  setInterval(() => void follow(), followMs).unref();
}
