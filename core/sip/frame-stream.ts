// Cuts a byte stream into SIP messages (RFC 3261 18.3, RFC 5626 4.4.1). Keeps the bytes of one
// unfinished message at most. A stream whose framing is in doubt is given up: guessing where the next
// message starts is how one is smuggled in.
import { Char, CharacterClass, characterClasses } from '../bytes/character-class.ts';
import type { MessageBytes } from '../bytes/latin1.ts';
import { Fault } from './fault.ts';
import { HeaderId } from './header-id.ts';
import {
  createHeaderLine,
  emptyLineLength,
  isLineBreak,
  nextLine,
  readHeaderLine,
} from './header-line.ts';
import { contentLengthValue } from './header-numbers.ts';
import { messageBytesMax } from './parse-message.ts';

/** What comes out of a stream. The bytes belong to the stream and hold only during the call. */
export interface FrameSink {
  /** One whole message in [0, end). */
  onFrame(bytes: MessageBytes, end: number): void;
  /** A double CRLF between messages: the peer wants a single CRLF back. At most once a chunk. */
  onPing(): void;
  /** The stream is lost: answer what [0, end) can still be answered with faultStatus, then close it.
   *  Whatever comes later is ignored. */
  onFault(fault: Fault, bytes: MessageBytes, end: number): void;
}

const FramePlace = { between: 0, headers: 1, body: 2, lost: 3 } as const;
type FramePlace = (typeof FramePlace)[keyof typeof FramePlace];

export interface FrameStream {
  readonly sink: FrameSink;
  readonly allocate: (size: number) => MessageBytes;
  /** The bytes [0, kept) of the message that is not whole yet. */
  buffer: MessageBytes;
  kept: number;
  place: FramePlace;
  /** In headers: where the current line starts. */
  lineStart: number;
  /** In body: length of the whole message. */
  frameEnd: number;
  /** Octets of CRLFCRLF seen between messages. */
  pingOctets: number;
}

const firstBufferBytes = 2048;

/** `allocate`: zero-filled memory with latin1Slice, as Buffer.alloc. */
export function createFrameStream(
  sink: FrameSink,
  allocate: (size: number) => MessageBytes,
): FrameStream {
  return {
    sink,
    allocate,
    buffer: allocate(0),
    kept: 0,
    place: FramePlace.between,
    lineStart: 0,
    frameEnd: 0,
    pingOctets: 0,
  };
}

/** Whether a message has begun and not ended: the caller bounds how long that may last. */
export function isFramePending(stream: FrameStream): boolean {
  return stream.place === FramePlace.headers || stream.place === FramePlace.body;
}

/** Takes the next chunk, of any size, and reports what it completes. */
export function pushChunk(stream: FrameStream, chunk: Uint8Array): void {
  let pos = 0;
  let pinged = false;
  while (pos < chunk.length) {
    switch (stream.place) {
      case FramePlace.between: {
        const octet = chunk[pos]!;
        if (!isLineBreak(octet)) beginFrame(stream, octet, chunk);
        else {
          pinged = countPingOctet(stream, octet) || pinged;
          pos++;
        }
        break;
      }
      case FramePlace.headers:
        pos = takeHeaders(stream, chunk, pos);
        break;
      case FramePlace.body:
        pos = takeBody(stream, chunk, pos);
        break;
      default:
        return;
    }
  }
  if (pinged) stream.sink.onPing();
}

function beginFrame(stream: FrameStream, octet: number, chunk: Uint8Array): void {
  stream.pingOctets = 0;
  stream.kept = 0;
  stream.lineStart = 0;
  if ((characterClasses[octet]! & CharacterClass.token) === 0) {
    lose(stream, Fault.notSip);
    return;
  }
  stream.place = FramePlace.headers;
  if (stream.buffer.length === 0) grow(stream, Math.min(chunk.length, messageBytesMax));
}

