// The records of a call: the call itself, its two legs, the dialogs they own and what passes between
// them. Plain objects made in one place each, so that their shape never varies; what happens to them
// stands in the files beside this one.
import type { BillingRules } from '../billing/billing-rules.ts';
import type { Party } from '../billing/reservation.ts';
import type { Keyed } from '../bytes/key-table.ts';
import type { Cdr, CdrAttempt } from '../cdr/cdr.ts';
import type { Parameters } from '../configuration/model.ts';
import type { Account, MappingGateway, RoutingGateway } from '../configuration/snapshot.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { OfferAnswer, OpenOffer } from '../dialog/offer-answer.ts';
import type { RouteSet } from '../dialog/route-set.ts';
import type { EndReason } from '../end-reason.ts';
import type { Hunt } from '../routing/hunt.ts';
import type { Hop } from '../sip/hop.ts';
import type { Method } from '../sip/method.ts';
import type { RequestParts } from '../sip/write-message.ts';
import type { ClientTransaction, ServerTransaction } from '../transaction/transaction.ts';
import type { FraudWatch } from './fraud-watch.ts';

/** What the owner field of a transaction points to. */
export const OwnerKind = {
  inboundLeg: 0,
  outboundLeg: 1,
  relay: 2,
  release: 3,
  optionsCheck: 4,
} as const;

export const CallPhase = { routing: 0, answered: 1, ended: 2 } as const;
export type CallPhase = (typeof CallPhase)[keyof typeof CallPhase];

/** A body with its describing header lines; never anything else of the other side's SIP. */
export interface Payload {
  /** Complete Content-… lines, or ''. */
  readonly lines: string;
  readonly body: string;
}

/** Who pays for a call, and whom it pays. */
export interface CallBilling {
  /** In force when the call began. */
  readonly rules: BillingRules;
  /** The mapping gateway's account and the agents above it. */
  readonly accounts: readonly Account[];
  /** Nobody but the carrier is paid. */
  free: boolean;
  /** The accounts with their rates; none in a free call. */
  payers: readonly Party[];
  /** Whose money must suffice while the call is up: the payers, and the carrier that answered. */
  parties: readonly Party[];
  /** Accounts of which a line is held, from the first on. */
  linesHeld: number;
  /** Until the next top-up, or the end of what is set aside. */
  timer: number;
  /** Null: no fraud limit applies. */
  fraud: FraudWatch | null;
}

export interface Call {
  /** Place in the table of calls; -1 outside. */
  index: number;
  readonly cdr: Cdr;
  readonly mapping: MappingGateway;
  /** As they are screened, rated and routed; the CDR has them as they came. Byte strings. */
  callerRouted: string;
  calleeRouted: string;
  /** As they leave, or would have left, towards the gateway in hand. */
  callerOut: string;
  calleeOut: string;
  /** To an emergency number: limits do not matter, and nobody is billed. */
  emergency: boolean;
  /** In force when the call began; a running call keeps them. */
  readonly parameters: Parameters;
  phase: CallPhase;
  readonly inbound: InboundLeg;
  /** The attempt under way, later the one that answered. */
  outbound: OutboundLeg | undefined;
  /** The two dialogs of an answered call. */
  caller: CallDialog | undefined;
  callee: CallDialog | undefined;
  hunt: Hunt;
  /** Why the last attempt failed, for the caller if none is left. */
  lastFailure: AttemptFailure | undefined;
  readonly startedMs: number;
  answeredMs: number;
  durationTimer: number;
  /** No gateway is left but protect routes, whose turn is yet to come. */
  protectTimer: number;
  /** Our own hops this call has already made (a call routed back to us). */
  readonly ownHops: number;
  linesHeld: boolean;
  /** Line slot of the caller who is watched; -1: none is held. */
  watchLine: number;
  /** Null: nobody is billed. */
  billing: CallBilling | null;
  /** Q.850 cause by which it ended, for the sides that are told of its end; 0: it has not, or none fits. */
  releaseCause: number;
  /** A gateway was skipped because its carrier's account could not pay. */
  vendorShort: boolean;
  /** Why a gateway was skipped that does not take these numbers. */
  numbersRefused: EndReason | undefined;
}

