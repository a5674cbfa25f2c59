// Where configuration versions and the embedded ledger are kept: keys and bytes, small and large, changed in
// transactions that are exclusive over all threads and processes and on the disk when they return (two writing
// threads of one process: decision 174). Implemented by lmdb-store.ts and native-free/memory-store.ts, held to one
// test suite. Keys are ASCII, so that their order is the same in every store, and at most 255 bytes.

export interface StoreReader {
  /** The caller's own copy. */
  get(key: string): Uint8Array | undefined;
  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): string[];
  /** At most `limit` entries from `from` on and before `to`, in the order of their keys. */
  range(from: string, to: string, limit: number): [key: string, value: Uint8Array][];
}

export interface StoreTransaction extends StoreReader {
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
}

export interface ConfigurationStore extends StoreReader {
  /** "lmdb" or "file". */
  readonly kind: string;
  /** Runs `change` alone; a throw leaves everything as it was. Reads inside see its own writes. */
  transaction<Result>(change: (transaction: StoreTransaction) => Result): Result;
  /** Runs `read` on what the store holds now, however long it takes and whatever is written meanwhile. Space that is
   *  freed is not used again before it ends. */
  view<Result>(read: (reader: StoreReader) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}
