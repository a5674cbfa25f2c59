// GET /metrics for Prometheus. It asks for the token as everything else does: `authorization:
// { credentials_file: DIR/admin-token }` in the scrape configuration.
import type { EngineChannel } from '../engine-channel.ts';
import { type AdminFigures, metricsText } from '../metrics-text.ts';
import { type Route, textReply } from './route.ts';
import { freshFigures } from './status.ts';

export function metricsRoutes(
  engine: EngineChannel,
  adminFigures: () => AdminFigures,
  now: () => number = Date.now,
): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      operation: {
        summary: 'Every counter and gauge, in the Prometheus text format',
        reply: { 'text/plain': { type: 'string' } },
        problems: [503],
      },
      handle: () =>
        textReply(
          metricsText(freshFigures(engine, now()), adminFigures()),
          'text/plain; version=0.0.4; charset=utf-8',
        ),
    },
  ];
}