export interface AttemptFailure {
  readonly statusCode: number;
  readonly reason: EndReason;
  readonly by: 'callee' | 'server';
  /** Our own Retry-After line, complete, or ''. */
  readonly headers: string;
}

/** The caller's INVITE, as far as later messages need it; dropped once the call is answered. */
export interface InviteFacts {
  readonly from: string;
  readonly fromTag: string;
  readonly to: string;
  readonly callId: string;
  readonly contact: string;
  readonly routeSet: RouteSet;
  readonly hop: Hop;
  readonly cseq: number;
  readonly maxForwards: number;
  /** Display name of From, quoted and with a space after it, or ''. */
  readonly display: string;
  readonly payload: Payload;
  /** Header lines that cross to the carrier (header-policy.ts). */
  readonly crossing: string;
  readonly supports100rel: boolean;
  readonly requires100rel: boolean;
}

export interface InboundLeg {
  readonly kind: typeof OwnerKind.inboundLeg;
  call: Call | undefined;
  transaction: ServerTransaction | undefined;
  invite: InviteFacts | undefined;
  /** Reliable provisionals not yet acknowledged; the first has been sent and repeats (RFC 3262 3). */
  reliable: ReliableProvisional[];
  resendIndex: number;
  resendTimer: number;
  /** When the first of them is given up. */
  giveUpAtMs: number;
  /** A carrier's 2xx that waits for the PRACK of a provisional with SDP. */
  held: HeldAnswer | undefined;
  /** To tag of the latest response to this INVITE; '' before the first one. */
  heardTag: string;
}

export interface HeldAnswer {
  readonly leg: OutboundLeg;
  readonly fork: Fork;
  readonly payload: Payload;
}

export interface ReliableProvisional {
  readonly rseq: number;
  /** CSeq of the caller's INVITE, which the RAck must name. */
  readonly cseq: number;
  readonly statusCode: number;
  readonly text: string;
  readonly hasSdp: boolean;
  readonly fork: Fork;
  /** RSeq the carrier gave it; what our PRACK to the carrier names. */
  readonly carrierRseq: number;
}

export const OutboundState = {
  calling: 0,
  proceeding: 1,
  /** Not wanted any more: CANCEL goes out at the first 1xx (RFC 3261 9.1). */
  cancelling: 2,
  /** CANCEL sent; the final response is still to come. */
  cancelled: 3,
  answered: 4,
  done: 5,
} as const;
export type OutboundState = (typeof OutboundState)[keyof typeof OutboundState];

export interface OutboundLeg extends Keyed {
  readonly kind: typeof OwnerKind.outboundLeg;
  readonly call: Call;
  readonly gateway: RoutingGateway;
  readonly record: CdrAttempt;
  readonly parts: RequestParts;
  /** Our From tag. */
  readonly localTag: string;
  readonly hop: Hop;
  readonly startedMs: number;
  transaction: ClientTransaction | undefined;
  state: OutboundState;
  /** The early dialogs; once answered the one that answered. */
  forks: readonly Fork[];
  /** To tags of 2xx that nobody waited for and that have their BYE. */
  strays: readonly string[];
  readonly ack: OutgoingAck;
  /** A 180, 181 or 182 came. */
  ringing: boolean;
  sdpSeen: boolean;
  /** Q.850 cause of its final failure; 0: it named none. */
  cause: number;
  /** Offer in the INVITE: the 2xx is acknowledged at once; else the caller's ACK brings the answer. */
  readonly offered: boolean;
  timer: number;
  lineHeld: boolean;
  /** Line slots of the pool numbers that stand for the caller's and the forwarding one's; -1: none. */
  callerLine: number;
  forwardingLine: number;
  /** The account that this carrier is paid from; null: it is not, or no more. */
  vendor: Party | null;
}

