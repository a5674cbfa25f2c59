// Whether an INVITE is a call for help of one of our customers, told from its request line and its source: at a full
// ring, before anything is parsed. Only numbers as they are dialled are known there; what a dial plan makes an
// emergency number of comes in like any other call.
import { tokenEnd } from '../bytes/character-class.ts';
import type { MessageBytes } from '../bytes/latin1.ts';
import type { Snapshot } from '../configuration/snapshot.ts';
import { matchesAny } from '../number/number-pattern.ts';
import { lineBreaksEnd } from '../sip/header-line.ts';
import { uriUserAt } from '../sip/uri-user.ts';
import { identifyCallerOf } from './identify-peer.ts';

const space = 32;
/** Longer Request-URIs have no number that anybody waits for. */
const uriBytesMax = 256;

export function isEmergencyInvite(
  snapshot: Snapshot,
  bytes: MessageBytes,
  length: number,
  source: { readonly address: string; readonly port: number },
): boolean {
  const patterns = snapshot.parameters.SS_EMERGENCY_E164S;
  if (patterns.length === 0) return false;
  const uriStart = tokenEnd(bytes, lineBreaksEnd(bytes, 0, length), length) + 1;
  const end = Math.min(length, uriStart + uriBytesMax);
  let uriEnd = uriStart;
  while (uriEnd < end && bytes[uriEnd]! > space) uriEnd++;
  if (uriEnd === uriStart || uriEnd >= end) return false;
  const callee = uriUserAt(bytes, uriStart, uriEnd);
  const gateway = identifyCallerOf(snapshot, source, callee);
  if (gateway === undefined || gateway.locked) return false;
  return matchesAny(patterns, callee.slice(gateway.techPrefix.length));
}
