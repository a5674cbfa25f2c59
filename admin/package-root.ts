// Where the package lies, seen from the compiled file: the nearest folder above with a package.json.
// Files that the compiler does not copy are read from there.
import { existsSync } from 'node:fs';

export function findPackageRoot(): URL {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('../', folder);
    if (above.href === folder.href) throw new Error(`no package.json above ${import.meta.url}`);
    folder = above;
  }
  return folder;
}
