// openapi.json, made from the route table itself: an address that is served is described, and nothing
// else is.

import { schemas } from './openapi-schemas.ts';
import type { Parameter, Route } from './routes/route.ts';

type Json = Record<string, unknown>;

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tandem',
      version,
      description: 'The administration API of a Tandem softswitch node. See docs/api.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationOf({ operation, open, path, method }: Route): Json {
  const described: Json = {
    summary: operation.summary,
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z]+(.)?/g, (_, next) => (next ?? '').toUpperCase())}`,
    security: open === true ? [] : [{ token: [] }],
    responses: responsesOf(operation.reply, problemStatuses(open === true, operation.problems)),
  };
  if (operation.parameters !== undefined) {
    described.parameters = operation.parameters.map(parameterOf);
  }
  if (operation.requestBody !== undefined) {
    described.requestBody = { required: true, content: contentOf(operation.requestBody) };
  }
  return described;
}

function parameterOf(parameter: Parameter): Json {
  return { ...parameter, required: parameter.in === 'path' || parameter.required === true };
}

function problemStatuses(open: boolean, own: readonly number[] = []): number[] {
  return [...new Set([...(open ? [] : [401]), ...own, 500])].sort((a, b) => a - b);
}

function responsesOf(reply: Record<string, Json>, problems: readonly number[]): Json {
  const responses: Record<string, Json> = {
    200: { description: 'done', content: contentOf(reply) },
  };
  for (const status of problems) {
    responses[status] = {
      description: 'refused; the problem document says why',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return responses;
}

function contentOf(types: Record<string, Json>): Json {
  return Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));
}
