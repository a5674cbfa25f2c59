// The question that a recorded call asked of routing: its numbers, its customer, the time at which it came and the
// configuration it ran on, with the gateways that failed it failing again.
import { type CdrJson, cdrToJson, logIdText, parseLogId } from '../core/cdr/cdr-json.ts';
import { hasCutAccess } from '../core/cdr/column-texts.ts';
import { sipEndReason } from '../core/end-reason.ts';
import type { AnalyzeRequest } from '../workers/admin-messages.ts';
import type { StoredCdr } from '../workers/ledger/ledger-store.ts';
import type { FindCdrs } from './find-cdrs.ts';
import { RequestRefused } from './problem.ts';

/** What an attempt that the gateway did not end counts as: nothing came from it in time. A 487 may have answered our
 *  CANCEL. */
const noAnswer = 0;
const failureMin = 300;

/** `text`: the Call-ID of a leg, or SET/FILE/OFFSET of a `logId`. @throws RequestRefused */
export async function findRecordedCall(
  findCdrs: FindCdrs,
  text: string,
  node: string,
): Promise<CdrJson> {
  const logId = parseLogId(text);
  const found = await findCdrs(logId === undefined ? { callId: text } : { logId });
  const cdr = theOne(found, text);
  if (cdr.node !== node) {
    throw refused(text, `a call of node ${cdr.node}`, `a call of this node, ${node}: ask there`);
  }
  if (cdr.mappingGateway === '') {
    throw refused(text, 'a call that came by no mapping gateway', 'one that was routed');
  }
  if (hasCutAccess(cdr)) {
    throw refused(
      text,
      'a call with a number too long for its CDR',
      'one whose numbers it has whole',
    );
  }
  return cdrToJson(cdr, cdr.logId);
}

/** A Call-ID that we minted is that of two CDRs where the call came back to us: the caller's leg is meant. */
function theOne(found: readonly StoredCdr[], text: string): StoredCdr {
  const ofCaller = found.filter((cdr) => cdrToJson(cdr, cdr.logId).callId === text);
  const meant = ofCaller.length > 0 ? ofCaller : found;
  if (meant.length === 1) return meant[0]!;
  if (meant.length === 0) {
    throw refused(text, 'there is no such CDR', 'a Call-ID, or SET/FILE/OFFSET of a logId');
  }
  const ids = meant.map((cdr) => logIdText(cdr.logId)).join(', ');
  throw refused(text, `${meant.length} CDRs have this Call-ID`, `one of ${ids}`);
}

function refused(value: string, what: string, expected: string): RequestRefused {
  const message = `${what}; expected ${expected}`;
  return new RequestRefused('analysis-refused', `cdr ${value}: ${message}`, [
    { path: 'cdr', value, expected, message },
  ]);
}

/** All attempts but the last failed, or there would be no later one; what became of the last is what the
 *  question is about. */
export function questionOf(cdr: CdrJson): AnalyzeRequest {
  const failed = cdr.attempts
    .slice(0, -1)
    .map((attempt) => [attempt.gateway, failureOf(attempt)] as const);
  return {
    gateway: cdr.mappingGateway,
    callee: cdr.calleeAccess,
    caller: cdr.callerAccess,
    at: cdr.startedAt,
    version: cdr.configurationVersion,
    ...(failed.length === 0 ? {} : { fail: Object.fromEntries(failed) }),
    recorded: {
      attempted: cdr.attempts.map(({ gateway }) => gateway),
      calleeBilling: cdr.calleeBilling,
    },
  };
}

function failureOf({ sipCode, endReason }: CdrJson['attempts'][number]): number {
  return endReason === sipEndReason(sipCode).key && sipCode >= failureMin ? sipCode : noAnswer;
}
