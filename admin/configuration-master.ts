// Where MySQL holds the master copy of the configuration: a change goes there before it is in force here,
// and is refused while the database is away; what other nodes change is followed. The node itself always
// runs from its own store. A database that has no configuration gets that of the first node to come.
import type { ConfigurationStore } from '../workers/configuration/configuration-store.ts';
import type { MysqlSource, MysqlSourceOptions } from '../workers/configuration/mysql-source.ts';
import { RequestRefused } from './problem.ts';

export interface ConfigurationMaster {
  /** The master's document where it is not the one that we have; undefined where it is; `none` where the
   *  database has no document.
   *  @throws LedgerAway */
  news(): Promise<{ number: number; document: unknown } | 'none' | undefined>;
  /** Puts what we have into a database that has none; false where another node was first. @throws LedgerAway */
  publish(document: unknown): Promise<boolean>;
  /** Puts ours there in the place of `number`, which we do not follow; resolves with its number.
   *  @throws LedgerAway, RequestRefused */
  replace(number: number, document: unknown): Promise<number>;
  /** Puts our next document there; resolves with its number, which is not ours before `has`.
   *  @throws LedgerAway, RequestRefused */
  push(document: unknown): Promise<number>;
  /** Of those that use the database. @throws LedgerAway */
  nodes(): Promise<{ names: string[]; logs: number }>;
  /** What was read, or pushed, is in force and stored here. */
  has(number: number): void;
  /** Number of what is in force here; 0: none. */
  followed(): number;
}

/** Undefined without a database. mysql2 is loaded where it is wanted only. */
export async function openSource(options: MysqlSourceOptions): Promise<MysqlSource | undefined> {
  if (options.url === '') return undefined;
  return new (await import('../workers/configuration/mysql-source.ts')).MysqlSource(options);
}

/** Of the store; belongs to one database, and comes back with no backup. */
export const followedKey = 'master';

export function createConfigurationMaster(
  source: Pick<MysqlSource, 'head' | 'read' | 'push' | 'nodes'>,
  store: ConfigurationStore,
): ConfigurationMaster {
  const followed = (): number => {
    const value = store.get(followedKey);
    return value === undefined ? 0 : Number(Buffer.from(value).toString('latin1'));
  };
  const has = (number: number): void =>
    store.transaction((transaction) =>
      transaction.put(followedKey, Buffer.from(String(number), 'latin1')),
    );
  const put = async (number: number, document: unknown): Promise<number> => {
    if (await source.push(number, document)) return number;
    throw new RequestRefused(
      'changed-meanwhile',
      'nothing was changed here; expected to be tried again, on what that node has changed',
    );
  };
  return {
    news: async () => {
      const number = await source.head();
      if (number === 0) return 'none';
      if (number === followed()) return undefined;
      const document = await source.read(number);
      // Taken away since: a later one is there now.
      return document === undefined ? undefined : { number, document };
    },
    publish: async (document) => {
      const number = followed() + 1;
      if (!(await source.push(number, document))) return false;
      has(number);
      return true;
    },
    replace: (number, document) => put(number + 1, document),
    push: (document) => put(followed() + 1, document),
    nodes: () => source.nodes(),
    has,
    followed,
  };
}
