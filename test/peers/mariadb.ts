// A real MariaDB on a free port and a directory of its own: made once for a test process, as small as it
// gets, but with every commit on the disk.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { freePort } from '../../bench/peers/free-port.ts';

const startMs = 30_000;
const program = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find((path) => existsSync(path));

export class MariaDb {
  readonly port: number;
  readonly #directory: string;
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;

  private constructor(directory: string, port: number, options: readonly string[]) {
    this.#directory = directory;
    this.port = port;
    this.#options = options;
  }

  /** `parent`: where its directory is made. */
  static async start(options: readonly string[] = [], parent: string = tmpdir()): Promise<MariaDb> {
    const directory = mkdtempSync(join(parent, 'tandem-mariadb-'));
    execFileSync(
      'mariadb-install-db',
      [
        '--no-defaults',
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        `--datadir=${join(directory, 'data')}`,
        ...asRoot(),
      ],
      { stdio: 'ignore' },
    );
    const database = new MariaDb(directory, await freePort(), options);
    await database.run();
    return database;
  }

  url(name: string): string {
    return `mysql://root@127.0.0.1:${this.port}/${name}`;
  }

  get pid(): number {
    return this.#server!.pid!;
  }

  /** Started again after a kill, it recovers what was committed. */
  async run(): Promise<void> {
    if (program === undefined) throw new Error('mariadbd: expected in /usr/sbin (mariadb-server)');
    this.#server = spawn(
      program,
      [
        '--no-defaults',
        `--datadir=${join(this.#directory, 'data')}`,
        `--socket=${join(this.#directory, 'socket')}`,
        `--pid-file=${join(this.#directory, 'pid')}`,
        '--bind-address=127.0.0.1',
        `--port=${this.port}`,
        '--innodb-flush-log-at-trx-commit=1',
        '--innodb-buffer-pool-size=128M',
        '--innodb-log-file-size=64M',
        '--skip-log-bin',
        '--performance-schema=OFF',
        ...asRoot(),
        ...this.#options,
      ],
      { stdio: 'ignore' },
    );
    const endMs = performance.now() + startMs;
    while (!(await this.#answers())) {
      if (performance.now() > endMs) throw new Error('mariadbd does not answer');
      await pause(50);
    }
  }

  async createDatabase(name: string): Promise<string> {
    await this.sql(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  async sql(text: string, database = 'mysql'): Promise<unknown> {
    const connection = await createConnection(this.url(database));
    try {
      const [result] = await connection.query(text);
      return result;
    } finally {
      await connection.end();
    }
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#server?.kill(name);
  }

  /** As a crash of the machine's process would. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      await this.sql('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }
}

function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}
