/** On the wire text is UTF-8; inside the core a string holds one char per byte. */
export function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
