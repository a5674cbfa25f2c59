// POST /api/v1/rating/quote: what a call would cost, and how that comes about, by the rates in force.
import * as z from 'zod';
import type { EngineChannel } from '../engine-channel.ts';
import { engineAnswer } from './engine-answer.ts';
import { instant, readJsonBody } from './query.ts';
import { jsonReply, type Route } from './route.ts';

const numberCharactersMax = 128;
const numberError = `expected a number of 1 to ${numberCharactersMax} characters`;
/** Thirty days: as long as a call may be at most. */
const secondsMax = 2_592_000;
const secondsError = `expected seconds from 0 to ${secondsMax}`;
const accountError = 'expected the name of an account';

const bodySchema = z.strictObject({
  account: z.string(accountError).min(1, accountError),
  callee: z.string(numberError).min(1, numberError).max(numberCharactersMax, numberError),
  seconds: z.number(secondsError).min(0, secondsError).max(secondsMax, secondsError),
  at: instant.optional(),
  clearingAccount: z.string(accountError).min(1, accountError).optional(),
  calleeOut: z
    .string(numberError)
    .min(1, numberError)
    .max(numberCharactersMax, numberError)
    .optional(),
});

export function ratingRoutes(engine: EngineChannel, now: () => number = Date.now): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/rating/quote',
      operation: {
        summary: 'The price of a call, and how it comes about; changes nothing',
        requestBody: { 'application/json': { $ref: '#/components/schemas/QuoteRequest' } },
        reply: { 'application/json': { $ref: '#/components/schemas/Quote' } },
        problems: [400, 413, 415, 422, 503],
      },
      handle: async (request) => {
        const { seconds, at = now(), ...call } = await readJsonBody(request, bodySchema);
        const holdMs = Math.round(seconds * 1000);
        return jsonReply(await engineAnswer(engine.quote({ ...call, holdMs, at })));
      },
    },
  ];
}
