// /api/v1/accounts/{name}: what an account has, its payments, a new payment; and the check of all books.
import * as z from 'zod';
import type { AccountService } from '../account-service.ts';
import { readJsonBody, readQuery } from './query.ts';
import { jsonReply, type Parameter, type Route } from './route.ts';

const reasonCharactersMax = 1000;
const byCharactersMax = 250;
const paymentsMax = 10_000;

const paymentSchema = z.strictObject({
  kind: z.enum(['recharge', 'deduction', 'zeroing'], 'expected recharge, deduction or zeroing'),
  amount: z.string('expected a decimal string ("12.50")').max(24).optional(),
  reason: z.string().max(reasonCharactersMax).default(''),
  by: z.string().min(1).max(byCharactersMax).default('administrator'),
});

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number);
const listSchema = z.strictObject({
  after: wholeNumber.optional(),
  limit: wholeNumber
    .refine((limit) => limit >= 1 && limit <= paymentsMax, `expected 1 to ${paymentsMax}`)
    .default(1000),
});

const anObject = { type: 'object' };
const nameInPath: Parameter = {
  name: 'name',
  in: 'path',
  description: 'name of the account',
  schema: { type: 'string' },
  required: true,
};

export function accountRoutes(accounts: AccountService): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/accounts/{name}',
      operation: {
        summary: 'An account as configured, with what it has now: balance, reserved, available',
        parameters: [nameInPath],
        reply: { 'application/json': { $ref: '#/components/schemas/Account' } },
        problems: [404, 503],
      },
      handle: async (_request, { name }) => jsonReply(await accounts.read(name!)),
    },
    {
      method: 'GET',
      path: '/api/v1/accounts/{name}/payments',
      operation: {
        summary: 'Payments of an account, oldest first; "after" is the number of the last one seen',
        parameters: [nameInPath],
        reply: { 'application/json': anObject },
        problems: [400, 404, 503],
      },
      handle: async (request, { name }) => {
        const { after = 0, limit } = readQuery(request, listSchema);
        return jsonReply({ payments: await accounts.payments(name!, { after, limit }) });
      },
    },
    {
      method: 'POST',
      path: '/api/v1/accounts/{name}/payments',
      operation: {
        summary: 'A payment: recharge, deduction, or zeroing; stored when it is answered',
        parameters: [nameInPath],
        requestBody: { 'application/json': anObject },
        reply: { 'application/json': anObject },
        problems: [400, 404, 409, 413, 415, 503],
      },
      handle: async (request, { name }) => {
        const wanted = await readJsonBody(request, paymentSchema);
        return jsonReply(await accounts.pay(name!, wanted), 201);
      },
    },
    {
      method: 'GET',
      path: '/api/v1/ledger/audit',
      operation: {
        summary: 'Every balance recomputed from payments and CDRs, and the first difference',
        reply: { 'application/json': anObject },
        problems: [503],
      },
      handle: async () => {
        const { difference = null, ...counts } = await accounts.audit();
        return jsonReply({ ...counts, difference });
      },
    },
  ];
}
