// Fills in the CDR of a call and the record from which both legs can be hung up after a crash.
import type { AgentFee, AnswerRecord, Cdr, DialogRecord } from '../cdr/cdr.ts';
import { withinColumns } from '../cdr/column-texts.ts';
import type { MappingGateway } from '../configuration/snapshot.ts';
import { requestRoutes, requestUriOf } from '../dialog/dialog.ts';
import { EndReasons } from '../end-reason.ts';
import { callIdText, type SipMessage } from '../sip/message.ts';
import { uriUserAt } from '../sip/uri-user.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import type { Call, CallDialog } from './call.ts';
import { callTerms } from './call-settlement.ts';
import type { CallEnvironment } from './environment.ts';
import { hopAddress } from './local-identity.ts';

export function newCdr(
  env: CallEnvironment,
  known: {
    callId: string;
    /** undefined: the caller is no gateway of ours. */
    mapping: MappingGateway | undefined;
    caller: string;
    callee: string;
    callerAddress: string;
  },
): Cdr {
  const number = env.nextCallNumber++;
  return {
    id: `${env.runId}-${env.identity.workerIndex}-${number.toString(36)}`,
    callId: known.callId,
    node: env.node,
    startedAt: Math.round(env.wallMs),
    ringingAt: null,
    answeredAt: null,
    endedAt: 0,
    holdTimeMs: 0,
    pddMs: null,
    mappingGateway: known.mapping?.name ?? '',
    routingGateway: null,
    calleeCallId: null,
    attempts: [],
    callerAccess: known.caller,
    calleeAccess: known.callee,
    callerOut: null,
    calleeOut: null,
    calleeBilling: null,
    account: known.mapping?.account ?? null,
    ratePrefix: null,
    billedSeconds: null,
    fee: null,
    clearingAccount: null,
    clearingBilledSeconds: null,
    cost: null,
    tax: null,
    packageSeconds: 0,
    giftFee: 0n,
    agentFees: noAgentFees,
    billedParty: null,
    configurationVersion: env.snapshot.version,
    endReason: '',
    endedBy: 'server',
    sipCode: 0,
    callerAddress: known.callerAddress,
    calleeAddress: null,
  };
}

/** Shared by all calls: a list of fees is replaced, never changed. */
const noAgentFees: readonly AgentFee[] = [];

/** The numbers of an INVITE as its CDR has them. */
export function calledNumbers(message: SipMessage): { caller: string; callee: string } {
  return {
    caller: uriUserAt(message.bytes, message.from.uriStart, message.from.uriEnd),
    callee: uriUserAt(message.bytes, message.requestUriStart, message.requestUriEnd),
  };
}

/** SERVER_BILLING_RECORD_ILLEGAL_CALL: an INVITE from an address of no gateway leaves its CDR and nothing
 *  else. */
export function recordIllegalCall(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  if (!env.snapshot.parameters.SERVER_BILLING_RECORD_ILLEGAL_CALL) return;
  if (!env.effects.cdrLogAccepts()) return;
  const { key, sipCode } = EndReasons.illegalCall;
  const cdr = newCdr(env, {
    callId: callIdText(message),
    mapping: undefined,
    ...calledNumbers(message),
    callerAddress: hopAddress(transaction.source),
  });
  cdr.endedAt = cdr.startedAt;
  cdr.endReason = key;
  cdr.sipCode = sipCode;
  // Nothing has bounded what a stranger says: the log need not have it whole.
  env.effects.recordEnd(withinColumns(cdr));
}

export function answerRecord(call: Call, caller: CallDialog, callee: CallDialog): AnswerRecord {
  return {
    cdr: call.cdr,
    caller: dialogRecord(caller),
    callee: dialogRecord(callee),
    terms: callTerms(call),
  };
}

function dialogRecord(dialog: CallDialog): DialogRecord {
  return {
    transport: dialog.hop.transport,
    listener: dialog.hop.listener,
    address: dialog.hop.address,
    port: dialog.hop.port,
    callId: dialog.callId,
    local: dialog.local,
    remote: dialog.remote,
    remoteTarget: requestUriOf(dialog),
    routes: requestRoutes(dialog),
    localSeq: dialog.localSeq,
  };
}
