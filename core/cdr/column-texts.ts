// How long texts of a CDR may be that peers decide. Calls whose own are longer are refused; what is longer all the
// same (numbers out of dial plans, INVITEs of strangers, logs of earlier versions) stands cut in the tables, so that
// no row is refused for its length. The log has it whole. All ledgers show the same, whatever their columns hold.
import type { Cdr } from './cdr.ts';

/** Bytes of a number. Columns count characters, of which a text has at most one a byte. */
export const cdrNumberBytesMax = 255;
/** Bytes of the Call-ID of the caller's leg. */
export const cdrCallIdBytesMax = 1024;
const calleeCallIdBytesMax = 255;

/** "…" in UTF-8: where a text was cut. */
const mark = '\xe2\x80\xa6';
/** Of a character of UTF-8, at most. */
const bytesBehindFirst = 3;

/** The CDR as rows have it: itself where all fits. */
export function withinColumns(cdr: Cdr): Cdr {
  if (fits(cdr)) return cdr;
  return {
    ...cdr,
    callId: cut(cdr.callId, cdrCallIdBytesMax),
    calleeCallId: cutOrNull(cdr.calleeCallId, calleeCallIdBytesMax),
    callerAccess: cut(cdr.callerAccess, cdrNumberBytesMax),
    calleeAccess: cut(cdr.calleeAccess, cdrNumberBytesMax),
    callerOut: cutOrNull(cdr.callerOut, cdrNumberBytesMax),
    calleeOut: cutOrNull(cdr.calleeOut, cdrNumberBytesMax),
    calleeBilling: cutOrNull(cdr.calleeBilling, cdrNumberBytesMax),
  };
}

/** Whether the tables have only a part of a number that came with the call. */
export function hasCutAccess({ callerAccess, calleeAccess }: Cdr): boolean {
  return isCutNumber(callerAccess) || isCutNumber(calleeAccess);
}

function isCutNumber(byteString: string): boolean {
  return byteString.length >= cdrNumberBytesMax - bytesBehindFirst && byteString.endsWith(mark);
}

function fits(cdr: Cdr): boolean {
  return (
    cdr.callId.length <= cdrCallIdBytesMax &&
    lengthOf(cdr.calleeCallId) <= calleeCallIdBytesMax &&
    cdr.callerAccess.length <= cdrNumberBytesMax &&
    cdr.calleeAccess.length <= cdrNumberBytesMax &&
    lengthOf(cdr.callerOut) <= cdrNumberBytesMax &&
    lengthOf(cdr.calleeOut) <= cdrNumberBytesMax &&
    lengthOf(cdr.calleeBilling) <= cdrNumberBytesMax
  );
}

function lengthOf(byteString: string | null): number {
  return byteString === null ? 0 : byteString.length;
}

function cutOrNull(byteString: string | null, bytesMax: number): string | null {
  return byteString === null ? null : cut(byteString, bytesMax);
}

/** Not within a character of UTF-8. */
function cut(byteString: string, bytesMax: number): string {
  if (byteString.length <= bytesMax) return byteString;
  let end = bytesMax - mark.length;
  // What is no UTF-8 may go on so for ever.
  for (let back = 0; back < bytesBehindFirst && isBehindFirst(byteString.charCodeAt(end)); back++)
    end--;
  return byteString.slice(0, end) + mark;
}

function isBehindFirst(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
