// Method tokens in bytes. No two methods share first letter and length, so one table look-up leaves one
// candidate to compare.
import { Method, methodNames } from './method.ts';

const lengthsMax = 16;
const candidates = new Uint8Array(32 * lengthsMax);
const spellings: readonly Uint8Array[] = methodNames.map((name) =>
  Uint8Array.from(name, (character) => character.charCodeAt(0)),
);

for (let method = 1; method < methodNames.length; method++) {
  const spelling = spellings[method]!;
  candidates[(spelling[0]! & 31) * lengthsMax + spelling.length] = method;
}

/** Case-sensitive (RFC 3261 7.1): "invite" is an unknown method. */
export function methodOf(bytes: Uint8Array, start: number, end: number): Method {
  const length = end - start;
  if (length < 1 || length >= lengthsMax) return Method.unknown;
  const method = candidates[(bytes[start]! & 31) * lengthsMax + length]!;
  const spelling = spellings[method]!;
  if (spelling.length !== length) return Method.unknown;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== spelling[i]) return Method.unknown;
  }
  return method as Method;
}
