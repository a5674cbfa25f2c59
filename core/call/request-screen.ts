// What a request must be before anything is done for it (RFC 3261 8.2): a method we serve, a source we
// know, hops left, extensions and a body we understand. Each refusal is the status the RFC gives it.
import * as access from '../access/known-source.ts';
import { equalsFolded } from '../bytes/character-class.ts';
import { cdrCallIdBytesMax } from '../cdr/column-texts.ts';
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { withoutTechPrefix } from '../number/ingress-numbers.ts';
import { matchesAny } from '../number/number-pattern.ts';
import type { AddressSpan } from '../sip/address-scan.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerValues } from '../sip/header-values.ts';
import type { Hop } from '../sip/hop.ts';
import { hasTooManyMedia } from '../sip/media-lines.ts';
import { headerStride, headerText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { writeResponse } from '../sip/write-message.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { allowOutsideLine } from './allow.ts';
import { calledNumbers } from './call-record.ts';
import type { CallEnvironment } from './environment.ts';
import { displayNameMax, isContentType } from './header-policy.ts';
import { mintTag } from './local-identity.ts';
import { respond } from './respond.ts';

/** Milliseconds after which a new INVITE that waited in the ring is refused, not served late. */
const waitedMsMax = 500;

/** Extensions a peer may require of us. Replaces and session timers are not among them. */
const understoodExtensions: readonly string[] = ['100rel'];

export interface ScreenRefusal {
  readonly statusCode: number;
  readonly headers: string;
}

/** Whether the method may begin something here: 501 for what we do not know (RFC 3261 8.2.1), 481 for
 *  what only lives inside a dialog, 405 for what we know and do not offer. */
export function methodRefusal(method: Method): ScreenRefusal | undefined {
  switch (method) {
    case Method.INVITE:
    case Method.OPTIONS:
      return undefined;
    case Method.unknown:
      return { statusCode: 501, headers: allowOutsideLine };
    case Method.BYE:
    case Method.PRACK:
    case Method.UPDATE:
    case Method.INFO:
    case Method.NOTIFY:
      return { statusCode: 481, headers: '' };
    default:
      return { statusCode: 405, headers: allowOutsideLine };
  }
}

/** RFC 3261 8.2.2.3: a required extension we lack. Not for ACK and CANCEL. */
export function extensionRefusal(message: SipMessage): ScreenRefusal | undefined {
  if (message.firstRow[HeaderId.require]! < 0) return undefined;
  const missing = headerValues(message, HeaderId.require).filter(
    (tag) => tag !== '' && !understoodExtensions.includes(tag.toLowerCase()),
  );
  if (missing.length === 0) return undefined;
  return { statusCode: 420, headers: `Unsupported: ${missing.join(', ')}\r\n` };
}

/** RFC 3261 8.2.3: a body we cannot pass on. */
export function bodyRefusal(message: SipMessage): ScreenRefusal | undefined {
  if (message.bodyEnd <= message.bodyStart) return undefined;
  const encoding = headerText(message, HeaderId.contentEncoding);
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return { statusCode: 415, headers: 'Accept-Encoding: identity\r\n' };
  }
  if (message.firstRow[HeaderId.contentType]! < 0) {
    return { statusCode: 400, headers: '' };
  }
  if (hasTooManyMedia(message) && isCallBody(message)) return { statusCode: 488, headers: '' };
  return undefined;
}

/** A call is found by its Call-ID, whole. */
function isCallIdTooLong({ headers, firstRow }: SipMessage): boolean {
  const at = firstRow[HeaderId.callId]! * headerStride;
  return headers[at + 4]! - headers[at + 3]! > cdrCallIdBytesMax;
}

/** What stands before the URI of From or To, quotes and all: both are kept as long as the call is. */
function isNameTooLong(message: SipMessage): boolean {
  return (
    octetsBeforeUri(message, HeaderId.from, message.from) > displayNameMax ||
    octetsBeforeUri(message, HeaderId.to, message.to) > displayNameMax
  );
}

/** The bracket left out; of a URI without one -1. */
function octetsBeforeUri(message: SipMessage, id: HeaderId, { uriStart }: AddressSpan): number {
  return uriStart - 1 - message.headers[message.firstRow[id]! * headerStride + 3]!;
}

const callBodies: readonly string[] = ['application/sdp', 'multipart/mixed'];

