// What may not leave while the CDR log cannot be written: final responses, and our own BYEs of calls
// whose end record is not in the file yet. Peers repeat what they wait for, so a message that waits
// already waits once. Only asked while the log fails; nothing here is on a call's path otherwise.
import type { Cdr } from '../../core/cdr/cdr.ts';
import type { Hop } from '../../core/sip/hop.ts';

/** Messages kept back; peers repeat for 32 s, so the oldest are the least missed. */
const withheldMax = 8192;
/** Calls whose BYEs are told from others; beyond this many every BYE waits. */
const unwrittenCallsMax = 65_536;

export interface WithheldSends {
  readonly size: number;
  /** The end record of this call waits for the log. */
  noteUnwritten(cdr: Cdr): void;
  mustWait(text: string): boolean;
  /** False when the oldest had to be given up for it. */
  keep(hop: Hop, text: string): boolean;
  /** Everything is written: hands out what waited, in order, and forgets the calls. */
  release(send: (hop: Hop, text: string) => void): void;
}

export function createWithheldSends(): WithheldSends {
  const waiting = new Map<string, Hop>();
  const unwrittenCallIds = new Set<string>();
  let noted = 0;
  return {
    get size() {
      return waiting.size;
    },
    noteUnwritten(cdr) {
      noted++;
      if (noted > unwrittenCallsMax) return;
      unwrittenCallIds.add(cdr.callId);
      if (cdr.calleeCallId !== null) unwrittenCallIds.add(cdr.calleeCallId);
    },
    mustWait(text) {
      if (isFinalResponse(text)) return !headerValue(text, cseqStart).endsWith(' OPTIONS');
      if (noted === 0 || !text.startsWith('BYE ')) return false;
      return noted > unwrittenCallsMax || unwrittenCallIds.has(headerValue(text, callIdStart));
    },
    keep(hop, text) {
      if (waiting.has(text)) return true;
      const hasRoom = waiting.size < withheldMax;
      if (!hasRoom) waiting.delete(waiting.keys().next().value!);
      waiting.set(text, hop);
      return hasRoom;
    },
    release(send) {
      for (const [text, hop] of waiting) send(hop, text);
      waiting.clear();
      unwrittenCallIds.clear();
      noted = 0;
    },
  };
}

/** "SIP/2.0 2xx" to "6xx". */
function isFinalResponse(text: string): boolean {
  return text.charCodeAt(8) >= 50 && text.startsWith('SIP/2.0 ');
}

const cseqStart = '\r\nCSeq: ';
const callIdStart = '\r\nCall-ID: ';

/** Of a message that we wrote: header names are spelt in one way. */
function headerValue(text: string, start: string): string {
  const at = text.indexOf(start);
  if (at < 0) return '';
  return text.slice(at + start.length, text.indexOf('\r\n', at + start.length));
}
