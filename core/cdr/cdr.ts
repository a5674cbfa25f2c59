// The call detail record, with the names that `tandem cdr`, the API and the tables use. Times are
// milliseconds since 1970 UTC here and ISO 8601 at the edges.

export type EndedBy = 'caller' | 'callee' | 'server';

export interface CdrAttempt {
  gateway: string;
  /** Call-ID of that leg. */
  callId: string;
  /** Final code of the attempt; 0 when none came. */
  sipCode: number;
  endReason: string;
  startedAt: number;
  tookMs: number;
}

export interface Cdr {
  id: string;
  callId: string;
  node: string;
  startedAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number;
  holdTimeMs: number;
  /** INVITE to the first 18x or 2xx; null when neither came. */
  pddMs: number | null;
  mappingGateway: string;
  routingGateway: string | null;
  calleeCallId: string | null;
  attempts: CdrAttempt[];
  callerAccess: string;
  calleeAccess: string;
  callerOut: string | null;
  calleeOut: string | null;
  account: string | null;
  clearingAccount: string | null;
  configurationVersion: number;
  /** A key of core/end-reason.ts. */
  endReason: string;
  endedBy: EndedBy;
  sipCode: number;
  /** "address:port" (IPv6 in brackets). */
  callerAddress: string;
  calleeAddress: string | null;
}

/** What is needed to send a BYE on one leg after a crash (RFC 3261 12.2.1.1). */
export interface DialogRecord {
  transport: number;
  listener: number;
  /** Where the request goes. */
  address: string;
  port: number;
  callId: string;
  /** From and To values of our requests, tags included. */
  local: string;
  remote: string;
  remoteTarget: string;
  /** Complete Route header lines, or ''. */
  routes: string;
  /** The last CSeq we used in this dialog. */
  localSeq: number;
}

/** Written when a call is answered, before our 2xx leaves. */
export interface AnswerRecord {
  /** The CDR as far as it is known; endedAt, holdTimeMs, endReason, endedBy are filled in at the end. */
  cdr: Cdr;
  caller: DialogRecord;
  callee: DialogRecord;
}
