// The configuration versions that are kept: list, read, compare, go back to one.
import * as z from 'zod';
import type { ConfigurationService } from '../configuration-service.ts';
import { RequestRefused } from '../problem.ts';
import { readJsonBody, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

const versionError = 'expected the number of a version';
const versionText = z
  .string(versionError)
  .regex(/^\d{1,15}$/, versionError)
  .transform(Number);
const compareQuery = z.strictObject({ from: versionText, to: versionText });
const rollbackBody = z.strictObject({ version: z.int(versionError).min(1, versionError) });

const wholeNumber = { type: 'integer', minimum: 1 };
const versionParameter = (
  name: string,
  place: Parameter['in'],
  description: string,
): Parameter => ({
  name,
  in: place,
  description,
  schema: wholeNumber,
  required: true,
});

export function configVersionRoutes(configuration: ConfigurationService): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/config/versions',
      operation: {
        summary: 'The versions that are kept, newest first',
        reply: { 'application/json': { $ref: '#/components/schemas/VersionList' } },
      },
      handle: () => jsonReply({ versions: configuration.list() }),
    },
    {
      method: 'GET',
      path: '/api/v1/config/versions/{version}',
      operation: {
        summary: 'The configuration document of a version',
        parameters: [versionParameter('version', 'path', 'number of the version')],
        reply: { 'application/json': { $ref: '#/components/schemas/Configuration' } },
        problems: [404],
      },
      handle: (_request, { version }) => ({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: configuration.text('json', versionInPath(version!)).pieces,
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/config/compare',
      operation: {
        summary: 'What changes from one version to another',
        parameters: [
          versionParameter('from', 'query', 'the one before'),
          versionParameter('to', 'query', 'the one after'),
        ],
        reply: { 'application/json': { $ref: '#/components/schemas/Changes' } },
        problems: [400, 404],
      },
      handle: (request) => {
        const { from, to } = readQuery(request, compareQuery);
        return jsonReply(configuration.compare(from, to));
      },
    },
    {
      method: 'POST',
      path: '/api/v1/config/rollback',
      operation: {
        summary: 'Put an earlier version in force again, as a new version',
        requestBody: {
          'application/json': {
            type: 'object',
            properties: { version: wholeNumber },
            required: ['version'],
            additionalProperties: false,
          },
        },
        reply: { 'application/json': { $ref: '#/components/schemas/AppliedChange' } },
        problems: [400, 404, 409, 413, 415, 422, 502, 503],
      },
      handle: async (request) => {
        const { version } = await readJsonBody(request, rollbackBody);
        return jsonReply(await configuration.rollback(version));
      },
    },
    {
      method: 'POST',
      path: '/api/v1/config/publish',
      operation: {
        summary:
          'Put what is in force here into the database, in the place of what it has and this node does not follow',
        reply: {
          'application/json': {
            type: 'object',
            properties: { number: wholeNumber },
            required: ['number'],
          },
        },
        problems: [409, 422, 503],
      },
      handle: async () => jsonReply(await configuration.publish()),
    },
  ];
}

function versionInPath(text: string): number {
  const result = versionText.safeParse(text);
  if (result.success) return result.data;
  throw new RequestRefused('version-not-found', `version ${text.slice(0, 40)}: ${versionError}`);
}
