// Tags and texts of an XML document that comes in pieces: as much of XML 1.0 as workbooks use. A document type
// is refused, and with it every entity that somebody could define; the five of XML and characters by number
// are read. Namespaces are left out of names.
import { DeckUnreadable } from './deck-unreadable.ts';

export interface XmlSink {
  /** `attributes`: as written, read by `attributeOf`. */
  open(name: string, attributes: string): void;
  close(name: string): void;
  text(text: string): void;
}

/** A longer tag or comment is no workbook's. */
const tagCharsMax = 1 << 20;

export class XmlScanner {
  readonly #sink: XmlSink;
  #rest = '';

  constructor(sink: XmlSink) {
    this.#sink = sink;
  }

  /** @throws DeckUnreadable */
  write(piece: string): void {
    const text = this.#rest === '' ? piece : this.#rest + piece;
    let at = 0;
    for (;;) {
      const tag = text.indexOf('<', at);
      if (tag < 0) break;
      if (tag > at) this.#sink.text(text.slice(at, tag));
      const next = this.#markup(text, tag);
      if (next < 0) {
        at = tag;
        break;
      }
      at = next;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length > tagCharsMax) throw broken('a tag or text without an end');
  }

  /** @throws DeckUnreadable */
  end(): void {
    if (this.#rest.trim() !== '') throw broken('an end in the middle of a tag');
  }

  /** Where it ends; -1: not yet. */
  #markup(text: string, at: number): number {
    const code = text.charCodeAt(at + 1);
    if (code === 0x2f) return this.#closing(text, at);
    if (code === 0x3f) return behind(text, '?>', at);
    if (code === 0x21) return this.#declaration(text, at);
    const end = tagEnd(text, at);
    if (end < 0) return -1;
    const isEmpty = text.charCodeAt(end - 1) === 0x2f;
    const bodyEnd = isEmpty ? end - 1 : end;
    let nameEnd = at + 1;
    while (nameEnd < bodyEnd && text.charCodeAt(nameEnd) > 0x20) nameEnd++;
    const name = localName(text.slice(at + 1, nameEnd));
    this.#sink.open(name, text.slice(nameEnd, bodyEnd));
    if (isEmpty) this.#sink.close(name);
    return end + 1;
  }

  #closing(text: string, at: number): number {
    const end = text.indexOf('>', at);
    if (end < 0) return -1;
    this.#sink.close(localName(text.slice(at + 2, end).trimEnd()));
    return end + 1;
  }

  #declaration(text: string, at: number): number {
    if (text.length - at < '<![CDATA['.length) return -1;
    if (text.startsWith('<!--', at)) return behind(text, '-->', at);
    if (text.startsWith('<![CDATA[', at)) {
      const end = text.indexOf(']]>', at);
      if (end < 0) return -1;
      this.#sink.text(text.slice(at + 9, end).replaceAll('&', '&amp;'));
      return end + 3;
    }
    throw broken('a document type or declaration');
  }
}

/** The value of an attribute in what `open` was given; undefined: it has none of the name. */
export function attributeOf(attributes: string, name: string): string | undefined {
  let at = attributes.indexOf(name);
  for (; at >= 0; at = attributes.indexOf(name, at + 1)) {
    const before = attributes.charCodeAt(at - 1);
    // Behind a space, or a namespace.
    if (at > 0 && before > 0x20 && before !== 0x3a) continue;
    let value = at + name.length;
    while (isSpaceOrEquals(attributes.charCodeAt(value))) value++;
    const quote = attributes[value];
    if (value === at + name.length || (quote !== '"' && quote !== "'")) continue;
    const end = attributes.indexOf(quote, value + 1);
    if (end >= 0) return unescapeXml(attributes.slice(value + 1, end));
  }
  return undefined;
}

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** @throws DeckUnreadable for an entity that XML does not have by itself */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[^;&\s]{0,20});?/g,
    (whole, name: string) => {
      if (name.startsWith('#')) {
        const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
        return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
      }
      const known = entities.get(name);
      if (known === undefined) throw broken(`the entity ${whole}`);
      return known;
    },
  );
}

function isSpaceOrEquals(code: number): boolean {
  return code === 0x3d || code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function tagEnd(text: string, at: number): number {
  let end = text.indexOf('>', at);
  // A ">" within quotes does not end the tag.
  while (end >= 0 && hasOpenQuote(text, at, end)) end = text.indexOf('>', end + 1);
  return end;
}

function hasOpenQuote(text: string, start: number, end: number): boolean {
  let open = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x22 && code !== 0x27) continue;
    if (open === 0) open = code;
    else if (open === code) open = 0;
  }
  return open !== 0;
}

function behind(text: string, mark: string, at: number): number {
  const end = text.indexOf(mark, at);
  return end < 0 ? -1 : end + mark.length;
}

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

function broken(what: string): DeckUnreadable {
  return new DeckUnreadable(`the workbook holds ${what}, which is not read`);
}
