// How long an attempt is waited for, as parameters and gateways have it alike.
import type { Parameters } from './model.ts';

/** Seconds for each state of an attempt. The parameters are some; a gateway has all of them, or none. */
export type AttemptTimeouts = Pick<
  Parameters,
  | 'SS_SIP_TIMEOUT_INVITE'
  | 'SS_SIP_TIMEOUT_TRYING'
  | 'SS_SIP_TIMEOUT_SESSION_PROGRESS'
  | 'SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP'
  | 'SS_SIP_TIMEOUT_RINGING'
>;
