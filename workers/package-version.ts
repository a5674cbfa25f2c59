// The version of this program: package.json of the nearest folder above the compiled file.
import { existsSync, readFileSync } from 'node:fs';

/** "0.1.0"; "unknown" where no package.json lies above. */
export function packageVersion(): string {
  let folder = new URL('.', import.meta.url);
  for (;;) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    }
    const above = new URL('..', folder);
    if (above.href === folder.href) return 'unknown';
    folder = above;
  }
}
