// A SIP dialog (RFC 3261 12): the identifiers, sequence numbers, route set and remote target that every
// request inside it is made of. It knows nothing of calls.
import type { Hop } from '../sip/hop.ts';
import type { Method } from '../sip/method.ts';
import type { RequestParts } from '../sip/write-message.ts';
import { type RouteSet, requestHop } from './route-set.ts';

export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From value of our requests, tag included. */
  readonly local: string;
  /** To value of our requests, tag included. */
  readonly remote: string;
  /** Request-URI of our requests (RFC 3261 12.2.1.1). */
  remoteTarget: string;
  routeSet: RouteSet;
  /** Where our requests go next. */
  hop: Hop;
  /** Address the peer was first heard from; in-dialog requests must come from it or from `hop`. */
  readonly peerAddress: string;
  localSeq: number;
  /** -1 until the peer has sent a request in this dialog. */
  remoteSeq: number;
}

/** A new remote target from a 2xx or a target refresh request (RFC 3261 12.2.1.2, 12.2.2). */
export function refreshTarget(dialog: Dialog, contactUri: string): void {
  if (contactUri === '' || contactUri === dialog.remoteTarget) return;
  dialog.remoteTarget = contactUri;
  dialog.hop = requestHop(dialog.routeSet, contactUri, dialog.hop);
}

/** RFC 3261 13.2.2.4: route set and remote target of a confirmed dialog are those of the 2xx, and with
 *  them where its requests go, also when the Contact is the old one. `first`: where the INVITE went. */
export function confirmRoute(
  dialog: Dialog,
  routeSet: RouteSet,
  contactUri: string,
  first: Hop,
): void {
  const target = contactUri === '' ? dialog.remoteTarget : contactUri;
  const isKnown = target === dialog.remoteTarget && routeSet.first === dialog.routeSet.first;
  dialog.routeSet = routeSet;
  dialog.remoteTarget = target;
  // Led there from there: it would lead there again.
  if (isKnown && dialog.hop === first) return;
  dialog.hop = requestHop(routeSet, target, first);
}

/** RFC 3261 12.2.2: a request out of order earns a 500. Accepts and remembers an ascending CSeq. */
export function takeRemoteSeq(dialog: Dialog, cseq: number): boolean {
  if (dialog.remoteSeq >= 0 && cseq <= dialog.remoteSeq) return false;
  dialog.remoteSeq = cseq;
  return true;
}

/** Request-URI of our requests: a strict router is the target (RFC 3261 12.2.1.1). */
export function requestUriOf(dialog: Dialog): string {
  const { strictTarget } = dialog.routeSet;
  return strictTarget === '' ? dialog.remoteTarget : strictTarget;
}

/** Route lines of our requests: a strict router gets the remote target as the last route. */
export function requestRoutes(dialog: Dialog): string {
  const { lines, strictTarget } = dialog.routeSet;
  return strictTarget === '' ? lines : `${lines}Route: <${dialog.remoteTarget}>\r\n`;
}

/** The parts of a request of ours in the dialog. */
export function dialogRequest(
  dialog: Dialog,
  method: Method,
  own: { sentBy: string; branch: string; cseq: number; maxForwards: number },
): RequestParts {
  return {
    method,
    requestUri: requestUriOf(dialog),
    sentBy: own.sentBy,
    branch: own.branch,
    from: dialog.local,
    to: dialog.remote,
    callId: dialog.callId,
    cseq: own.cseq,
    routes: requestRoutes(dialog),
    maxForwards: own.maxForwards,
  };
}

/** Whether a request of this dialog may come from `address`. */
export function isFromPeer(dialog: Dialog, address: string): boolean {
  return address === dialog.peerAddress || address === dialog.hop.address;
}
