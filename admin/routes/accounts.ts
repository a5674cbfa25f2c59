// GET /api/v1/accounts/{name}: an account as it is configured, with its money as it stands now. The engine
// answers for the money, because balances live in its memory.

import type { AccountBalance } from '../../workers/admin-messages.ts';
import type { ConfigurationService } from '../configuration-service.ts';
import type { EngineChannel } from '../engine-channel.ts';
import { RequestRefused } from '../problem.ts';
import { engineAnswer } from './engine-answer.ts';
import { jsonReply, type Route } from './route.ts';

export function accountRoutes(configuration: ConfigurationService, engine: EngineChannel): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/accounts/{name}',
      operation: {
        summary: 'An account: its configuration, and its balance, reserved and available money now',
        parameters: [
          {
            name: 'name',
            in: 'path',
            description: 'name of the account',
            schema: { type: 'string' },
            required: true,
          },
        ],
        reply: { 'application/json': { $ref: '#/components/schemas/Account' } },
        problems: [404, 422, 503],
      },
      handle: async (_request, { name }) => {
        const account = configuration.read().document.accounts.find((each) => each.name === name);
        if (account === undefined) {
          throw new RequestRefused(
            'not-found',
            `account: ${JSON.stringify(name)}: expected the name of an account`,
          );
        }
        const now = await engineAnswer(engine.balance(account.name));
        const { balance, reserved, available, linesUsed } = now as AccountBalance;
        // The document's balance is the opening one; here is today's.
        return jsonReply({ ...account, balance, reserved, available, linesUsed });
      },
    },
  ];
}
