// Text as people write it, and the byte string that stands for it on the wire (see latin1.ts).

/** One char per UTF-8 byte. */
export function byteStringOf(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** Back to text; bytes that are no UTF-8 read as U+FFFD. */
export function textOfByteString(bytes: string): string {
  const buffer = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) buffer[at] = bytes.charCodeAt(at);
  return new TextDecoder().decode(buffer);
}
