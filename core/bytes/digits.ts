// Decimal and hexadecimal digits, read without a string and without overflow.
/** First position in [pos, end) that is no digit, or `end`. */
export function digitsEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && bytes[pos]! >= 48 && bytes[pos]! <= 57) pos++;
  return pos;
}

/** The number that the digits [start, end) spell, or -1 when there are none or it is above `max`.
 *  However many digits there are, the sum never leaves the safe integers. */
export function digitsValue(bytes: Uint8Array, start: number, end: number, max: number): number {
  if (end <= start) return -1;
  let value = 0;
  for (let pos = start; pos < end; pos++) {
    value = value * 10 + (bytes[pos]! - 48);
    if (value > max) return -1;
  }
  return value;
}

/** As digitsValue over a whole string; -1 also when a character is no digit. */
export function parseDecimal(text: string, max: number): number {
  if (text.length === 0) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > max) return -1;
  }
  return value;
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, '0'),
);

/** Eight lower-case hexadecimal digits. */
export function hex32(word: number): string {
  return (
    hexPairs[word >>> 24]! +
    hexPairs[(word >>> 16) & 255]! +
    hexPairs[(word >>> 8) & 255]! +
    hexPairs[word & 255]!
  );
}

/** The number of `digits` lower-case hexadecimal digits from `pos` (at most 8), or -1. */
export function hexValue(bytes: Uint8Array, pos: number, digits: number): number {
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = hexDigit(bytes[pos + i]!);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  return octet >= 97 && octet <= 102 ? octet - 87 : -1;
}

/** Writes the lowest `digits` hexadecimal digits of `word`, lower case, at `pos`. */
export function writeHex(bytes: Uint8Array, pos: number, word: number, digits: number): void {
  for (let i = digits - 1; i >= 0; i--) {
    const value = word & 15;
    bytes[pos + i] = value < 10 ? value + 48 : value + 87;
    word >>>= 4;
  }
}
