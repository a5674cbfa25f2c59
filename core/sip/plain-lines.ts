// Header lines that stand in a message as this switch would write them: the name in full, colon, one
// space, the value on one line, CRLF. A response may repeat such lines in one piece.
import { Char } from '../bytes/character-class.ts';
import { HeaderId, headerIdsMax, headerTable } from './header-id.ts';
import { headerStride, type SipMessage } from './message.ts';

const nameLengths = new Uint8Array(headerIdsMax);
for (const [id, name] of headerTable) nameLengths[id] = name.length;

/** Whether the `count` rows from `first` are plain lines, one right behind the other. */
export function arePlainLines(message: SipMessage, first: number, count: number): boolean {
  if (first + count > message.headerCount) return false;
  for (let row = first; row < first + count; row++) {
    if (!isPlainLine(message, row)) return false;
    const following = message.headers[(row + 1) * headerStride + 1]!;
    if (row + 1 < first + count && following !== plainLinesEnd(message, row)) return false;
  }
  return true;
}

/** Where the line of this row begins. */
export function plainLinesStart(message: SipMessage, row: number): number {
  return message.headers[row * headerStride + 1]!;
}

/** One past the line break of this row. */
export function plainLinesEnd(message: SipMessage, row: number): number {
  return message.headers[row * headerStride + 4]! + 2;
}

function isPlainLine(message: SipMessage, row: number): boolean {
  const { bytes, headers } = message;
  const at = row * headerStride;
  const id = headers[at]!;
  const nameEnd = headers[at + 2]!;
  const valueEnd = headers[at + 4]!;
  if (id === HeaderId.other || nameEnd - headers[at + 1]! !== nameLengths[id]) return false;
  if (headers[at + 3] !== nameEnd + 2 || bytes[nameEnd] !== Char.colon) return false;
  if (bytes[nameEnd + 1] !== Char.space) return false;
  if (bytes[valueEnd] !== Char.carriageReturn || bytes[valueEnd + 1] !== Char.lineFeed)
    return false;
  for (let pos = nameEnd + 2; pos < valueEnd; pos++) {
    if (bytes[pos]! < Char.space) return false; // folded, or a control: no bare CR is repeated
  }
  return true;
}
