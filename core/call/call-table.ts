// Finds the call a message belongs to. Dialogs are found by their local tag, which we minted and which
// is therefore unique, also between the two legs of a call that is routed back to us; Call-ID and remote
// tag are then compared (RFC 3261 12.2.2).

import { equalsText } from '../bytes/latin1.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerStride, type SipMessage } from '../sip/message.ts';
import type { Call, CallDialog } from './call.ts';

export interface CallTable {
  /** By local tag; the forks of one attempt share a tag and hang together by `sibling`. */
  readonly dialogs: Map<string, CallDialog>;
  readonly calls: Set<Call>;
  /** Our own hop count by the Call-ID of an outbound leg in setup, to notice a call routed back to us. */
  readonly ownLegs: Map<string, number>;
}

export function createCallTable(): CallTable {
  return { dialogs: new Map(), calls: new Set(), ownLegs: new Map() };
}

export function keepDialog(table: CallTable, dialog: CallDialog): void {
  dialog.sibling = table.dialogs.get(dialog.localTag);
  table.dialogs.set(dialog.localTag, dialog);
}

export function forgetDialog(table: CallTable, dialog: CallDialog): void {
  const first = table.dialogs.get(dialog.localTag);
  if (first === undefined) return;
  if (first === dialog) {
    if (dialog.sibling === undefined) table.dialogs.delete(dialog.localTag);
    else table.dialogs.set(dialog.localTag, dialog.sibling);
  } else {
    for (let before = first; before.sibling !== undefined; before = before.sibling) {
      if (before.sibling !== dialog) continue;
      before.sibling = dialog.sibling;
      break;
    }
  }
  dialog.sibling = undefined;
}

/** The dialog that the request's To tag, From tag and Call-ID name, all three right. */
export function findDialog(table: CallTable, message: SipMessage): CallDialog | undefined {
  const { bytes, to, from } = message;
  let dialog = table.dialogs.get(bytes.latin1Slice(to.tagStart, to.tagEnd));
  while (dialog !== undefined) {
    if (equalsText(bytes, from.tagStart, from.tagEnd, dialog.remoteTag)) {
      return hasCallId(message, dialog.callId) ? dialog : undefined;
    }
    dialog = dialog.sibling;
  }
  return undefined;
}

function hasCallId(message: SipMessage, callId: string): boolean {
  const { bytes, headers } = message;
  const at = message.firstRow[HeaderId.callId]! * headerStride;
  return equalsText(bytes, headers[at + 3]!, headers[at + 4]!, callId);
}
