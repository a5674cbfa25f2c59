// POST /api/v1/routing/analyze: which way a call would go, step by step. The engine answers, because it
// alone knows the limits in use now; nothing changes.
import * as z from 'zod';
import type { EngineChannel } from '../engine-channel.ts';
import { engineAnswer } from './engine-answer.ts';
import { instant, readJsonBody } from './query.ts';
import { jsonReply, type Route } from './route.ts';

const numberCharactersMax = 128;
const numberField = z
  .string('expected a number as text')
  .min(1, 'expected a number as text')
  .max(numberCharactersMax, `expected at most ${numberCharactersMax} characters`);

const listMax = 1000;
const tooMany = `expected at most ${listMax} routing gateways`;
const gatewayName = z.string('expected the name of a routing gateway').max(256);
const failCodeError = 'expected a SIP code from 300 to 699';
const failCode = z.int(failCodeError).min(300, failCodeError).max(699, failCodeError);

const bodySchema = z.strictObject({
  gateway: z
    .string('expected the name of a mapping gateway')
    .min(1, 'expected the name of a mapping gateway'),
  callee: numberField,
  caller: numberField.optional(),
  at: instant.optional(),
  without: z.array(gatewayName, 'expected a list of names').max(listMax, tooMany).optional(),
  fail: z
    .record(gatewayName, failCode, 'expected SIP codes by the names of routing gateways')
    .refine((codes) => Object.keys(codes).length <= listMax, tooMany)
    .optional(),
});

export function routingRoutes(engine: EngineChannel): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/routing/analyze',
      operation: {
        summary: 'Every step of the routing decision for a call; changes nothing',
        requestBody: { 'application/json': { $ref: '#/components/schemas/AnalyzeRequest' } },
        reply: { 'application/json': { $ref: '#/components/schemas/Analysis' } },
        problems: [400, 413, 415, 422, 503],
      },
      handle: async (request) => {
        const { at, ...asked } = await readJsonBody(request, bodySchema);
        const analyzeRequest =
          at === undefined ? asked : { ...asked, at: new Date(at).toISOString() };
        return jsonReply(await engineAnswer(engine.analyze(analyzeRequest)));
      },
    },
  ];
}
