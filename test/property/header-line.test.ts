// The short ways of reading a header line against the plain ones: whatever the octets are, both must say
// the same, since parser, Call-ID scan and stream framing all read through them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CharacterClass,
  characterClasses,
  runEnd,
  tokenEnd,
} from '../../core/bytes/character-class.ts';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { HeaderId, headerTable } from '../../core/sip/header-id.ts';
import { createHeaderLine, lineFeed, readHeaderLine } from '../../core/sip/header-line.ts';
import { headerIdAt, headerIdOf } from '../../core/sip/header-name.ts';
import { invite, octets } from '../sip/message-text.ts';
import { tortureMessages } from '../torture/messages.ts';

const colon = 58;
const wordBytes = 4;

const spelling = fc
  .tuple(fc.constantFrom(...headerTable), fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }))
  .map(([[, name], upper]) =>
    [...name].map((mark, i) => (upper[i] ? mark.toUpperCase() : mark.toLowerCase())).join(''),
  );

const edit = fc.record({
  at: fc.nat(),
  drop: fc.nat({ max: 3 }),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      ':',
      '-',
      '\r-',
      '\x0d',
      '\0',
      '"',
      'l: 9\r\n',
    ),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => String.fromCharCode(...bytes)),
  ),
});

function edited(
  text: string,
  edits: readonly { at: number; drop: number; insert: string }[],
): string {
  let out = text;
  for (const { at, drop, insert } of edits) {
    const place = at % (out.length + 1);
    out = out.slice(0, place) + insert + out.slice(place + drop);
  }
  return out;
}

test('a name found by its first octets is the one found by its extent', () => {
  for (const [id, name] of headerTable) {
    const bytes = octets(`${name}: value and more`);
    assert.equal(headerIdAt(bytes, 0, bytes.length), id, name);
    assert.equal(headerIdAt(bytes, 0, name.length), HeaderId.other, `${name} without its colon`);
  }
  fc.assert(
    fc.property(
      spelling,
      fc.array(edit, { maxLength: 2 }),
      fc.nat({ max: 6 }),
      (name, edits, rest) => {
        const text = edited(`${name}:`, edits);
        const bytes = octets(text + 'x'.repeat(rest));
        const nameEnd = tokenEnd(bytes, 0, bytes.length);
        const isNamed = nameEnd > 1 && bytes[nameEnd] === colon;
        const expected = isNamed ? headerIdOf(bytes, 0, nameEnd) : HeaderId.other;
        const found = headerIdAt(bytes, 0, bytes.length);
        // Near the end of the message it may give up: the general way follows.
        const wordsFit = Math.ceil((nameEnd + 1) / wordBytes) * wordBytes <= bytes.length;
        if (wordsFit || found !== HeaderId.other) assert.equal(found, expected);
      },
    ),
    { numRuns: 3000 },
  );
});

/** The line at `pos` read without any short way. */
function plainLine(
  bytes: MessageBytes,
  pos: number,
): { isHeader: boolean; nameEnd: number; stop: number; value: string } {
  const nameEnd = tokenEnd(bytes, pos, bytes.length);
  let mark = nameEnd;
  while (isBlank(bytes[mark])) mark++;
  const isHeader = nameEnd > pos && bytes[mark] === colon;
  let stop = bytes.indexOf(10, mark);
  while (stop >= 0 && isBlank(bytes[stop + 1])) stop = bytes.indexOf(10, stop + 1);
  if (stop < 0) stop = bytes.length;
  const value = isHeader ? bytes.latin1Slice(mark + 1, stop) : '';
  return {
    isHeader,
    nameEnd: isHeader ? nameEnd : stop,
    stop,
    value: value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''),
  };
}

function isBlank(octet: number | undefined): boolean {
  return octet === 32 || octet === 9;
}

test('every line of mutated messages: the same name and extent as without the short ways', () => {
  const line = createHeaderLine();
  const seeds = [...tortureMessages.map((row) => row.text), invite()];
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 8 }), (seed, edits) => {
      const bytes = octets(edited(seed, edits));
      const end = bytes.length;
      for (let pos = 0; pos < end; ) {
        const next = readHeaderLine(bytes, pos, end, line);
        const plain = plainLine(bytes, pos);
        assert.equal(next, Math.min(plain.stop + 1, end));
        assert.equal(line.id, plain.isHeader ? headerIdOf(bytes, pos, plain.nameEnd) : 0);
        assert.equal(line.nameEnd, plain.nameEnd);
        assert.equal(bytes.latin1Slice(line.valueStart, line.valueEnd), plain.value);
        pos = next;
      }
    }),
    { numRuns: 1500 },
  );
});

test('runs end where a plain loop ends them, inside and at the border', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat({ max: 40 }),
      fc.nat({ max: 40 }),
      fc.constantFrom(...Object.values(CharacterClass)),
      (bytes, from, to, stop) => {
        const end = Math.min(to, bytes.length);
        const start = Math.min(from, end);
        let plain = start;
        while (plain < end && (characterClasses[bytes[plain]!]! & stop) === 0) plain++;
        assert.equal(runEnd(bytes, start, end, stop), plain);
        const at = bytes.subarray(start, end).map((octet) => octet & 15);
        const feed = at.indexOf(10);
        assert.equal(lineFeed(at, 0, at.length), feed < 0 ? at.length : feed);
      },
    ),
    { numRuns: 2000 },
  );
});
