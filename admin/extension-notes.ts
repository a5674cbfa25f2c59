// Recharges whose extension of an account is not in the configuration yet. A payment is in the ledger first, and the
// later expiry in the configuration behind it: a note of it is in the store before either, so that a change under way,
// a database that is away or the death of the process only delays what was paid for.
import { randomBytes } from 'node:crypto';
import type {
  ConfigurationStore,
  StoreReader,
} from '../workers/configuration/configuration-store.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';

/** Of the store. */
const prefix = 'extension/';
/** A commit whose answer was lost may take place until then. */
export const openMs = 600_000;

interface Stored {
  readonly account: string;
  /** In the ledger before the payment, ms since 1970. */
  readonly expiresAt: number | null;
  readonly at: number;
}

export interface ExtensionNote {
  /** No other recharge of the account was open when this one began. */
  readonly isAlone: boolean;
  /** The payment is refused, or what it extends is in force. */
  done(): Promise<void>;
  /** It is left to `settle`. */
  leave(): void;
}

export interface ExtensionNotes {
  /** Before the payment; `expiresAt` is that of the ledger. */
  open(account: string, expiresAt: number | null): Promise<ExtensionNote>;
  /** Puts in force what the notes that were left stand for; resolves with the accounts whose payment was found.
   *  @throws what `extend` throws, LedgerAway; the notes then stay */
  settle(parts: SettleParts): Promise<string[]>;
}

export interface SettleParts {
  readonly ledger: Pick<LedgerStore, 'account'>;
  /** Does nothing where the account expires later anyway. */
  readonly extend: (account: string, expiresAt: string) => Promise<unknown>;
}

/** Opens the store for one use where it is not open. */
export type WithStore = <Result>(use: (store: ConfigurationStore) => Result) => Promise<Result>;

export function createExtensionNotes(
  withStore: WithStore,
  wallClock: () => number = Date.now,
): ExtensionNotes {
  const underWay = new Set<string>();
  const remove = (key: string): Promise<void> =>
    withStore((store) => store.transaction((transaction) => transaction.remove(key)));
  return {
    open: async (account, expiresAt) => {
      const key = `${prefix}${randomBytes(12).toString('hex')}`;
      const note: Stored = { account, expiresAt, at: wallClock() };
      underWay.add(key);
      const leave = (): void => void underWay.delete(key);
      let isAlone = false;
      try {
        await withStore((store) =>
          store.transaction((transaction) => {
            isAlone = transaction
              .keys(prefix)
              .every((other) => noteAt(transaction, other)?.account !== account);
            transaction.put(key, Buffer.from(JSON.stringify(note)));
          }),
        );
      } catch (error) {
        leave();
        throw error;
      }
      return { isAlone, leave, done: () => remove(key).finally(leave) };
    },
    settle: async ({ ledger, extend }) => {
      const settled: string[] = [];
      const keys = await withStore((store) => store.keys(prefix));
      for (const key of keys) {
        if (underWay.has(key)) continue;
        const note = await withStore((store) => noteAt(store, key));
        if (note === undefined) continue;
        const paid = (await ledger.account(note.account))?.expiresAt ?? null;
        // It may be earlier than before: the configuration had shortened it.
        if (paid !== null && paid !== note.expiresAt) {
          await extend(note.account, new Date(paid).toISOString());
          settled.push(note.account);
        } else if (wallClock() - note.at < openMs) {
          continue;
        }
        await remove(key);
      }
      return settled;
    },
  };
}

function noteAt(store: StoreReader, key: string): Stored | undefined {
  const value = store.get(key);
  return value === undefined
    ? undefined
    : (JSON.parse(Buffer.from(value).toString('utf8')) as Stored);
}
