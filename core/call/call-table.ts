// Finds the call a message belongs to. Dialogs are found by their local tag, which we minted and which
// is therefore unique, also between the two legs of a call that is routed back to us; Call-ID and remote
// tag are then compared (RFC 3261 12.2.2).

import { KeyTable } from '../bytes/key-table.ts';
import { equalsText } from '../bytes/latin1.ts';
import { mintedHash, mintedHashOf } from '../bytes/minted-hash.ts';
import { mayBeMinted } from '../shard/call-id-shard.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerStride, type SipMessage } from '../sip/message.ts';
import type { Call, CallDialog, OutboundLeg } from './call.ts';

export interface CallTable {
  /** By local tag; the forks of one attempt share a tag. */
  readonly dialogs: KeyTable<CallDialog>;
  /** Each call knows its place (`Call.index`). */
  readonly calls: Call[];
  /** Outbound legs in setup by their Call-ID, to notice a call routed back to us. */
  readonly ownLegs: KeyTable<OutboundLeg>;
}

export function createCallTable(): CallTable {
  return { dialogs: new KeyTable(), calls: [], ownLegs: new KeyTable() };
}

export function keepCall(table: CallTable, call: Call): void {
  call.index = table.calls.length;
  table.calls.push(call);
}

/** False when it is not there (any more). */
export function forgetCall(table: CallTable, call: Call): boolean {
  const { calls } = table;
  const { index } = call;
  if (index < 0) return false;
  const last = calls.pop()!;
  if (last !== call) {
    calls[index] = last;
    last.index = index;
  }
  call.index = -1;
  return true;
}

export function keepDialog(table: CallTable, dialog: CallDialog): void {
  table.dialogs.add(dialog, mintedHashOf(dialog.localTag));
}

export function forgetDialog(table: CallTable, dialog: CallDialog): void {
  table.dialogs.remove(dialog);
}

/** The dialog that the request's To tag, From tag and Call-ID name, all three right. */
export function findDialog(table: CallTable, message: SipMessage): CallDialog | undefined {
  const { bytes, to, from } = message;
  let dialog = table.dialogs.first(mintedHash(bytes, to.tagStart, to.tagEnd));
  for (; dialog !== undefined; dialog = table.dialogs.after(dialog)) {
    if (
      equalsText(bytes, to.tagStart, to.tagEnd, dialog.localTag) &&
      equalsText(bytes, from.tagStart, from.tagEnd, dialog.remoteTag)
    ) {
      return hasCallId(message, dialog.callId) ? dialog : undefined;
    }
  }
  return undefined;
}

function hasCallId(message: SipMessage, callId: string): boolean {
  const { bytes, headers } = message;
  const at = message.firstRow[HeaderId.callId]! * headerStride;
  return equalsText(bytes, headers[at + 3]!, headers[at + 4]!, callId);
}

export function keepOwnLeg(table: CallTable, leg: OutboundLeg): void {
  table.ownLegs.add(leg, mintedHashOf(leg.parts.callId));
}

export function forgetOwnLeg(table: CallTable, leg: OutboundLeg): void {
  table.ownLegs.remove(leg);
}

/** The leg of ours in setup that has this Call-ID. */
export function ownLegOf(table: CallTable, callId: string): OutboundLeg | undefined {
  // A peer's own Call-IDs are longer or shorter: nearly no call needs the look-up.
  if (!mayBeMinted(callId)) return undefined;
  let leg = table.ownLegs.first(mintedHashOf(callId));
  while (leg !== undefined && leg.parts.callId !== callId) leg = table.ownLegs.after(leg);
  return leg;
}