/** True when the octet completes CRLFCRLF. */
function countPingOctet(stream: FrameStream, octet: number): boolean {
  const wanted = stream.pingOctets % 2 === 0 ? Char.carriageReturn : Char.lineFeed;
  if (octet !== wanted) stream.pingOctets = octet === Char.carriageReturn ? 1 : 0;
  else stream.pingOctets++;
  if (stream.pingOctets < 4) return false;
  stream.pingOctets = 0;
  return true;
}

/** Copies header octets until the empty line; returns the position in the chunk after what it took. */
function takeHeaders(stream: FrameStream, chunk: Uint8Array, start: number): number {
  for (let pos = start; pos < chunk.length; pos++) {
    const octet = chunk[pos]!;
    const { kept } = stream;
    if (kept === messageBytesMax) {
      lose(stream, Fault.messageTooLarge);
      return chunk.length;
    }
    const afterReturn = kept > 0 && stream.buffer[kept - 1] === Char.carriageReturn;
    if (afterReturn && octet !== Char.lineFeed) {
      lose(stream, Fault.bareCarriageReturn);
      return chunk.length;
    }
    if (kept === stream.buffer.length) grow(stream, kept + 1);
    stream.buffer[kept] = octet;
    stream.kept = kept + 1;
    if (octet !== Char.lineFeed) continue;
    const lineLength = kept - stream.lineStart - (afterReturn ? 1 : 0);
    stream.lineStart = kept + 1;
    if (lineLength === 0) {
      endHeaders(stream);
      return pos + 1;
    }
  }
  return chunk.length;
}

function endHeaders(stream: FrameStream): void {
  const length = framedContentLength(stream.buffer, stream.kept);
  if (length < 0) {
    lose(stream, Fault.badContentLength);
    return;
  }
  if (length > messageBytesMax - stream.kept) {
    lose(stream, Fault.messageTooLarge);
    return;
  }
  stream.frameEnd = stream.kept + length;
  stream.place = FramePlace.body;
  if (length === 0) endFrame(stream);
  else if (stream.frameEnd > stream.buffer.length) grow(stream, stream.frameEnd);
}

const line = createHeaderLine();

/** The one Content-Length of the header section [0, end); -1 when missing, repeated or malformed. */
function framedContentLength(bytes: MessageBytes, end: number): number {
  let length = -1;
  let pos = nextLine(bytes, 0, end);
  while (pos < end && emptyLineLength(bytes, pos, end) === 0) {
    pos = readHeaderLine(bytes, pos, end, line);
    if (line.id === HeaderId.contentLength) {
      if (length >= 0) return -1;
      length = contentLengthValue(bytes, line.valueStart, line.valueEnd);
      if (length < 0) return -1;
    }
  }
  return length;
}

function takeBody(stream: FrameStream, chunk: Uint8Array, pos: number): number {
  const taken = Math.min(stream.frameEnd - stream.kept, chunk.length - pos);
  stream.buffer.set(chunk.subarray(pos, pos + taken), stream.kept);
  stream.kept += taken;
  if (stream.kept === stream.frameEnd) endFrame(stream);
  return pos + taken;
}

/** Between messages a large buffer is let go, so that idle connections cost little. */
function endFrame(stream: FrameStream): void {
  const { buffer, frameEnd } = stream;
  stream.place = FramePlace.between;
  stream.kept = 0;
  if (buffer.length > 2 * firstBufferBytes) stream.buffer = stream.allocate(0);
  stream.sink.onFrame(buffer, frameEnd);
}

function lose(stream: FrameStream, fault: Fault): void {
  const { buffer, kept } = stream;
  stream.place = FramePlace.lost;
  stream.buffer = stream.allocate(0);
  stream.kept = 0;
  stream.sink.onFault(fault, buffer, kept);
}

function grow(stream: FrameStream, wanted: number): void {
  let size = Math.max(stream.buffer.length, firstBufferBytes);
  while (size < wanted) size *= 2;
  const larger = stream.allocate(Math.min(size, messageBytesMax));
  larger.set(stream.buffer.subarray(0, stream.kept));
  stream.buffer = larger;
}
