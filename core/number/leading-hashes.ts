// The hashes of the leading parts of a number. A call looks its number up in the table of prefixes and then in a
// rate table a carrier: the number is read once for all of them.
import { byteHashStart, byteHashStep } from '../bytes/byte-hash.ts';
import { inlineDigitsMax, prefixBytesMax } from '../configuration/snapshot-layout.ts';

const hashes = new Uint32Array(prefixBytesMax + 1).fill(byteHashStart, 0, 1);
const digits = new Uint32Array(inlineDigitsMax + 1);
let known = '';
let digitsKnown = 0;

/** Not yet mixed, by length: good until another number is asked for. `number` is a byte string. */
export function leadingHashes(number: string): Uint32Array {
  if (number !== known) read(number);
  return hashes;
}

/** The first `length` characters of the number asked for last, four bits a digit; -1 where one of them is no digit,
 *  or where they are more than `inlineDigitsMax`. */
export function leadingDigits(length: number): number {
  return length <= digitsKnown ? digits[length]! : -1;
}

function read(number: string): void {
  const length = Math.min(number.length, prefixBytesMax);
  let hash = byteHashStart;
  let packed = 0;
  digitsKnown = 0;
  for (let at = 0; at < length; at++) {
    const byte = number.charCodeAt(at);
    hash = byteHashStep(hash, byte);
    hashes[at + 1] = hash;
    if (digitsKnown !== at || at >= inlineDigitsMax || !isDigit(byte)) continue;
    packed = (packed << 4) | (byte & 0xf);
    digitsKnown = at + 1;
    digits[digitsKnown] = packed;
  }
  known = number;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
