// The table of transactions against a Map of strings: a record comes in under a fresh key while the oldest
// one goes, looked up once before, as a request without a transaction is; then what growth costs at worst.
import { bench, do_not_optimize, group, run } from 'mitata';
import { KeyTable } from '../../core/bytes/key-table.ts';
import { equalsText, type MessageBytes } from '../../core/bytes/latin1.ts';
import { mintedHash, mintedHashOf } from '../../core/bytes/minted-hash.ts';

interface Row {
  slot: number;
  readonly key: string;
}

const scratch = Buffer.alloc(64) as Buffer & MessageBytes;

/** Writes the key of this number, as a branch of ours stands in a datagram; returns its end. */
function writeKey(number: number): number {
  return scratch.write(`z9hG4bKe1f2a3b4${(number >>> 0).toString(16).padStart(8, '0')}`, 0);
}

function rowOf(number: number): Row {
  return { slot: 0, key: scratch.latin1Slice(0, writeKey(number)) };
}

bench('write the key alone', () => do_not_optimize(writeKey(7)));

for (const live of [1000, 130_000, 1_000_000]) {
  group(`${live} records`, () => {
    const table = new KeyTable<Row>();
    const map = new Map<string, Row>();
    const tableRows: Row[] = [];
    const mapRows: Row[] = [];
    for (let number = 0; number < live; number++) {
      const row = rowOf(number);
      table.add(row, mintedHashOf(row.key));
      tableRows.push(row);
      const twin = rowOf(number);
      map.set(twin.key, twin);
      mapRows.push(twin);
    }
    let inTable = live;
    bench('table: find none, add, remove the oldest', () => {
      const end = writeKey(inTable);
      const hash = mintedHash(scratch, 0, end);
      for (let row = table.first(hash); row !== undefined; row = table.after(row)) {
        if (equalsText(scratch, 0, end, row.key)) throw new Error('a key twice');
      }
      const row: Row = { slot: 0, key: scratch.latin1Slice(0, end) };
      table.add(row, hash);
      table.remove(tableRows[inTable % live]!);
      tableRows[inTable++ % live] = row;
    });
    let inMap = live;
    bench('map: find none, add, remove the oldest', () => {
      const key = scratch.latin1Slice(0, writeKey(inMap));
      if (map.get(key) !== undefined) throw new Error('a key twice');
      const row: Row = { slot: 0, key };
      map.set(key, row);
      map.delete(mapRows[inMap % live]!.key);
      mapRows[inMap++ % live] = row;
    });
  });
}

await run();

/** The longest of the additions that fill an empty table, by kind. */
function longestAdditionMs(add: (row: Row) => void): number {
  let longestMs = 0;
  for (let number = 0; number < 1_000_000; number++) {
    const row = rowOf(number);
    const startedMs = performance.now();
    add(row);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
  return longestMs;
}

const table = new KeyTable<Row>();
const map = new Map<string, Row>();
const tableMs = longestAdditionMs((row) => table.add(row, mintedHashOf(row.key)));
const mapMs = longestAdditionMs((row) => map.set(row.key, row));
process.stdout.write(
  `longest of 1,000,000 additions: table ${tableMs.toFixed(1)} ms, map ${mapMs.toFixed(1)} ms\n`,
);
