// Writes the values of CDR log records as MessagePack: null, numbers, amounts of money (bigint), text and
// arrays of them, which is all that core/cdr/cdr-codec.ts makes. Any MessagePack reader reads it; ours is msgpackr. A general packer
// takes a third longer for these short arrays.

/** The longest encoding of a number. */
const numberBytes = 9;
/** The longest head of an array or a text. */
const headBytesMax = 5;
/** Up to so many characters are tried as ASCII, one by one: cheaper than a call into the runtime. */
const asciiCharsMax = 255;
/** The most UTF-8 bytes a UTF-16 unit takes. */
const utf8BytesMax = 3;

export class MsgpackWriter {
  bytes: Buffer;
  /** Where the next value goes. */
  at = 0;
  #view: DataView;

  constructor(initialBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.#view = viewOf(this.bytes);
  }

  writeValue(value: unknown): void {
    if (typeof value === 'string') this.#writeText(value);
    else if (typeof value === 'number') this.#writeNumber(value);
    else if (Array.isArray(value)) this.#writeArray(value);
    else if (value === null || value === undefined) this.#writeNil();
    else if (typeof value === 'bigint') this.#writeMoney(value);
    else
      throw new TypeError(`${typeof value} in a log record; expected text, number, array or null`);
  }

  /** Of a place that `reserve` has made room for. */
  setUint32LittleEndian(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Makes room for `bytes` more; `bytes` and what was written may move to another buffer. */
  reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
    this.#view = viewOf(grown);
  }

  #writeArray(values: unknown[]): void {
    const { length } = values;
    this.reserve(headBytesMax);
    if (length < 16) {
      this.bytes[this.at++] = 0x90 | length;
    } else if (length < 0x10000) {
      this.bytes[this.at] = 0xdc;
      this.#view.setUint16(this.at + 1, length);
      this.at += 3;
    } else {
      this.bytes[this.at] = 0xdd;
      this.#view.setUint32(this.at + 1, length);
      this.at += 5;
    }
    for (let i = 0; i < length; i++) this.writeValue(values[i]);
  }

  #writeNil(): void {
    this.reserve(1);
    this.bytes[this.at++] = 0xc0;
  }

  /** What 32 bits do not hold is a float64, as msgpackr has it: readers make a BigInt of 64-bit integers. */
  #writeNumber(value: number): void {
    this.reserve(numberBytes);
    const { bytes, at } = this;
    if (value >>> 0 === value) {
      this.#writeUnsigned(value);
    } else if ((value | 0) === value) {
      if (value >= -32) {
        bytes[at] = value;
        this.at = at + 1;
      } else {
        bytes[at] = 0xd2;
        this.#view.setInt32(at + 1, value);
        this.at = at + 5;
      }
    } else {
      bytes[at] = 0xcb;
      this.#view.setFloat64(at + 1, value);
      this.at = at + 9;
    }
  }

  /** An integer of 64 bits at most, never a float. */
  #writeMoney(value: bigint): void {
    this.reserve(numberBytes);
    if (value >= 0n && value <= 0xffff_ffffn) {
      this.#writeUnsigned(Number(value));
    } else {
      if (BigInt.asIntN(64, value) !== value) {
        throw new RangeError(`${value} in a log record; expected an integer of 64 bits`);
      }
      this.bytes[this.at] = 0xd3;
      this.#view.setBigInt64(this.at + 1, value);
      this.at += 9;
    }
  }

  #writeUnsigned(value: number): void {
    const { bytes, at } = this;
    if (value < 0x80) {
      bytes[at] = value;
      this.at = at + 1;
    } else if (value < 0x100) {
      bytes[at] = 0xcc;
      bytes[at + 1] = value;
      this.at = at + 2;
    } else if (value < 0x10000) {
      bytes[at] = 0xcd;
      this.#view.setUint16(at + 1, value);
      this.at = at + 3;
    } else {
      bytes[at] = 0xce;
      this.#view.setUint32(at + 1, value);
      this.at = at + 5;
    }
  }

  #writeText(text: string): void {
    const { length } = text;
    this.reserve(headBytesMax + length * utf8BytesMax);
    if (length > asciiCharsMax || !this.#writeAscii(text)) this.#writeUtf8(text);
  }

  /** False, and nothing moved, when a character is none of ASCII. */
  #writeAscii(text: string): boolean {
    const { bytes, at } = this;
    const { length } = text;
    const start = length < 32 ? at + 1 : at + 2;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[start + i] = code;
    }
    if (length < 32) {
      bytes[at] = 0xa0 | length;
    } else {
      bytes[at] = 0xd9;
      bytes[at + 1] = length;
    }
    this.at = start + length;
    return true;
  }

  /** The size of the head is known before the bytes are: by the most that they could be. */
  #writeUtf8(text: string): void {
    const { bytes, at } = this;
    if (text.length * utf8BytesMax < 0x10000) {
      const written = bytes.write(text, at + 3, 'utf8');
      bytes[at] = 0xda;
      this.#view.setUint16(at + 1, written);
      this.at = at + 3 + written;
    } else {
      const written = bytes.write(text, at + 5, 'utf8');
      bytes[at] = 0xdb;
      this.#view.setUint32(at + 1, written);
      this.at = at + 5 + written;
    }
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
