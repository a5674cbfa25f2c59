// The hash of an identifier that we minted: its last eight hexadecimal digits, which are a sequence number
// (tags, branches) or a keyed check (Call-IDs). Only what we minted stands in a table under it, so peers
// cannot crowd a bucket; what they ask for is compared in full afterwards.

const digits = 8;

/** Of the bytes [start, end), whatever they are. */
export function mintedHash(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let pos = Math.max(start, end - digits); pos < end; pos++) {
    number = withDigit(number, bytes[pos]!);
  }
  return spread(number);
}

/** The same of a byte string. */
export function mintedHashOf(text: string): number {
  let number = 0;
  for (let pos = Math.max(0, text.length - digits); pos < text.length; pos++) {
    number = withDigit(number, text.charCodeAt(pos) & 255);
  }
  return spread(number);
}

/** The value of a hexadecimal digit without a question asked; any other octet just gives some number. */
function withDigit(number: number, octet: number): number {
  return ((number << 4) + (octet & 15) + (octet >>> 6) * 9) | 0;
}

/** Each call takes as many numbers as the last one, which would leave most buckets empty if that count
 *  were even: multiplied by the golden ratio the steps fall between each other, in the high bits. */
function spread(number: number): number {
  const product = Math.imul(number, 0x9e3779b1);
  return product ^ (product >>> 15);
}
