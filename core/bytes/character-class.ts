// What an octet may be in SIP's grammar (RFC 3261 25.1), one table lookup for each question.
// V8 folds a constant of the module itself into the code; one that is imported or exported it loads anew
// at each use. Hence the names of their own that tables and marks get in the files that read messages.

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
  /** Anything but a token character. */
  tokenStop: 16,
  /** Ends a display name or a bare URI: < > " , ; */
  addressStop: 32,
  /** Ends a plain parameter value: ; , and white space. */
  valueStop: 64,
  /** What a URI in angle brackets cannot hold: controls, SP and < > (RFC 3261 25.1). */
  bracketStop: 128,
} as const;

const classes = buildClasses();
/** Index: octet; value: bits of CharacterClass. */
export const characterClasses: Uint8Array = classes;

const { space } = Char;
const { lineWhite, tokenStop } = CharacterClass;

function buildClasses(): Uint8Array {
  const table = new Uint8Array(256);
  const mark = (characters: string, bit: number): void => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)]! |= bit;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  mark(`${letters}${letters.toUpperCase()}0123456789-.!%*_+\`'~`, CharacterClass.token);
  mark('0123456789', CharacterClass.digit);
  mark(' \t\r\n', CharacterClass.lineWhite);
  mark('<>"@?\x7f', CharacterClass.uriStop);
  mark('<>",;', CharacterClass.addressStop);
  mark(';, \t\r\n', CharacterClass.valueStop);
  mark('<>', CharacterClass.bracketStop);
  for (let octet = 0; octet < 256; octet++) {
    if (octet <= 32) table[octet]! |= CharacterClass.uriStop | CharacterClass.bracketStop;
    if ((table[octet]! & CharacterClass.token) === 0) table[octet]! |= CharacterClass.tokenStop;
  }
  return table;
}

/** First position in [pos, end) that is no token character, or `end`. */
export function tokenEnd(bytes: Uint8Array, pos: number, end: number): number {
  return runEnd(bytes, pos, end, tokenStop);
}

/** First position in [pos, end) whose octet has one of the bits `stop`, or `end`. */
export function runEnd(bytes: Uint8Array, pos: number, end: number, stop: number): number {
  // Four octets a turn: most of what a turn costs is the loop's own.
  const last = end - 4;
  while (pos <= last) {
    if ((classes[bytes[pos]!]! & stop) !== 0) return pos;
    if ((classes[bytes[pos + 1]!]! & stop) !== 0) return pos + 1;
    if ((classes[bytes[pos + 2]!]! & stop) !== 0) return pos + 2;
    if ((classes[bytes[pos + 3]!]! & stop) !== 0) return pos + 3;
    pos += 4;
  }
  while (pos < end && (classes[bytes[pos]!]! & stop) === 0) pos++;
  return pos;
}

/** First position in [pos, end) that is no white space or line break, or `end`. */
export function lineWhiteEnd(bytes: Uint8Array, pos: number, end: number): number {
  // Nearly always there is none: one comparison tells.
  while (pos < end && bytes[pos]! <= space && isLineWhite(bytes[pos]!)) pos++;
  return pos;
}

/** SP, HTAB, CR or LF. */
export function isLineWhite(octet: number): boolean {
  return (classes[octet]! & lineWhite) !== 0;
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
