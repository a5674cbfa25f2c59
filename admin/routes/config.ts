// GET and POST /api/v1/config: the configuration document in force, and changing it.
import * as z from 'zod';
import type { ConfigurationService } from '../configuration-service.ts';
import { type DocumentFormat, documentBytesMax, parseDocumentText } from '../configuration-text.ts';
import type { HttpRequest } from '../listener.ts';
import { RequestRefused } from '../problem.ts';
import { flag, mediaType, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

const getQuery = z.strictObject({
  format: z.enum(['json', 'yaml'], 'expected json or yaml').optional(),
  secrets: flag.optional(),
});
const postQuery = z.strictObject({ replace: flag.optional(), dryRun: flag.optional() });

const yesNo = { type: 'boolean', default: false };
const getParameters: readonly Parameter[] = [
  {
    name: 'format',
    in: 'query',
    description: 'default: yaml where the Accept header asks for application/yaml, else json',
    schema: { type: 'string', enum: ['json', 'yaml'] },
  },
  { name: 'secrets', in: 'query', description: 'passwords included', schema: yesNo },
];
const postParameters: readonly Parameter[] = [
  { name: 'replace', in: 'query', description: 'remove what the document lacks', schema: yesNo },
  {
    name: 'dryRun',
    in: 'query',
    description: 'tell what would change, change nothing',
    schema: yesNo,
  },
];
const document = { $ref: '#/components/schemas/Configuration' };
const documentTypes = { 'application/json': document, 'application/yaml': document };

export function configRoutes(configuration: ConfigurationService): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/config',
      operation: {
        summary: 'The configuration document in force',
        parameters: getParameters,
        reply: documentTypes,
        problems: [400],
      },
      handle: (request) => {
        const { format = acceptedFormat(request) } = readQuery(request, getQuery);
        const { version, pieces } = configuration.text(format);
        const headers = { 'content-type': `application/${format}`, etag: `"${version}"` };
        return { status: 200, headers, body: pieces };
      },
    },
    {
      method: 'POST',
      path: '/api/v1/config',
      operation: {
        summary: 'Apply a configuration document, all or nothing',
        parameters: postParameters,
        requestBody: documentTypes,
        reply: { 'application/json': { $ref: '#/components/schemas/AppliedChange' } },
        problems: [400, 409, 413, 415, 422, 502, 503],
      },
      handle: async (request) => {
        const { replace = false, dryRun = false } = readQuery(request, postQuery);
        const format = sentFormat(request);
        const text = new TextDecoder().decode(await request.readBody(documentBytesMax));
        const input = parseDocumentText(text, format);
        return jsonReply(await configuration.apply(input, { replace, dryRun }));
      },
    },
  ];
}

function acceptedFormat(request: HttpRequest): DocumentFormat {
  return request.header('accept').toLowerCase().includes('yaml') ? 'yaml' : 'json';
}

const formats = new Map<string, DocumentFormat>([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/x-yaml', 'yaml'],
  ['text/yaml', 'yaml'],
]);

function sentFormat(request: HttpRequest): DocumentFormat {
  const type = mediaType(request);
  const format = formats.get(type);
  if (format !== undefined) return format;
  throw new RequestRefused(
    'unsupported-media-type',
    `Content-Type ${type === '' ? '(none)' : type}: expected application/json or application/yaml`,
  );
}
