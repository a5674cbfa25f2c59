// CRC-32 (ISO 3309, as zlib has it) of a frame: zlib's own where the runtime has it (Node 20.15, 22.2),
// else a table.
import * as zlib from 'node:zlib';

export type Crc32 = (bytes: Uint8Array, start: number) => number;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** `start`: the CRC of what came before. */
export function tableCrc32(bytes: Uint8Array, start: number): number {
  let crc = ~start;
  for (let index = 0; index < bytes.length; index++) {
    crc = (crc >>> 8) ^ table[(crc ^ bytes[index]!) & 0xff]!;
  }
  return ~crc >>> 0;
}

export const crc32: Crc32 = typeof zlib.crc32 === 'function' ? zlib.crc32 : tableCrc32;
