// Calls at a steady rate between two SIPps that write down which calls the caller saw end in order, and which
// the far end answered.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopChild } from '../../bench/peers/child.ts';
import { projectPath } from '../../bench/peers/project-path.ts';
import { finishCaller, startSipp, stopGateway } from '../../bench/peers/sipp.ts';

export interface LoadOptions {
  readonly folder: string;
  readonly targetPort: number;
  readonly callerPort: number;
  readonly gatewayPort: number;
  /** Digits that called numbers begin with. */
  readonly service: string;
  /** New calls a second. */
  readonly rate: number;
  readonly holdMs: number;
}

export interface LoggedCalls {
  /** Calls that the caller began. */
  readonly placed: number;
  /** Refused, cut, or without an answer in time. */
  readonly failed: number;
  /** Call-IDs of the caller's side whose BYE was answered. */
  readonly ended: readonly string[];
  /** Call-IDs of the far end's side: about to send its 200, and its ACK has come. */
  readonly answered: readonly string[];
  readonly acknowledged: readonly string[];
  /** By Call-ID of the far end's side: ms from its 200 to the BYE that it got. */
  readonly heldMs: ReadonlyMap<string, number>;
  /** What the far end's SIPp did not expect, from its beginning. */
  readonly surprises: string;
}

/** Beyond any timer of the switch under test: SIPp gives a silent call up then. */
const silentMs = 10_000;

/** The returned function ends it: no new call, those that are up go on to their end. */
export async function startLoggedLoad(options: LoadOptions): Promise<() => Promise<LoggedCalls>> {
  const { folder } = options;
  const logFiles = { caller: join(folder, 'caller.log'), gateway: join(folder, 'gateway.log') };
  const extra = (logFile: string): string[] => [
    ...['-trace_logs', '-log_file', logFile],
    ...['-recv_timeout', String(silentMs + options.holdMs)],
  ];
  const gateway = await startSipp({
    name: 'load-gateway',
    scenarioFile: projectPath('test/scenario/sipp/gateway-logged.xml'),
    port: options.gatewayPort,
    folder,
    extra: extra(logFiles.gateway),
  });
  const caller = await startSipp({
    name: 'load-caller',
    scenarioFile: projectPath('test/scenario/sipp/caller-billed.xml'),
    port: options.callerPort,
    folder,
    caller: {
      target: `127.0.0.1:${options.targetPort}`,
      service: options.service,
      rate: options.rate,
      calls: 1_000_000_000,
      holdMs: options.holdMs,
    },
    extra: extra(logFiles.caller),
  });
  return async () => {
    // SIGUSR1: no new calls, the calls that are up end first.
    await stopChild(caller.child, 'SIGUSR1', 2 * silentMs + options.holdMs);
    const called = await finishCaller(caller, silentMs);
    await stopGateway(gateway);
    const [answered, acknowledged, ended] = ['answered', 'acknowledged', 'ended'].map((word) =>
      linesOf(logFiles.gateway)
        .map((line) => line.split(' '))
        .filter((words) => words[0] === word),
    );
    const answers = new Map(answered!.map(([, callId, at]) => [callId!, Number(at)]));
    return {
      placed: called.rows.at(-1)?.created ?? 0,
      failed: called.failed,
      ended: linesOf(logFiles.caller),
      answered: [...answers.keys()],
      acknowledged: [...new Set(acknowledged!.map(([, callId]) => callId!))],
      heldMs: new Map(
        ended!.map(([, callId, at]) => [callId!, Number(at) - answers.get(callId!)!]),
      ),
      surprises: textOf(join(folder, 'load-gateway-errors.log')).slice(0, 4000),
    };
  };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'latin1') : '';
}

function linesOf(file: string): string[] {
  const lines = textOf(file).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}
