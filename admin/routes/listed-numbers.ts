// /api/v1/listed-numbers: what stands on the dynamic black lists, and taking numbers off. The lists are in the
// memory of the engine, and gone when it ends.
import * as z from 'zod';
import type { UnlistRequest } from '../../workers/admin-messages.ts';
import type { EngineChannel } from '../engine-channel.ts';
import { RequestRefused } from '../problem.ts';
import { engineAnswer } from './engine-answer.ts';
import { flag, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

const limitMax = 65_536;
const limitError = `expected a number from 1 to ${limitMax}`;
const listSchema = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,5}$/, limitError)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= limitMax, limitError)
    .default(1000),
});
const clearSchema = z.strictObject({
  side: z.enum(['caller', 'callee'], 'expected caller or callee').optional(),
});
const clearAllSchema = z.strictObject({ all: flag.optional() });

const numberInPath: Parameter = {
  name: 'number',
  in: 'path',
  description: 'the number, as it is routed',
  schema: { type: 'string' },
  required: true,
};
const cleared = { 'application/json': { $ref: '#/components/schemas/Cleared' } };

export function listedNumberRoutes(engine: EngineChannel): Route[] {
  const clear = async (request: UnlistRequest): Promise<ReturnType<typeof jsonReply>> =>
    jsonReply(await engineAnswer(engine.unlist(request)));
  return [
    {
      method: 'GET',
      path: '/api/v1/listed-numbers',
      operation: {
        summary: 'Numbers on the dynamic black lists: whose, why, since and until when',
        parameters: [
          {
            name: 'limit',
            in: 'query',
            description: 'at most so many; default 1000',
            schema: { type: 'integer', minimum: 1, maximum: limitMax },
          },
        ],
        reply: { 'application/json': { $ref: '#/components/schemas/ListedNumbers' } },
        problems: [400, 422, 503],
      },
      handle: async (request) => {
        const { limit } = readQuery(request, listSchema);
        return jsonReply(await engineAnswer(engine.listed(limit)));
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/listed-numbers',
      operation: {
        summary: 'Takes all numbers off; what was counted of them begins anew',
        parameters: [
          { name: 'all', in: 'query', description: 'must be true', schema: { type: 'boolean' } },
        ],
        reply: cleared,
        problems: [400, 422, 503],
      },
      handle: (request) => {
        // A program that forgot the number must not clear everything.
        if (readQuery(request, clearAllSchema).all === true) return clear({ all: true });
        const message = 'expected all=true, or a number in the path';
        throw new RequestRefused('bad-request', `query parameter all: ${message}`, [
          { path: 'all', message },
        ]);
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/listed-numbers/{number}',
      operation: {
        summary: 'Takes a number off, as caller and as callee unless a side is named',
        parameters: [
          numberInPath,
          {
            name: 'side',
            in: 'query',
            description: 'only as this',
            schema: { type: 'string', enum: ['caller', 'callee'] },
          },
        ],
        reply: cleared,
        problems: [400, 422, 503],
      },
      handle: (request, { number }) => {
        const { side } = readQuery(request, clearSchema);
        return clear(side === undefined ? { number: number! } : { number: number!, side });
      },
    },
  ];
}
