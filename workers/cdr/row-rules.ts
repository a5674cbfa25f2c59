// The parameters that the CDR writer goes by. Those that keep a CDR out of the tables never touch the log,
// nor what the call costs.

import type { Cdr } from '../../core/cdr/cdr.ts';
import { defaultParameters, type Parameters } from '../../core/configuration/model.ts';
import { matchesAny } from '../../core/number/number-pattern.ts';

export type WriterParameters = Pick<
  Parameters,
  | 'SS_CDR_FILE_WRITE_MAX'
  | 'SS_CDR_FILE_WRITE_INTERVAL'
  | 'SS_CDR_LOG_KEEP_DAYS'
  | 'SERVER_CDR_KEEP_DAYS'
  | 'SERVER_BILLING_RECORD_ZERO_HOLD_TIME'
  | 'SERVER_BILLING_RECORD_SERVER_HANG_UP'
  | 'SERVER_BILLING_NO_CDR_E164S'
  | 'SS_CDR_RECORD_TO_FILE'
  | 'SS_CDR_RECORD_NONCONNECT'
  | 'SS_CDR_HAND_OFF_KEEP_DAYS'
  | 'SERVER_CDR_FILE_WRITE_INTERVAL'
  | 'SERVER_CDR_FILE_WRITE_MAX'
>;

export const defaultWriterParameters: WriterParameters = writerParameters(defaultParameters);

/** Only these: the whole of the parameters need not cross to another thread. */
export function writerParameters(parameters: Parameters): WriterParameters {
  return {
    SS_CDR_FILE_WRITE_MAX: parameters.SS_CDR_FILE_WRITE_MAX,
    SS_CDR_FILE_WRITE_INTERVAL: parameters.SS_CDR_FILE_WRITE_INTERVAL,
    SS_CDR_LOG_KEEP_DAYS: parameters.SS_CDR_LOG_KEEP_DAYS,
    SERVER_CDR_KEEP_DAYS: parameters.SERVER_CDR_KEEP_DAYS,
    SERVER_BILLING_RECORD_ZERO_HOLD_TIME: parameters.SERVER_BILLING_RECORD_ZERO_HOLD_TIME,
    SERVER_BILLING_RECORD_SERVER_HANG_UP: parameters.SERVER_BILLING_RECORD_SERVER_HANG_UP,
    SERVER_BILLING_NO_CDR_E164S: parameters.SERVER_BILLING_NO_CDR_E164S,
    SS_CDR_RECORD_TO_FILE: parameters.SS_CDR_RECORD_TO_FILE,
    SS_CDR_RECORD_NONCONNECT: parameters.SS_CDR_RECORD_NONCONNECT,
    SS_CDR_HAND_OFF_KEEP_DAYS: parameters.SS_CDR_HAND_OFF_KEEP_DAYS,
    SERVER_CDR_FILE_WRITE_INTERVAL: parameters.SERVER_CDR_FILE_WRITE_INTERVAL,
    SERVER_CDR_FILE_WRITE_MAX: parameters.SERVER_CDR_FILE_WRITE_MAX,
  };
}

/** Whether the CDR gets a row. */
export function isListed(cdr: Cdr, parameters: WriterParameters): boolean {
  if (!parameters.SERVER_BILLING_RECORD_ZERO_HOLD_TIME && cdr.holdTimeMs === 0) return false;
  // What we refused before an answer has no hold time: the line above is about that.
  const serverHungUp = cdr.endedBy === 'server' && cdr.answeredAt !== null;
  if (!parameters.SERVER_BILLING_RECORD_SERVER_HANG_UP && serverHungUp) return false;
  const withoutCdr = parameters.SERVER_BILLING_NO_CDR_E164S;
  return withoutCdr.length === 0 || !matchesAny(withoutCdr, cdr.calleeBilling ?? cdr.calleeAccess);
}
