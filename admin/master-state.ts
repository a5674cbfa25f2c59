// Whether this node runs on what the database has, for `tandem status`, metrics and the log. A node does not
// follow where that would lose an account with money; it says so until somebody has changed something.
import { LedgerAway } from '../workers/ledger/ledger-store.ts';
import { RequestRefused } from './problem.ts';

export interface MasterState {
  /** `followed`: what it has is in force here. `notFollowed`: it is not, as `reason` says. `away`: it does not answer. */
  state: 'followed' | 'notFollowed' | 'away';
  /** '' while it is followed. */
  reason: string;
  /** Of the document in the database that is in force here; 0: none. */
  number: number;
  /** ISO 8601: since when the state and the reason are these. */
  since: string;
}

export interface MasterWatch {
  /** Null before the first look. */
  state(): MasterState | null;
  /** Does the look, and keeps what came of it. */
  look<Result>(look: () => Promise<Result>): Promise<Result>;
}

export function createMasterWatch(followed: () => number, wallClock: () => number): MasterWatch {
  let latest: Omit<MasterState, 'number'> | null = null;
  const keep = (state: MasterState['state'], reason: string): void => {
    if (latest?.state === state && latest.reason === reason) return;
    latest = { state, reason, since: new Date(wallClock()).toISOString() };
  };
  return {
    state: () => latest && { ...latest, number: followed() },
    async look(look) {
      try {
        const result = await look();
        keep('followed', '');
        return result;
      } catch (error) {
        keep(error instanceof LedgerAway ? 'away' : 'notFollowed', reasonOf(error as Error));
        throw error;
      }
    },
  };
}

function reasonOf(error: Error): string {
  return error instanceof RequestRefused ? error.problem.detail : error.message;
}
