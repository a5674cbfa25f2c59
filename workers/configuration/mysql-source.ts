// The configuration that several nodes share, in MySQL: numbered documents. A node that changes it puts the
// next number there, which one node can do once; all others see the number rise and follow.
import { gunzipSync, gzipSync } from 'node:zlib';
import { LedgerAway } from '../ledger/ledger-store.ts';
import { text } from '../ledger/mysql-cdr-row.ts';
import { isDuplicate, MysqlLink, SqlRefused } from '../ledger/mysql-link.ts';
import { migrate } from '../ledger/mysql-migrations.ts';
import { sqlText } from '../ledger/sql-text.ts';

/** Documents kept; the history that people ask for is each node's own. */
const keptNumbers = 100;

export interface MysqlSourceOptions {
  readonly url: string;
  readonly node: string;
  readonly answerMs?: number | undefined;
}

export class MysqlSource {
  readonly #link: MysqlLink;
  readonly #node: string;

  constructor({ url, node, answerMs }: MysqlSourceOptions) {
    this.#link = new MysqlLink({ url, answerMs, onConnected: migrate });
    this.#node = node;
  }

  /** 0 where there is none yet. @throws LedgerAway */
  async head(): Promise<number> {
    const [row] = await this.#link.rows('SELECT MAX(number) AS number FROM configuration_version');
    return Number(row?.number ?? 0);
  }

  /** Undefined where there is none of this number. @throws LedgerAway */
  async read(number: number): Promise<unknown> {
    const [row] = await this.#link.rows(
      `SELECT document_gzip FROM configuration_version WHERE number = ${number}`,
    );
    if (row === undefined) return undefined;
    const packed = Buffer.from(String(row.document_gzip), 'base64');
    return JSON.parse(gunzipSync(packed).toString('utf8'));
  }

  /** False where another node has put one of this number there first. @throws LedgerAway */
  async push(number: number, document: unknown): Promise<boolean> {
    const packed = gzipSync(JSON.stringify(document)).toString('base64');
    try {
      await this.#link.run(`INSERT INTO configuration_version VALUES
        (${number}, ${sqlText(this.#node)}, UTC_TIMESTAMP(3), '${packed}')`);
    } catch (error) {
      if (isDuplicate(error)) return false;
      if (error instanceof SqlRefused) throw new LedgerAway(`MySQL: ${error.message}`);
      throw error;
    }
    await this.#link.run(
      `DELETE FROM configuration_version WHERE number <= ${number - keptNumbers}`,
    );
    return true;
  }

  /** Our own name and those of nodes that changed the configuration, and how many logs were shipped in the last day,
   *  which is one a node. @throws LedgerAway */
  async nodes(): Promise<{ names: string[]; logs: number }> {
    const rows = await this.#link.rows('SELECT DISTINCT node FROM configuration_version');
    const [shipped] = await this.#link.rows(`SELECT COUNT(*) AS logs FROM cdr_checkpoint
      WHERE updated_at > UTC_TIMESTAMP(3) - INTERVAL 1 DAY`);
    const names = new Set([this.#node, ...rows.map((row) => text(row.node))]);
    return { names: [...names], logs: Number(shipped?.logs ?? 0) };
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
