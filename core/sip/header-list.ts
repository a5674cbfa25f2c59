// Comma-separated header values as text (RFC 3261 7.3.1).

/** The values, trimmed, empty ones left out. Commas in quotes and in angle brackets do not separate. */
export function splitHeaderValues(text: string): string[] {
  const values: string[] = [];
  let start = 0;
  let pos = 0;
  while (pos < text.length) {
    const character = text[pos];
    if (character === '"') pos = closingQuote(text, pos);
    else if (character === '<') pos = closingBracket(text, pos);
    else if (character === ',') {
      pushTrimmed(values, text.slice(start, pos));
      start = pos + 1;
    }
    pos++;
  }
  pushTrimmed(values, text.slice(start));
  return values;
}

function pushTrimmed(values: string[], text: string): void {
  const value = text.trim();
  if (value !== '') values.push(value);
}

function closingBracket(text: string, pos: number): number {
  const close = text.indexOf('>', pos);
  return close < 0 ? text.length : close;
}

/** Position of the quote that closes the quoted string opening at `pos`; the length when none does. */
export function closingQuote(text: string, pos: number): number {
  for (let i = pos + 1; i < text.length; i++) {
    if (text[i] === '"') return i;
    if (text[i] === '\\') i++;
  }
  return text.length;
}
