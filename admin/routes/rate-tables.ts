// Rate tables as files: list, import and preview, export, copy with a mark-up.
import * as z from 'zod';
import type { RateDecks } from '../deck/deck-service.ts';
import type { HttpReply, HttpRequest } from '../listener.ts';
import { RequestRefused } from '../problem.ts';
import { flag, mediaType, readJsonBody, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

/** Some five million rates as text. */
export const deckBytesMax: number = 256 << 20;
/** Changes of each kind that an import spells out at most. */
export const listedMax = 10_000;
const listedDefault = 20;
const decimalsDefault = 8;

const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const deckTypes = [
  'text/csv',
  'text/plain',
  'text/tab-separated-values',
  'application/octet-stream',
  workbookType,
];

const listedError = `expected a number from 0 to ${listedMax}`;
const instantError = 'expected an ISO 8601 time with a zone (2026-01-01T00:00:00Z)';
const importQuery = z.strictObject({
  template: z.string().min(1, 'expected the name of a rate template').optional(),
  mode: z.enum(['replace', 'merge'], 'expected replace or merge').optional(),
  effectiveAt: z.iso.datetime({ offset: true, error: instantError }).optional(),
  dryRun: flag.optional(),
  listed: z
    .string()
    .regex(/^\d{1,5}$/, listedError)
    .transform(Number)
    .refine((count) => count <= listedMax, listedError)
    .optional(),
});
const exportQuery = z.strictObject({
  format: z.enum(['csv', 'xlsx'], 'expected csv or xlsx').optional(),
});

const signedError = 'expected a decimal string like "12.5" or "-3", at most 8 decimals';
const signed = z.string(signedError).regex(/^-?[0-9]{1,6}(?:\.[0-9]{1,8})?$/, signedError);
const decimalsError = 'expected a whole number from 0 to 8';
const nameError = 'expected the name of a rate table';
const copyBody = z.strictObject({
  to: z.string(nameError).min(1, nameError),
  percent: signed.default('0'),
  perMinute: signed.default('0'),
  decimals: z
    .int(decimalsError)
    .min(0, decimalsError)
    .max(8, decimalsError)
    .default(decimalsDefault),
  replace: z.boolean('expected true or false').default(false),
  dryRun: z.boolean('expected true or false').default(false),
});

const tableParameter: Parameter = {
  name: 'name',
  in: 'path',
  description: 'name of the rate table',
  schema: { type: 'string' },
  required: true,
};
const importParameters: readonly Parameter[] = [
  tableParameter,
  {
    name: 'template',
    in: 'query',
    description: 'name of a rate template; default: columns are named as the fields of a rate are',
    schema: { type: 'string' },
  },
  {
    name: 'mode',
    in: 'query',
    description: 'replace: the file is the whole table; merge: it adds to it',
    schema: { type: 'string', enum: ['replace', 'merge'], default: 'replace' },
  },
  {
    name: 'effectiveAt',
    in: 'query',
    description: 'when rates without a time of their own begin',
    schema: { type: 'string', format: 'date-time' },
  },
  {
    name: 'dryRun',
    in: 'query',
    description: 'tell what would change, change nothing',
    schema: { type: 'boolean', default: false },
  },
  {
    name: 'listed',
    in: 'query',
    description: 'changes of each kind that are spelled out',
    schema: { type: 'integer', minimum: 0, maximum: listedMax, default: listedDefault },
  },
];
const binary = { type: 'string', format: 'binary' };

export function rateTableRoutes(decks: RateDecks): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/rate-tables',
      operation: {
        summary: 'The rate tables in force and how many rates each has',
        reply: { 'application/json': { $ref: '#/components/schemas/RateTableList' } },
      },
      handle: () => jsonReply({ rateTables: decks.tables() }),
    },
    {
      method: 'POST',
      path: '/api/v1/rate-tables/{name}/import',
      operation: {
        summary: 'Import a rate deck (CSV or XLSX), all or nothing; or preview what it changes',
        parameters: importParameters,
        requestBody: Object.fromEntries(deckTypes.map((type) => [type, binary])),
        reply: { 'application/json': { $ref: '#/components/schemas/ImportedDeck' } },
        problems: [400, 409, 413, 415, 422, 502, 503],
      },
      handle: (request, { name }) => importFile(decks, request, name!),
    },
    {
      method: 'GET',
      path: '/api/v1/rate-tables/{name}/export',
      operation: {
        summary: 'A rate table as a file that import reads back to the same rates',
        parameters: [
          tableParameter,
          {
            name: 'format',
            in: 'query',
            description: 'form of the file',
            schema: { type: 'string', enum: ['csv', 'xlsx'], default: 'csv' },
          },
        ],
        reply: { 'text/csv': binary, [workbookType]: binary },
        problems: [400],
      },
      handle: (request, { name }) => exportFile(decks, request, name!),
    },
    {
      method: 'POST',
      path: '/api/v1/rate-tables/{name}/copy',
      operation: {
        summary: 'Copy a rate table, with a mark-up',
        parameters: [tableParameter],
        requestBody: { 'application/json': { $ref: '#/components/schemas/CopyRequest' } },
        reply: { 'application/json': { $ref: '#/components/schemas/CopiedTable' } },
        problems: [400, 409, 413, 415, 422, 502, 503],
      },
      handle: async (request, { name }) => {
        const { to, percent, perMinute, decimals, ...how } = await readJsonBody(request, copyBody);
        const markUp = { percent, perMinute, decimals };
        return jsonReply(await decks.copy({ from: name!, to, markUp, ...how }));
      },
    },
  ];
}

async function importFile(
  decks: RateDecks,
  request: HttpRequest,
  table: string,
): Promise<HttpReply> {
  const {
    mode = 'replace',
    dryRun = false,
    listed = listedDefault,
    ...query
  } = readQuery(request, importQuery);
  const type = mediaType(request);
  if (!deckTypes.includes(type)) {
    const shown = type === '' ? '(none)' : type;
    throw new RequestRefused(
      'unsupported-media-type',
      `Content-Type ${shown}: expected text/csv or ${workbookType}`,
    );
  }
  const body = await request.readBody(deckBytesMax);
  return jsonReply(
    await decks.importDeck(ownBytes(body), { table, mode, dryRun, listed, ...query }),
  );
}

function exportFile(decks: RateDecks, request: HttpRequest, table: string): HttpReply {
  const { format = 'csv' } = readQuery(request, exportQuery);
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : workbookType;
  const file = `${table.replace(/[^A-Za-z0-9._-]/g, '_')}.${format}`;
  return {
    status: 200,
    headers: { 'content-type': type, 'content-disposition': `attachment; filename="${file}"` },
    body: decks.exportTable(table, format),
  };
}

/** Small bodies lie in a buffer that others use too, which cannot be given away. */
function ownBytes(body: Uint8Array): Uint8Array {
  return body.byteLength === body.buffer.byteLength ? body : Uint8Array.from(body);
}
