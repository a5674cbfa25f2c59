// RAck: "776656 1 INVITE" (RFC 3262 7.2), which response a PRACK acknowledges.
import { parseDecimal } from '../bytes/digits.ts';
import { cseqMax } from './header-numbers.ts';

export interface Rack {
  readonly rseq: number;
  readonly cseq: number;
  /** The method as written. */
  readonly method: string;
}

/** undefined when malformed or out of range. */
export function parseRack(value: string): Rack | undefined {
  const words = value.split(/[ \t]+/, 4);
  if (words.length !== 3 || words[2] === '') return undefined;
  const rseq = parseDecimal(words[0]!, 4_294_967_295);
  const cseq = parseDecimal(words[1]!, cseqMax);
  return rseq < 1 || cseq < 0 ? undefined : { rseq, cseq, method: words[2]! };
}
