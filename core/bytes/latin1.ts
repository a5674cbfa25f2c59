// Bytes and "byte strings". Inside the core a string made from a message holds one char per byte
// (latin1), so any octet survives being read, kept and forwarded. Only the edges (CDR, API) decode
// UTF-8.

/** The bytes of a message, with the fast latin1 reader that Node's Buffer has. */
export interface MessageBytes extends Uint8Array {
  latin1Slice(start?: number, end?: number): string;
}

/** Whether the bytes [start, end) are this byte string; makes no string of them. */
export function equalsText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}
