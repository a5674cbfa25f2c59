// The schema of an account's fraud limits.
import { z } from 'zod';
import {
  callSecondsMax,
  callsPerMinuteMax,
  fraudLimitsPerAccountMax,
  lineLimitMax,
  minutesPerDayMax,
} from '../../core/configuration/limits.ts';
import type { FraudLimitDocument, ThresholdDocument } from '../../core/configuration/model.ts';
import { prefixBytesMax } from '../../core/configuration/snapshot-layout.ts';
import { parseMoney } from '../../core/money.ts';
import { decimal, integer, isPrefix } from './field-schemas.ts';

const thresholdError = 'an object of warn, block, or both';

function threshold<Value extends number | string>(
  value: (least: 0 | 1) => z.ZodType<Value>,
  sizeOf: (value: Value) => bigint,
  blockLeast: 0 | 1 = 0,
): z.ZodType<ThresholdDocument<Value>> {
  return z
    .strictObject(
      { warn: value(1).optional(), block: value(blockLeast).optional() },
      thresholdError,
    )
    .superRefine(({ warn, block }, context) => {
      if (warn === undefined && block === undefined) {
        context.addIssue({ code: 'custom', path: [], message: thresholdError });
      } else if (warn !== undefined && block !== undefined && sizeOf(warn) > sizeOf(block)) {
        const message = `at most ${block}, which is the threshold that blocks`;
        context.addIssue({ code: 'custom', path: ['warn'], message });
      }
    });
}

const numbers = (most: number, blockLeast: 0 | 1 = 0): z.ZodType<ThresholdDocument<number>> =>
  threshold((least) => integer(least, most), BigInt, blockLeast);

const prefixError = `a prefix of at most ${prefixBytesMax} bytes without spaces ("" for every number)`;

const fraudLimit: z.ZodType<FraudLimitDocument> = z
  .strictObject(
    {
      prefix: z
        .string(prefixError)
        .refine((text) => isPrefix(text, prefixBytesMax), prefixError)
        .default(''),
      callsAtOnce: numbers(lineLimitMax).optional(),
      callsPerMinute: numbers(callsPerMinuteMax).optional(),
      minutesPerDay: numbers(minutesPerDayMax).optional(),
      moneyPerDay: threshold(
        () => decimal('unsigned'),
        (text) => parseMoney(text) ?? 0n,
      ).optional(),
      callSeconds: numbers(callSecondsMax, 1).optional(),
    },
    'an object',
  )
  .superRefine(({ prefix: _prefix, ...limits }, context) => {
    if (Object.values(limits).some((each) => each !== undefined)) return;
    const message =
      'at least one of callsAtOnce, callsPerMinute, minutesPerDay, moneyPerDay, callSeconds';
    context.addIssue({ code: 'custom', path: [], message });
  });

export const fraudLimits: z.ZodType<FraudLimitDocument[]> = z
  .array(fraudLimit, 'a list of fraud limits')
  .max(fraudLimitsPerAccountMax, `at most ${fraudLimitsPerAccountMax} fraud limits`)
  .superRefine((limits, context) => {
    const seen = new Set<string>();
    for (const [index, { prefix }] of limits.entries()) {
      if (seen.has(prefix)) {
        const message = 'is limited twice; expected each prefix once';
        context.addIssue({ code: 'custom', path: [index, 'prefix'], message });
      }
      seen.add(prefix);
    }
  });
