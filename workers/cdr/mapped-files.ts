// The file system with windows on its files. A batch of the CDR log is then copied into the page cache
// instead of being written through the kernel, at less than half the price, and is as safe there: the pages
// are the file's, whatever becomes of the process. What a window costs is that the kernel cannot say no: a
// store that finds no room on the disk ends the process. So it is only for bytes that are allocated
// (segment-writer.ts), and on file systems that write those again where they lie.
import fs from 'node:fs';
import type { SystemCalls } from '../system-calls.ts';
import { diskFileSystem, type FileSystemPort } from './file-system-port.ts';

/** `f_type` of statfs(2): ext2 to ext4, XFS, tmpfs. Btrfs, ZFS and their like look for new room on every store. */
const writesInPlace: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x01021994]);

/** What is best for files below `directory`, which exists. `calls`: undefined where there are none. */
export function fileSystemOf(directory: string, calls: SystemCalls | undefined): FileSystemPort {
  if (calls === undefined || !writesInPlace.has(fs.statfsSync(directory).type)) {
    return diskFileSystem;
  }
  return {
    ...diskFileSystem,
    map(descriptor, position, length) {
      const bytes = calls.mapFile(descriptor, position, length);
      if (bytes === undefined) return undefined;
      return { bytes, release: () => calls.unmapFile(bytes) };
    },
  };
}
