// CDRs as the hourly text files for other billing systems (SS_CDR_RECORD_TO_FILE): a line a call, 18 fields with
// bars between them, in the file of the hour in which the call ended. Formatting only; the writer of the files
// is a worker's.
import { localSeconds, type OffsetTable } from '../time/local-time.ts';
import type { Cdr } from './cdr.ts';
import { peerText, peerTextOrNull } from './cdr-json.ts';

/** Field 17: who pays, the account of a gateway or nobody. */
const billedByGateway = '1';
const billedByNobody = '-1';

/** "2026013108": the hour whose file the call is in, by the clock of the node. Hours compare as texts. */
export function cdrFileHour(endedAt: number, zone: OffsetTable): string {
  return localText(endedAt, zone).slice(0, 13).replace(/[- ]/g, '');
}

/** Whether the call has a line: unanswered ones only with SS_CDR_RECORD_NONCONNECT. */
export function isInCdrFile(cdr: Cdr, withUnanswered: boolean): boolean {
  return withUnanswered || cdr.answeredAt !== null;
}

/** With its line end. Times are the node's clock; hold time in whole seconds, begun ones counted. */
export function cdrFileLine(cdr: Cdr, zone: OffsetTable): string {
  const fields = [
    peerText(cdr.callerAccess),
    peerText(cdr.calleeAccess),
    localText(cdr.startedAt, zone),
    localText(cdr.endedAt, zone),
    String(Math.ceil(cdr.holdTimeMs / 1000)),
    cdr.endReason,
    cdr.endedBy,
    cdr.mappingGateway,
    cdr.routingGateway ?? '',
    cdr.callerAddress,
    cdr.calleeAddress ?? '',
    peerTextOrNull(cdr.callerOut) ?? '',
    peerTextOrNull(cdr.calleeOut) ?? '',
    cdr.account ?? '',
    String(cdr.sipCode),
    cdr.pddMs === null ? '' : String(cdr.pddMs),
    cdr.account === null ? billedByNobody : billedByGateway,
    cdr.id,
  ];
  return `${fields.map(plainField).join('|')}\n`;
}

/** Numbers are a caller's own words: what would make another field or line of them is left out. */
function plainField(text: string): string {
  return text.replace(/[|\p{Cc}]/gu, '');
}

function localText(at: number, zone: OffsetTable): string {
  const local = new Date(localSeconds(zone, at) * 1000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)}`;
}
