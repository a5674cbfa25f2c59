// Which offer is open in a dialog (RFC 3264 5 to 8) by the exchanges that may carry one (RFC 6337 table 1),
// so that no second offer meets it (RFC 3261 14.2, RFC 3311 5.2). Session descriptions of unreliable
// provisionals are only a preview of the answer (RFC 6337 3.1.1) and are not told here.

export const OpenOffer = {
  none: 0,
  /** In the INVITE; its answer comes in a reliable provisional or the 2xx (patterns 1 and 3). */
  invite: 1,
  /** Not made yet: an INVITE without one, so a reliable provisional or the 2xx must bring it. */
  dueInReply: 2,
  /** In a reliable provisional or the 2xx; its answer comes in the PRACK or the ACK (patterns 2 and 4). */
  reply: 3,
  /** In a PRACK; its answer comes in the 2xx (pattern 5). */
  prack: 4,
  /** In an UPDATE; its answer comes in the 2xx (pattern 6). */
  update: 5,
} as const;
export type OpenOffer = (typeof OpenOffer)[keyof typeof OpenOffer];

export interface OfferAnswer {
  openOffer: OpenOffer;
  /** Whether we made it; for `dueInReply`, whether the INVITE is ours. */
  offeredByUs: boolean;
}

/** A reliable provisional or a 2xx to an INVITE. */
export interface InviteReply {
  readonly byUs: boolean;
  readonly hasSdp: boolean;
  /** The 2xx. */
  readonly last: boolean;
}

export function openOffer(session: OfferAnswer, offer: OpenOffer, byUs: boolean): void {
  if (offer === OpenOffer.none) return;
  session.openOffer = offer;
  session.offeredByUs = byUs;
}

/** The exchange that brought `offer` is over, answered or not; another one stays open. */
export function closeOffer(session: OfferAnswer, offer: OpenOffer, byUs: boolean): void {
  if (session.openOffer === offer && session.offeredByUs === byUs) {
    session.openOffer = OpenOffer.none;
  }
}

/** RFC 3261 13.2.1: the first session description of an INVITE's replies counts, later ones say nothing. */
export function takeInviteReply(session: OfferAnswer, reply: InviteReply): void {
  const { byUs, hasSdp, last } = reply;
  if (session.offeredByUs === byUs) return;
  if (session.openOffer === OpenOffer.dueInReply && hasSdp) {
    openOffer(session, OpenOffer.reply, byUs);
  } else if (session.openOffer === OpenOffer.invite || session.openOffer === OpenOffer.dueInReply) {
    if (hasSdp || last) session.openOffer = OpenOffer.none;
  }
}

/** The PRACK or ACK with the answer to an offer of the other side's reply. */
export function takeReplyAnswer(session: OfferAnswer, byUs: boolean): void {
  closeOffer(session, OpenOffer.reply, !byUs);
}

/** What a further offer of the peer's is met with: 491 where ours is open, 500 where his own is, else 0
 *  (RFC 3261 14.2, RFC 3311 5.2). */
export function offerGlare(session: OfferAnswer): 0 | 491 | 500 {
  if (session.openOffer === OpenOffer.none) return 0;
  return session.offeredByUs ? 491 : 500;
}
