// The Reason header (RFC 3326): why a call ended, as another protocol would say it.
import { HeaderId } from './header-id.ts';
import { headerValues } from './header-values.ts';
import type { SipMessage } from './message.ts';

const causesMax = 128;

/** Q.850 cause that a message names (RFC 3326 2, RFC 6432); 0: none. */
export function q850Cause(message: SipMessage): number {
  if (message.firstRow[HeaderId.reason]! < 0) return 0;
  for (const value of headerValues(message, HeaderId.reason)) {
    const parts = /^q\.850\s*;(?:.*;)?\s*cause\s*=\s*([0-9]{1,3})\s*(?:;|$)/i.exec(value);
    const cause = parts === null ? 0 : Number(parts[1]);
    if (cause >= 1 && cause < causesMax) return cause;
  }
  return 0;
}

/** Index: cause. Made once, for every call ends with one. */
const lines: readonly string[] = Array.from({ length: causesMax }, (_, cause) =>
  cause === 0 ? '' : `Reason: Q.850;cause=${cause}\r\n`,
);

/** The complete header line; '' where there is no cause. */
export function reasonLine(cause: number): string {
  return lines[cause] ?? '';
}
