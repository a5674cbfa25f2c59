// A file system of a few megabytes that a test can fill: a tmpfs, mounted by root or by sudo where that asks
// for no password.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const stepsBytes = [1024 * 1024, 4096] as const;

export class SmallDisk {
  readonly path: string;
  readonly #ballast: string;

  private constructor(path: string) {
    this.path = path;
    this.#ballast = join(path, 'ballast');
  }

  /** @throws where this user may not mount */
  static mount(megabytes: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), 'tandem-disk-'));
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tandem-test', path);
    return new SmallDisk(path);
  }

  /** Why a small disk cannot be had here; undefined where it can. */
  static missing(): string | undefined {
    try {
      SmallDisk.mount(1).close();
      return undefined;
    } catch {
      return 'needs the right to mount a tmpfs (root, or sudo without a password)';
    }
  }

  /** Until not a block is left. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (const bytes of stepsBytes) {
        const block = Buffer.alloc(bytes, 0x55);
        while (fits(file, block));
      }
    } finally {
      closeSync(file);
    }
  }

  relieve(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** What still has files open there keeps them until it ends. */
  close(): void {
    asRoot('umount', '--lazy', this.path);
    rmSync(this.path, { recursive: true, force: true });
  }
}

function fits(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

function asRoot(command: string, ...args: string[]): void {
  const [program, ...rest] =
    process.getuid?.() === 0 ? [command, ...args] : ['sudo', '-n', command, ...args];
  execFileSync(program!, rest, { stdio: 'ignore' });
}
