// One connection to MySQL or MariaDB: made when it is needed, given up at the first sign of trouble, never
// waited for without an end. A server that hangs is as good as away. Two kinds of failure come out:
// LedgerAway (try again later, the fate of what was under way is not known) and SqlRefused (the server has
// answered, and said no).
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise';
import { LedgerAway } from './ledger-store.ts';

const connectMs = 5_000;
const answerMs = 15_000;

export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

export class SqlRefused extends Error {
  readonly errno: number;
  readonly state: string;

  constructor(message: string, errno: number, state: string) {
    super(message);
    this.name = 'SqlRefused';
    this.errno = errno;
    this.state = state;
  }

  /** The row is at fault (SQLSTATE classes 22, 23, 45, and what the servers put elsewhere), not the moment. */
  get isAboutData(): boolean {
    return /^(22|23|45)/.test(this.state) || dataErrors.has(this.errno);
  }
}

const duplicateEntry = 1062;
/** Wrong string value, check constraint violated, invalid JSON. */
const dataErrors: ReadonlySet<number> = new Set([1366, 3819, 4025, 3140]);

/** Too many connections, disk or table full, lock wait timeout, deadlock, read-only server. */
const momentary: ReadonlySet<number> = new Set([1021, 1040, 1114, 1205, 1213, 1290, 1836]);

export function isDuplicate(error: unknown): boolean {
  return error instanceof SqlRefused && error.errno === duplicateEntry;
}

export interface MysqlLinkOptions {
  readonly url: string;
  /** Run on each new connection before anything else. */
  readonly onConnected?: (link: MysqlLink) => Promise<void>;
  readonly answerMs?: number | undefined;
}

export class MysqlLink {
  readonly #options: MysqlLinkOptions;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  /** Whole transactions take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: MysqlLinkOptions) {
    this.#options = options;
  }

  /** Rows of one SELECT. @throws LedgerAway, SqlRefused */
  async rows(sql: string): Promise<SqlRow[]> {
    return (await this.#send(sql)) as SqlRow[];
  }

  /** What was affected, of each statement of the text. @throws LedgerAway, SqlRefused */
  async run(sql: string): Promise<ResultSetHeader[]> {
    const result = (await this.#send(sql)) as ResultSetHeader | ResultSetHeader[];
    return Array.isArray(result) ? result : [result];
  }

  /** The rows of each statement that is a SELECT, of a text of several. @throws LedgerAway, SqlRefused */
  async answers(sql: string): Promise<(ResultSetHeader | SqlRow[])[]> {
    return (await this.#send(sql)) as (ResultSetHeader | SqlRow[])[];
  }

  /** `work` alone on the connection, to its end; a transaction that it left open is rolled back, or goes
   *  with the connection: the next START TRANSACTION would commit it. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(async () => {
      try {
        return await work();
      } catch (error) {
        const connection = this.#connection;
        if (connection !== undefined) {
          await this.run('ROLLBACK').catch(() => this.#drop(connection));
        }
        throw error;
      }
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.end().catch(() => connection.destroy());
  }

  async #send(sql: string): Promise<unknown> {
    const connection = await this.#connected();
    try {
      const timeout = this.#options.answerMs ?? answerMs;
      const [result] = await connection.query({ sql, timeout });
      return result;
    } catch (error) {
      throw this.#failure(connection, error);
    }
  }

  #connected(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new LedgerAway('the ledger is closed'));
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    let connection: Connection | undefined;
    try {
      connection = await createConnection({
        uri: this.#options.url,
        connectTimeout: connectMs,
        multipleStatements: true,
        dateStrings: true,
        supportBigNumbers: true,
        charset: 'utf8mb4_bin',
        // no text has placeholders, and a megabyte of rows need not be searched for them
        queryFormat: (sql) => sql,
      });
      connection.on('error', () => this.#drop(connection));
      await connection.query({ sql: sessionSql, timeout: answerMs });
      this.#connection = connection;
      await this.#options.onConnected?.(this);
      return connection;
    } catch (error) {
      this.#drop(connection);
      if (error instanceof LedgerAway) throw error;
      throw new LedgerAway(`MySQL: ${messageOf(error)}`);
    }
  }

  #drop(connection: Connection | undefined): void {
    connection?.destroy();
    if (this.#connection === connection) this.#connection = undefined;
  }

  #failure(connection: Connection, error: unknown): Error {
    const { errno, sqlState, fatal } = error as {
      errno?: number;
      sqlState?: string;
      fatal?: boolean;
    };
    if (sqlState !== undefined && errno !== undefined && fatal !== true) {
      if (momentary.has(errno)) return new LedgerAway(`MySQL: ${messageOf(error)}`);
      return new SqlRefused(messageOf(error), errno, sqlState);
    }
    this.#drop(connection);
    return new LedgerAway(`MySQL: ${messageOf(error)}`);
  }
}

// READ COMMITTED takes no locks on what a statement only passes; strict mode cuts nothing off in silence.
const sessionSql = `SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES',
  autocommit = 1, innodb_lock_wait_timeout = 10;
  SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`;

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