/** One early dialog of a carrier's fork and its twin towards the caller. */
export interface Fork {
  readonly remoteTag: string;
  readonly callee: CallDialog;
  readonly caller: CallDialog;
  /** RSeq of the carrier's last reliable provisional; 0 before the first (RFC 3262 4). */
  lastRseq: number;
  /** RSeq of our last reliable provisional to the caller in this dialog; 0 before the first. */
  callerRseq: number;
}

/** The ACK of a 2xx to an INVITE of ours, sent again for each repeat of the 2xx. */
export interface OutgoingAck {
  /** The INVITE's number (RFC 3261 13.2.2.4). */
  readonly cseq: number;
  /** undefined until it has been sent. */
  payload: Payload | undefined;
}

/** A dialog as the call sees it: which side, which call, and what is pending in it. */
export interface CallDialog extends Dialog, Keyed, OfferAnswer {
  readonly call: Call;
  readonly side: 'caller' | 'callee';
  /** The dialog of the other leg. */
  peer: CallDialog | undefined;
  confirmed: boolean;
  /** Requests of the peer's in this dialog that we have not finally answered. */
  inviteServer: Relay | undefined;
  updateServer: Relay | undefined;
  /** Requests of ours in this dialog without a final response. */
  inviteClient: Relay | undefined;
  updateClient: Relay | undefined;
  /** 2xx being repeated until the ACK (RFC 3261 13.3.1.4). */
  resend: AnswerResend | undefined;
  /** The peer's 2xx brought an offer; its ACK waits for the other side's answer. */
  unacked: OutgoingAck | undefined;
  /** A reliable provisional given up with its attempt, whose PRACK may still come. */
  latePrack: ReliableProvisional | undefined;
}

/** A 2xx to an INVITE, repeated until its ACK comes. */
export interface AnswerResend {
  readonly dialog: CallDialog;
  readonly text: string;
  readonly hop: Hop;
  readonly cseq: number;
  index: number;
  timer: number;
  readonly giveUpAtMs: number;
  /** The other leg's ACK that waits for the body of this one (the offer was in the 2xx). */
  readonly brings: OutgoingAck | undefined;
  /** The call has ended meanwhile: BYE as soon as the ACK allows it. */
  thenBye: boolean;
}

export const RelayState = {
  calling: 0,
  proceeding: 1,
  /** INVITE only: CANCEL goes out at the first 1xx (RFC 3261 9.1). */
  cancelling: 2,
  /** INVITE only: CANCEL sent. */
  cancelled: 3,
  done: 4,
  /** INVITE only: answered 491, and to be repeated (reinvite-backoff.ts). */
  backingOff: 5,
} as const;
export type RelayState = (typeof RelayState)[keyof typeof RelayState];

/** A request passed from one dialog to the other, until its final response. */
export interface Relay {
  readonly kind: typeof OwnerKind.relay;
  readonly method: Method;
  readonly from: CallDialog;
  readonly to: CallDialog;
  /** The offer it brought, as it was at first. */
  readonly offer: OpenOffer;
  /** Contact of the request: the remote target of `from` once its 2xx goes back (RFC 3261 12.2.2). */
  readonly contact: string;
  /** undefined once `from` has its final response. */
  server: ServerTransaction | undefined;
  /** The latest one. */
  client: ClientTransaction;
  state: RelayState;
  /** INVITE only: timer C, then the wait for the final response after CANCEL, or before the repeat. */
  timer: number;
  ack: OutgoingAck;
  /** INVITE only: what a repeat after a 491 would carry; undefined after it. */
  repeat: (Payload & { readonly maxForwards: number }) | undefined;
}

/** Owner of a BYE of ours: what to forget when it is answered. */
export interface Release {
  readonly kind: typeof OwnerKind.release;
  readonly dialog: CallDialog;
  /** Our INVITE to the peer; once he has answered a BYE he repeats no 2xx to it. */
  readonly invite: RequestParts | undefined;
}

export const noPayload: Payload = { lines: '', body: '' };
