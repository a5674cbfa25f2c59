// Fills in the CDR of a call and the record from which both legs can be hung up after a crash.
import type { AnswerRecord, Cdr, DialogRecord } from '../cdr/cdr.ts';
import type { MappingGateway } from '../configuration/snapshot.ts';
import type { Call, CallDialog } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export function newCdr(
  env: CallEnvironment,
  known: {
    callId: string;
    mapping: MappingGateway;
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
    mappingGateway: known.mapping.name,
    routingGateway: null,
    calleeCallId: null,
    attempts: [],
    callerAccess: known.caller,
    calleeAccess: known.callee,
    callerOut: null,
    calleeOut: null,
    account: known.mapping.account,
    clearingAccount: null,
    configurationVersion: env.snapshot.version,
    endReason: '',
    endedBy: 'server',
    sipCode: 0,
    callerAddress: known.callerAddress,
    calleeAddress: null,
  };
}

export function answerRecord(call: Call, caller: CallDialog, callee: CallDialog): AnswerRecord {
  return { cdr: call.cdr, caller: dialogRecord(caller), callee: dialogRecord(callee) };
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
    remoteTarget: dialog.remoteTarget,
    routes: dialog.routeSet.lines,
    localSeq: dialog.localSeq,
  };
}
