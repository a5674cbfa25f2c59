// JSON Schemas of routing analysis.
import { list, maybeText, object, type Schema, text, time, whole } from './schema-words.ts';

const analysis: Schema = {
  ...object(
    {
      configurationVersion: whole,
      mappingGateway: maybeText,
      calleeAccess: text,
      calleeRouted: text,
      callerAccess: text,
      callerRouted: text,
      order: list(text),
      protect: list(text),
      protectDelaySeconds: whole,
      winner: maybeText,
      candidates: list({
        ...object(
          {
            gateway: text,
            prefix: text,
            calleeOut: text,
            callerOut: text,
            vendorRate: maybeText,
            margin: maybeText,
            skipped: text,
          },
          ['skipped'],
        ),
        additionalProperties: true,
      }),
      endReason: maybeText,
      sipCode: { type: ['integer', 'null'] },
      steps: list(object({ step: text, result: text })),
      recorded: { $ref: '#/components/schemas/Cdr' },
    },
    ['recorded'],
  ),
  additionalProperties: true,
};

export const routingSchemas: Record<string, Schema> = {
  AnalyzeRequest: object(
    {
      gateway: text,
      source: {
        ...text,
        description: 'in place of gateway: where the call comes from ("192.0.2.1:5060")',
      },
      callee: text,
      caller: text,
      at: time,
      cdr: {
        ...text,
        description:
          'in place of all the above: a recorded call, by Call-ID or SET/FILE/OFFSET of its logId',
      },
      without: { ...list(text), description: 'routing gateways taken for gone' },
      fail: {
        type: 'object',
        additionalProperties: {
          anyOf: [{ type: 'integer', minimum: 300, maximum: 699 }, { const: 'timeout' }],
        },
        description: 'routing gateways that answer with these final codes, or with none in time',
      },
    },
    ['gateway', 'source', 'callee', 'caller', 'at', 'cdr', 'without', 'fail'],
  ),
  Analysis: analysis,
};