/** An INVITE that would begin a call. */
export function inviteRefusal(message: SipMessage): ScreenRefusal | undefined {
  if (message.maxForwards === 0) return { statusCode: 483, headers: '' };
  if (isNameTooLong(message) || isCallIdTooLong(message)) return { statusCode: 400, headers: '' };
  const extension = extensionRefusal(message) ?? bodyRefusal(message);
  if (extension !== undefined) return extension;
  if (message.bodyEnd > message.bodyStart && !isCallBody(message)) {
    return { statusCode: 415, headers: `Accept: ${callBodies.join(', ')}\r\n` };
  }
  return acceptsSdp(message) ? undefined : { statusCode: 406, headers: '' };
}

/** RFC 3261 8.2.2.1: URIs of other schemes (sips among them: this node has no TLS) lead nowhere. */
export function schemeRefusal(message: SipMessage): ScreenRefusal | undefined {
  const { bytes, requestUriStart: start } = message;
  // Both names have three letters; the colon is looked at with them.
  const schemeEnd = Math.min(start + 4, message.requestUriEnd);
  const known =
    equalsFolded(bytes, start, schemeEnd, 'sip:') || equalsFolded(bytes, start, schemeEnd, 'tel:');
  return known ? undefined : { statusCode: 416, headers: '' };
}

/** RFC 3261 20.1: without Accept, application/sdp is meant. */
function acceptsSdp(message: SipMessage): boolean {
  if (message.firstRow[HeaderId.accept]! < 0) return true;
  return headerValues(message, HeaderId.accept).some((value) => {
    const type = value.toLowerCase();
    return ['application/sdp', 'application/*', '*/*'].some((known) => type.startsWith(known));
  });
}

function isCallBody(message: SipMessage): boolean {
  for (const known of callBodies) if (isContentType(message, known)) return true;
  return false;
}

export function refuseAtScreen(
  env: CallEnvironment,
  transaction: ServerTransaction,
  refusal: ScreenRefusal,
): void {
  env.effects.count(Counter.refusedScreen);
  respond(env, transaction, refusal.statusCode, refusal.headers);
}

/** Whether a request comes from an address of a gateway of either kind. */
export function isKnownSource(env: CallEnvironment, transaction: ServerTransaction): boolean {
  return access.isKnownSource(env.snapshot, transaction.source);
}

/** A request from an address of no gateway: refused, or met with silence (SS_REPLY_UNAUTHORIZED). The
 *  same for every method, so that a scanner learns nothing. */
export function refuseUnknownSource(env: CallEnvironment, transaction: ServerTransaction): void {
  env.effects.count(Counter.refusedUnknownSource);
  const { head, hop } = transaction;
  const statusCode = access.strangerStatus(env.snapshot);
  if (statusCode !== 0) {
    const tag = head.toTagged ? '' : mintTag(env.identity);
    env.effects.send(hop, writeResponse(head, statusCode, tag, ''));
  }
  // A flood must leave nothing behind: a repeated request is simply refused again.
  env.transactions.terminate(transaction);
}

/** The status with which a source is refused without a transaction, where a gateway of ours would hear
 *  `statusCode`; 0: with silence. */
export function refusalTowards(env: CallEnvironment, source: Hop, statusCode: number): number {
  if (access.isKnownSource(env.snapshot, source)) return statusCode;
  env.effects.count(Counter.refusedUnknownSource);
  return access.strangerStatus(env.snapshot);
}

/** Overload and drain: 503 with Retry-After before anything is spent on the call. A call for help is served
 *  late rather than not. */
export function isRefusedUnderLoad(
  env: CallEnvironment,
  mapping: MappingGateway,
  invite: SipMessage,
): boolean {
  if (env.draining) return true;
  return env.waitedMs > waitedMsMax && !callsForHelp(env.snapshot, mapping, invite);
}

function callsForHelp(snapshot: Snapshot, mapping: MappingGateway, invite: SipMessage): boolean {
  const patterns = snapshot.parameters.SS_EMERGENCY_E164S;
  if (patterns.length === 0) return false;
  const { callee } = calledNumbers(invite);
  return matchesAny(patterns, withoutTechPrefix(mapping, callee));
}

export function refuseUnderLoad(env: CallEnvironment, transaction: ServerTransaction): void {
  env.effects.count(Counter.refusedOverload);
  respond(env, transaction, 503, `Retry-After: ${env.draining ? 30 : 2}\r\n`);
}
