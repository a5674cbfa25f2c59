// Every timer the switch arms, as integers the wheel can carry. Below `firstCallTimer` they belong to
// transactions (RFC 3261 17, RFC 6026), from there on to calls.

export const firstCallTimer = 16;

export const TimerName = {
  // transactions
  retransmitRequest: 0, // A, E
  requestTimeout: 1, // B, F
  clientLinger: 2, // D, M
  retransmitResponse: 3, // G
  ackTimeout: 4, // H
  serverLinger: 5, // J
  tryingDue: 6, // RFC 4320 4.1: the 100 of a slow non-INVITE request
  spentSweep: 7, // I, J, L of what spent-transactions.ts keeps
  // calls
  resend2xx: 16, // RFC 3261 13.3.1.4
  resendProvisional: 17, // RFC 3262 3
  attempt: 18, // SS_SIP_TIMEOUT_INVITE, _TRYING, _SESSION_PROGRESS(_SDP), _RINGING
  duration: 19, // SS_MAX_CALL_DURATION, SS_SIP_NO_TIMER_REINVITE_INTERVAL
  protectRoute: 22, // SS_TRY_PROTECT_ROUTE_DELAY
  optionsCheck: 23, // SS_SIP_OPTIONS_CHECK_PERIOD
  balance: 21, // top-up of what a call has set aside, or the end of it
  lengthWarning: 24, // a fraud limit warns of the length of a call
  callLinger: 20, // a dropped attempt still answers a late PRACK
} as const;
export type TimerName = (typeof TimerName)[keyof typeof TimerName];
