// GET /api/v1/cdrs: call detail records, oldest first, as NDJSON (one object a line) or CSV, streamed
// as the client reads: a page at a time, the next one behind the last CDR of this one.
import * as z from 'zod';
import { parseLogId } from '../../core/cdr/cdr-json.ts';
import type { RejectedPage, RejectedRow, StoredCdr } from '../../workers/ledger/ledger-store.ts';
import { type CdrFilter, type CdrPages, parsePlace } from '../cdr-pages.ts';
import { type CdrFormat, cdrText, rejectedToJson } from '../cdr-text.ts';
import type { HttpRequest } from '../listener.ts';
import { RequestRefused } from '../problem.ts';
import { instant, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

/** Each may read all that is stored of its time. */
const queriesMax = 4;
const limitMax = 10_000_000;
const limitError = `expected a number from 1 to ${limitMax}`;

const querySchema = z.strictObject({
  since: instant.optional(),
  until: instant.optional(),
  account: z.string().min(1, 'expected a name').optional(),
  agent: z.string().min(1, 'expected a name').optional(),
  gateway: z.string().min(1, 'expected a name').optional(),
  calleePrefix: z.string().min(1, 'expected the first digits of a number').optional(),
  endReason: z.string().min(1, 'expected an end reason').optional(),
  after: z
    .string()
    .refine((text) => parsePlace(text) !== undefined, 'expected TIME/SET/FILE/OFFSET of a CDR')
    .transform(parsePlace)
    .optional(),
  callId: z.string().min(1, 'expected a Call-ID').optional(),
  limit: z
    .string()
    .regex(/^\d{1,8}$/, limitError)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= limitMax, limitError)
    .optional(),
  format: z.enum(['ndjson', 'csv'], 'expected ndjson or csv').optional(),
});

const time = { type: 'string', format: 'date-time' };
const text = { type: 'string' };
const inQuery = (
  name: string,
  description: string,
  schema: Record<string, unknown>,
): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
});
const parameters: readonly Parameter[] = [
  inQuery('since', 'calls that ended then or later', time),
  inQuery('until', 'calls that ended before', time),
  inQuery('account', 'calls of this customer or carrier', text),
  inQuery('agent', 'calls that this agent paid for, of customers below it', text),
  inQuery('gateway', 'calls in by this mapping gateway, or tried by this routing gateway', text),
  inQuery('callId', 'Call-ID of either leg, or of an attempt', text),
  inQuery('calleePrefix', 'calls whose number called, as it came, begins so', text),
  inQuery('endReason', 'calls that ended for this reason', text),
  inQuery(
    'after',
    'the page behind this CDR: its "endedAt", a slash, and set, file and offset of its "logId" with slashes between',
    text,
  ),
  inQuery('limit', 'at most so many; default: a page (SERVER_QUERY_ONE_PAGE_SIZE)', {
    type: 'integer',
    minimum: 1,
    maximum: limitMax,
  }),
  inQuery('format', 'default: csv where the Accept header asks for text/csv, else ndjson', {
    type: 'string',
    enum: ['ndjson', 'csv'],
  }),
];

const rejectedMax = 10_000;
const rejectedError = `expected a number from 1 to ${rejectedMax}`;
const rejectedSchema = z.strictObject({
  after: z
    .string()
    .refine((given) => parseLogId(given) !== undefined, 'expected SET/FILE/OFFSET of a logId')
    .transform(parseLogId)
    .optional(),
  limit: z
    .string()
    .regex(/^\d{1,5}$/, rejectedError)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= rejectedMax, rejectedError)
    .default(1000),
});

export function cdrRoutes(
  pages: CdrPages,
  rejectedRows: (page: RejectedPage) => Promise<RejectedRow[]>,
): Route[] {
  let underWay = 0;
  async function* counted(cdrs: AsyncIterable<StoredCdr>): AsyncGenerator<StoredCdr> {
    underWay++;
    try {
      yield* cdrs;
    } finally {
      underWay--;
    }
  }
  return [
    {
      method: 'GET',
      path: '/api/v1/cdrs',
      operation: {
        summary: 'Call detail records, oldest first, failed attempts included',
        parameters,
        reply: {
          'application/x-ndjson': { $ref: '#/components/schemas/Cdr' },
          'text/csv': text,
        },
        problems: [400, 429, 503],
      },
      handle: async (request) => {
        const { format = acceptedFormat(request), ...filter } = readQuery(request, querySchema);
        checkSpan(filter);
        if (underWay >= queriesMax) {
          throw new RequestRefused('too-many-queries', `expected at most ${queriesMax} at once`);
        }
        const { rowsMax, cdrs } = await pages(filter);
        return {
          status: 200,
          headers: {
            'tandem-page-rows': String(rowsMax),
            'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
          },
          body: cdrText(counted(cdrs), format),
        };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/cdrs/rejected',
      operation: {
        summary: 'Records of the CDR log that no table takes, each with its reason, page by page',
        parameters: [
          inQuery('after', 'those behind this one: its logId as SET/FILE/OFFSET', text),
          inQuery('limit', 'at most so many; default: 1000', {
            type: 'integer',
            minimum: 1,
            maximum: rejectedMax,
          }),
        ],
        reply: { 'application/json': { $ref: '#/components/schemas/RejectedRecords' } },
        problems: [400, 503],
      },
      handle: async (request) => {
        const rows = await rejectedRows(readQuery(request, rejectedSchema));
        return jsonReply({ rejected: rows.map(rejectedToJson) });
      },
    },
  ];
}

function checkSpan({ since, until }: CdrFilter): void {
  if (since === undefined || until === undefined || since <= until) return;
  throw new RequestRefused('bad-request', 'until: before since', [
    { path: 'until', value: new Date(until).toISOString(), message: 'expected since or later' },
  ]);
}

function acceptedFormat(request: HttpRequest): CdrFormat {
  return request.header('accept').toLowerCase().includes('text/csv') ? 'csv' : 'ndjson';
}
