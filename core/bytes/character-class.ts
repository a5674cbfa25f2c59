// What an octet may be in SIP's grammar (RFC 3261 25.1), one table lookup for each question.

export const Char = {
  tab: 9,
  lineFeed: 10,
  carriageReturn: 13,
  space: 32,
  quote: 34,
  openParenthesis: 40,
  comma: 44,
  slash: 47,
  zero: 48,
  nine: 57,
  colon: 58,
  semicolon: 59,
  less: 60,
  equals: 61,
  greater: 62,
  question: 63,
  at: 64,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
} as const;

/** Bits of `characterClasses`. */
export const CharacterClass = {
  /** alphanum - . ! % * _ + ` ' ~ */
  token: 1,
  digit: 2,
  /** SP, HTAB and, inside a folded header, CR and LF. */
  lineWhite: 4,
  /** Ends a run of plain URI characters: controls, SP and < > " @ ? */
  uriStop: 8,
  hex: 16,
} as const;

/** Index: octet; value: bits of CharacterClass. */
export const characterClasses: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const mark = (characters: string, bit: number): void => {
    for (let i = 0; i < characters.length; i++) classes[characters.charCodeAt(i)]! |= bit;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  mark(`${letters}${letters.toUpperCase()}0123456789-.!%*_+\`'~`, CharacterClass.token);
  mark('0123456789', CharacterClass.digit);
  mark('0123456789abcdefABCDEF', CharacterClass.hex);
  mark(' \t\r\n', CharacterClass.lineWhite);
  mark('<>"@?\x7f', CharacterClass.uriStop);
  for (let octet = 0; octet <= 32; octet++) classes[octet]! |= CharacterClass.uriStop;
  return classes;
}

/** First position in [pos, end) that is no token character, or `end`. */
export function tokenEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && (characterClasses[bytes[pos]!]! & CharacterClass.token) !== 0) pos++;
  return pos;
}

/** First position in [pos, end) that is no white space or line break, or `end`. */
export function lineWhiteEnd(bytes: Uint8Array, pos: number, end: number): number {
  // Nearly always there is none: one comparison tells.
  while (pos < end && bytes[pos]! <= Char.space && isLineWhite(bytes[pos]!)) pos++;
  return pos;
}

/** SP, HTAB, CR or LF. */
export function isLineWhite(octet: number): boolean {
  return (characterClasses[octet]! & CharacterClass.lineWhite) !== 0;
}

/** Whether [start, end) spells `lower` (lower-case ASCII), whatever its case. */
export function equalsFolded(
  bytes: Uint8Array,
  start: number,
  end: number,
  lower: string,
): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if (foldedOctet(bytes[start + i]!) !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** ASCII upper case to lower case, everything else as it is. */
export function foldedOctet(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet | 32 : octet;
}
