// The prefixes of a stored document, read from its JSON text byte by byte. A million of them as strings
// would be a heap of their own, and collecting it would take the processors from the calls: V8 does it with
// threads that the whole process shares.
import type { StoredDocument } from './stored-document.ts';

/** A document without its prefixes, and each routing gateway's prefixes as the text of a JSON list. */
export interface SplitDocument {
  /** `prefixes` of every routing gateway is empty here. */
  readonly document: StoredDocument;
  /** One for each of `document.routingGateways`, in that order. */
  readonly prefixes: readonly Buffer[];
}

/** Where the next prefix of a list is looked for. */
export interface PrefixReader {
  readonly text: Buffer;
  at: number;
}

const quote = 0x22;
const backslash = 0x5c;
const listEnd = 0x5d;
// Inside a JSON string a quote has a backslash before it, and no key of a document is somebody's own
// word: these bytes begin the gateways and their lists and nothing else. Gifts have prefixes too, but stand
// before the gateways, which are the last of a document.
const gatewaysStart = Buffer.from('"routingGateways":[');
const listStart = Buffer.from('"prefixes":[');

/** `text`: as stored (stored-json.ts), without spaces. */
export function splitDocument(text: Buffer): SplitDocument {
  const prefixes: Buffer[] = [];
  const rest: Buffer[] = [];
  let from = 0;
  let at = text.indexOf(listStart, Math.max(0, text.indexOf(gatewaysStart)));
  for (; at >= 0; at = text.indexOf(listStart, from)) {
    const open = at + listStart.length - 1;
    const close = closingBracket(text, open);
    rest.push(text.subarray(from, open + 1));
    prefixes.push(text.subarray(open, close + 1));
    from = close;
  }
  rest.push(text.subarray(from));
  const document = JSON.parse(Buffer.concat(rest).toString('utf8')) as StoredDocument;
  if (prefixes.length !== document.routingGateways.length) {
    throw new Error(
      `stored document: ${prefixes.length} lists of prefixes: expected one for each of ${document.routingGateways.length} routing gateways`,
    );
  }
  return { document, prefixes };
}

/** The same text of a list that is in memory. */
export function prefixText(prefixes: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(prefixes));
}

export function countPrefixes(text: Buffer): number {
  let count = 0;
  for (let at = 1; at < text.length; at++) {
    if (text[at] !== quote) continue;
    at = closingQuote(text, at);
    count++;
  }
  return count;
}

/** Copies the next prefix to `into` at `start`; returns its bytes, -1 at the end of the list. */
export function readPrefix(reader: PrefixReader, into: Buffer, start: number): number {
  const { text } = reader;
  let at = reader.at;
  while (at < text.length && text[at] !== quote) at++;
  if (at >= text.length) return -1;
  const open = at++;
  let length = 0;
  for (; text[at] !== quote; at++) {
    if (text[at] === backslash) {
      reader.at = closingQuote(text, open) + 1;
      return into.write(JSON.parse(text.toString('utf8', open, reader.at)) as string, start);
    }
    into[start + length++] = text[at]!;
  }
  reader.at = at + 1;
  return length;
}

function closingBracket(text: Buffer, open: number): number {
  let at = open + 1;
  for (; text[at] !== listEnd; at++) {
    if (text[at] === quote) at = closingQuote(text, at);
    if (at >= text.length) throw new Error('stored document: a list of prefixes has no end');
  }
  return at;
}

/** A quote after a backslash is part of the string. */
function closingQuote(text: Buffer, open: number): number {
  let at = open + 1;
  for (; text[at] !== quote; at++) {
    if (at >= text.length) throw new Error('stored document: a prefix has no end');
    if (text[at] === backslash) at++;
  }
  return at;
}
