// JSON Schemas of CDRs, of what is set aside, and of prices.
import { cdrColumns } from '../core/cdr/cdr-json.ts';
import {
  list,
  maybeText,
  maybeTime,
  maybeWhole,
  object,
  type Schema,
  text,
  time,
  whole,
} from './schema-words.ts';

const timeColumns = new Set<string>(['startedAt', 'ringingAt', 'answeredAt', 'endedAt']);
const numberColumns = new Set<string>([
  'holdTimeMs',
  'pddMs',
  'billedSeconds',
  'clearingBilledSeconds',
  'packageSeconds',
  'configurationVersion',
  'sipCode',
]);

/** Every column of the record, so that none is left out here when one is added there. */
function cdrProperties(): Record<string, Schema> {
  const special: Record<string, Schema> = {
    attempts: list({ type: 'object' }),
    agentFees: list(object({ account: text, fee: text, giftFee: text, billedSeconds: whole })),
    giftFee: text,
    logId: object({ set: text, file: text, offset: whole }),
  };
  const typeOf = (column: string): Schema => {
    if (timeColumns.has(column)) return maybeTime;
    return numberColumns.has(column) ? maybeWhole : maybeText;
  };
  return Object.fromEntries(
    cdrColumns.map((column) => [column, special[column] ?? typeOf(column)]),
  );
}

const quote = object({
  configurationVersion: whole,
  account: text,
  calleeBilling: text,
  startedAt: time,
  holdSeconds: whole,
  fee: maybeText,
  tax: maybeText,
  billedSeconds: maybeWhole,
  packageSeconds: maybeWhole,
  giftMoney: maybeText,
  connectionFee: maybeText,
  rateTable: maybeText,
  ratePrefix: maybeText,
  agentFees: list(
    object({ account: text, fee: text, giftMoney: text, billedSeconds: whole, ratePrefix: text }),
  ),
  cost: maybeText,
  clearingBilledSeconds: maybeWhole,
  clearingRatePrefix: maybeText,
  profit: maybeText,
  endReason: maybeText,
  sipCode: maybeWhole,
  steps: list(object({ step: text, result: text })),
});

export const cdrSchemas: Record<string, Schema> = {
  Cdr: { type: 'object', properties: cdrProperties(), required: [...cdrColumns] },
  RejectedRecords: object({
    rejected: list(
      object({
        logId: object({ set: text, file: text, offset: whole }),
        rejectedAt: time,
        reason: text,
        raw: { ...text, description: 'JSON of what the log says' },
      }),
    ),
  }),
  QuoteRequest: object(
    {
      account: text,
      callee: text,
      seconds: { type: 'number' },
      at: time,
      clearingAccount: text,
      calleeOut: text,
    },
    ['at', 'clearingAccount', 'calleeOut'],
  ),
  Quote: quote,
};
