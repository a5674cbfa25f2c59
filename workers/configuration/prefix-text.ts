// The prefixes of a stored document, read from its JSON text byte by byte. A million of them as strings
// would be a heap of their own, and collecting it would take the processors from the calls: V8 does it with
// threads that the whole process shares.
import type { StoredDocument } from './stored-document.ts';

/** A document without its long lists, and those as the text of JSON lists. */
export interface SplitDocument {
  /** `prefixes` of every routing gateway and `numbers` of every number group are empty here. */
  readonly document: StoredDocument;
  /** One for each of `document.routingGateways`, in that order. */
  readonly prefixes: readonly Buffer[];
  /** One for each of `document.numberGroups`, in that order. */
  readonly numbers: readonly Buffer[];
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
// word: these bytes begin the collections and their lists and nothing else. A routing gateway's prefixes follow
// its address, a string; those of screening rules follow a truth value, and gifts stand before the gateways.
const groupsStart = Buffer.from('"numberGroups":[');
const mappingStart = Buffer.from('"mappingGateways":[');
const gatewaysStart = Buffer.from('"routingGateways":[');
const numbersStart = Buffer.from('"numbers":[');
const prefixesStart = Buffer.from('","prefixes":[');

/** `text`: as stored (stored-json.ts), without spaces. */
export function splitDocument(text: Buffer): SplitDocument {
  const rest: Buffer[] = [];
  const groups = text.indexOf(groupsStart);
  const cut: CutLists = { text, from: 0, rest };
  const numbers =
    groups < 0 ? [] : cutLists(cut, numbersStart, groups, text.indexOf(mappingStart, groups));
  const gateways = Math.max(0, text.indexOf(gatewaysStart));
  const prefixes = cutLists(cut, prefixesStart, gateways, text.length);
  rest.push(text.subarray(cut.from));
  const document = JSON.parse(Buffer.concat(rest).toString('utf8')) as StoredDocument;
  expectLists('prefixes', prefixes.length, document.routingGateways.length, 'routing gateways');
  expectLists('numbers', numbers.length, document.numberGroups?.length ?? 0, 'number groups');
  return { document, prefixes, numbers };
}

interface CutLists {
  readonly text: Buffer;
  /** All before is in `rest`. */
  from: number;
  readonly rest: Buffer[];
}

/** Takes the lists out that begin so between two places; each leaves an empty one. */
function cutLists(cut: CutLists, start: Buffer, after: number, before: number): Buffer[] {
  const { text, rest } = cut;
  const lists: Buffer[] = [];
  for (let at = text.indexOf(start, after); at >= 0 && at < before; ) {
    const open = at + start.length - 1;
    const close = closingBracket(text, open);
    rest.push(text.subarray(cut.from, open + 1));
    lists.push(text.subarray(open, close + 1));
    cut.from = close;
    at = text.indexOf(start, close);
  }
  return lists;
}

function expectLists(what: string, found: number, expected: number, owners: string): void {
  if (found === expected) return;
  throw new Error(
    `stored document: ${found} lists of ${what}: expected one for each of ${expected} ${owners}`,
  );
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
