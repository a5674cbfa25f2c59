// GET /api/v1/status, and the two addresses that a load balancer or a process supervisor asks: /healthz
// (this process answers) and /readyz (the node takes calls).

import type { EngineFigures } from '../../workers/admin-messages.ts';
import type { EngineChannel } from '../engine-channel.ts';
import type { MasterState } from '../master-state.ts';
import { RequestRefused } from '../problem.ts';
import { statusDocument } from '../status-document.ts';
import { jsonReply, type Route, textReply } from './route.ts';

/** Figures come once a second; older ones say nothing about now. */
export const figuresStaleMs = 5_000;

export function statusRoutes(
  engine: EngineChannel,
  masterState: () => MasterState | null,
  now: () => number = Date.now,
): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/status',
      operation: {
        summary: 'The node as it stands: calls, gateways, workers, sockets, CDR log, counters',
        reply: { 'application/json': { $ref: '#/components/schemas/Status' } },
        problems: [503],
      },
      handle: () =>
        jsonReply({
          ...statusDocument(freshFigures(engine, now())),
          configurationMaster: masterState(),
        }),
    },
    {
      method: 'GET',
      path: '/healthz',
      open: true,
      operation: {
        summary: 'Whether the administration process answers',
        reply: { 'text/plain': { type: 'string', const: 'ok\n' } },
      },
      handle: () => textReply('ok\n', 'text/plain'),
    },
    {
      method: 'GET',
      path: '/readyz',
      open: true,
      operation: {
        summary: 'Whether the node takes new calls',
        reply: { 'text/plain': { type: 'string', const: 'ready\n' } },
        problems: [503],
      },
      handle: () => {
        const reason = notReadyReason(engine, now());
        return reason === undefined
          ? textReply('ready\n', 'text/plain')
          : textReply(`${reason}\n`, 'text/plain', 503);
      },
    },
  ];
}

/** @throws RequestRefused */
export function freshFigures(engine: EngineChannel, nowMs: number): EngineFigures {
  const latest = engine.latest();
  if (latest === undefined || nowMs - latest.receivedAt > figuresStaleMs) {
    throw new RequestRefused('engine-silent', 'the engine has not reported for 5 seconds');
  }
  return latest.figures;
}

function notReadyReason(engine: EngineChannel, nowMs: number): string | undefined {
  const latest = engine.latest();
  if (latest === undefined) return 'the engine has not reported yet';
  if (nowMs - latest.receivedAt > figuresStaleMs) return 'the engine does not report';
  const { state, cdrLog, workers } = latest.figures;
  if (state === 'draining') return 'draining';
  if (!cdrLog.accepting) return 'the CDR log cannot be written';
  if (!workers.some((worker) => worker.state === 'running')) return 'no call worker runs';
  return undefined;
}
