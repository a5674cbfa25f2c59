// GET /api/v1/backup: a copy of the node's configuration, secrets and money, as it stands.
import type { Route } from './route.ts';

export function backupRoutes(makeBackup: () => Promise<Buffer>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/backup',
      operation: {
        summary: 'A backup for "tandem restore": configuration, secrets, balances, payments',
        reply: { 'application/gzip': { type: 'string', format: 'binary' } },
        problems: [500, 503],
      },
      handle: async () => ({
        status: 200,
        headers: { 'content-type': 'application/gzip' },
        body: await makeBackup(),
      }),
    },
  ];
}
