// POST /api/v1/routing/analyze: which way a call would go, or went by its CDR, step by step. The engine answers,
// because it alone knows the limits in use now; nothing changes.
import * as z from 'zod';
import type { CdrJson } from '../../core/cdr/cdr-json.ts';
import { cdrNumberBytesMax } from '../../core/cdr/column-texts.ts';
import type { AnalyzeRequest } from '../../workers/admin-messages.ts';
import type { EngineChannel } from '../engine-channel.ts';
import type { FindCdrs } from '../find-cdrs.ts';
import { RequestRefused } from '../problem.ts';
import { findRecordedCall, questionOf } from '../recorded-call.ts';
import { engineAnswer } from './engine-answer.ts';
import { instant, readJsonBody } from './query.ts';
import { jsonReply, type Route } from './route.ts';

const numberField = z
  .string('expected a number as text')
  .min(1, 'expected a number as text')
  .max(cdrNumberBytesMax, `expected at most ${cdrNumberBytesMax} characters`);

const listMax = 1000;
const tooMany = `expected at most ${listMax} routing gateways`;
const gatewayName = z.string('expected the name of a routing gateway').max(256);
const failCodeError = 'expected a SIP code from 300 to 699, or "timeout"';
/** As the engine has it: no code. */
const noAnswer = 0;
const failCode = z.union(
  [z.int().min(300).max(699), z.literal('timeout').transform(() => noAnswer)],
  failCodeError,
);

const mappingName = 'expected the name of a mapping gateway';
const sourceText = 'expected an address with or without a port, as 192.0.2.1:5060';
const sourceCharactersMax = 64;
const cdrText = 'expected a Call-ID, or SET/FILE/OFFSET of a logId';
const cdrCharactersMax = 1024;

const bodySchema = z.strictObject({
  gateway: z.string(mappingName).min(1, mappingName).optional(),
  source: z.string(sourceText).min(1, sourceText).max(sourceCharactersMax, sourceText).optional(),
  callee: numberField.optional(),
  caller: numberField.optional(),
  at: instant.optional(),
  cdr: z.string(cdrText).min(1, cdrText).max(cdrCharactersMax, cdrText).optional(),
  without: z.array(gatewayName, 'expected a list of names').max(listMax, tooMany).optional(),
  fail: z
    .record(gatewayName, failCode, 'expected SIP codes by the names of routing gateways')
    .refine((codes) => Object.keys(codes).length <= listMax, tooMany)
    .optional(),
});

type Body = z.infer<typeof bodySchema>;

export interface RoutingParts {
  readonly engine: EngineChannel;
  readonly findCdrs: FindCdrs;
  /** Name of this node. */
  readonly node: string;
}

/** Each may read all that is stored. */
const searchesMax = 2;

export function routingRoutes(parts: RoutingParts): Route[] {
  let searches = 0;
  const recorded = async (text: string): Promise<CdrJson> => {
    if (searches >= searchesMax) {
      throw new RequestRefused('too-many-queries', `expected at most ${searchesMax} at once`);
    }
    searches++;
    try {
      return await findRecordedCall(parts.findCdrs, text, parts.node);
    } finally {
      searches--;
    }
  };
  return [
    {
      method: 'POST',
      path: '/api/v1/routing/analyze',
      operation: {
        summary: 'Every step of the routing decision for a call; changes nothing',
        requestBody: { 'application/json': { $ref: '#/components/schemas/AnalyzeRequest' } },
        reply: { 'application/json': { $ref: '#/components/schemas/Analysis' } },
        problems: [400, 413, 415, 422, 429, 503],
      },
      handle: async (request) => {
        const body = await readJsonBody(request, bodySchema);
        if (body.cdr === undefined) {
          return jsonReply(await engineAnswer(parts.engine.analyze(askedQuestion(body))));
        }
        checkAlone(body);
        const cdr = await recorded(body.cdr);
        const asked = withRehearsal(questionOf(cdr), body);
        const analysis = (await engineAnswer(parts.engine.analyze(asked))) as object;
        return jsonReply({ ...analysis, recorded: cdr });
      },
    },
  ];
}

/** @throws RequestRefused where it does not say which call */
function askedQuestion(body: Body): AnalyzeRequest {
  const { gateway, source, callee, caller, at, without, fail } = body;
  if (gateway === undefined && source === undefined) {
    throw missing('gateway', `${mappingName}, or source in its place`);
  }
  if (gateway !== undefined && source !== undefined) {
    const message = 'expected nothing beside gateway, which says whose call it is';
    throw new RequestRefused('bad-request', `field source: ${message}`, [
      { path: 'source', value: source, message },
    ]);
  }
  if (callee === undefined) throw missing('callee', 'expected a number as text');
  return {
    ...(gateway === undefined ? { source } : { gateway }),
    callee,
    ...(caller === undefined ? {} : { caller }),
    ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
    ...(without === undefined ? {} : { without }),
    ...(fail === undefined ? {} : { fail }),
  };
}

function missing(path: string, message: string): RequestRefused {
  return new RequestRefused('bad-request', `field ${path}: ${message}`, [{ path, message }]);
}

/** What a CDR says nobody else says. @throws RequestRefused */
function checkAlone(body: Body): void {
  for (const path of ['gateway', 'source', 'callee', 'caller', 'at'] as const) {
    if (body[path] === undefined) continue;
    const message = 'expected nothing beside cdr, which says it';
    throw new RequestRefused('bad-request', `field ${path}: ${message}`, [
      { path, value: body[path], message },
    ]);
  }
}

function withRehearsal(asked: AnalyzeRequest, { without, fail }: Body): AnalyzeRequest {
  return {
    ...asked,
    ...(without === undefined ? {} : { without }),
    ...(fail === undefined ? {} : { fail: { ...asked.fail, ...fail } }),
  };
}
