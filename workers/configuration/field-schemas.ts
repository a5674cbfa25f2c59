// The kinds of value that fields of a document have, each with one sentence that says what is expected.
import { z } from 'zod';
import { canonicalAddress, parseAddressPort } from '../../core/access/ip-address.ts';
import { nameBytesMax, numberBytesMax } from '../../core/configuration/limits.ts';
import { prefixBytesMax } from '../../core/configuration/snapshot-layout.ts';
import { problemsPerListMax } from './document-problem.ts';

export function integer(min: number, max: number): z.ZodType<number> {
  const error = `a whole number from ${min} to ${max}`;
  return z.number(error).int(error).min(min, error).max(max, error);
}

export const flag: z.ZodType<boolean> = z.boolean('true or false');

const nameError = `a name of 1 to ${nameBytesMax} bytes without control characters or spaces at its ends`;
export const name: z.ZodType<string> = z
  .string(nameError)
  .refine(isName, nameError)
  .meta({ minLength: 1, maxLength: nameBytesMax });

/** Money is kept in units of 10^-8 in 64 bits: room for 9 × 10^10. */
const moneyMax = 90_000_000_000n;
const money = /^(-?)([0-9]{1,11})(?:\.([0-9]{1,8}))?$/;

export interface DecimalOptions {
  /** What may stand in place of an amount. */
  readonly word?: string;
  /** Whole units of money. */
  readonly max?: bigint;
}

export function decimal(
  sign: 'signed' | 'unsigned',
  { word, max = moneyMax }: DecimalOptions = {},
): z.ZodType<string> {
  const least = sign === 'signed' ? `-${max}` : '0';
  const error = `a decimal string like "0.0125" from "${least}" to "${max}", at most 8 decimals${word === undefined ? '' : `, or ${word}`}`;
  const pattern = sign === 'signed' ? money.source : money.source.replace('(-?)', '');
  return z
    .custom<string>()
    .superRefine((value: unknown, context) => {
      if (word !== undefined && value === word) return;
      if (typeof value === 'number') {
        context.addIssue(`is a number, which may lose digits; expected ${error}`);
      } else if (typeof value !== 'string' || !isDecimal(value, sign, max)) context.addIssue(error);
    })
    .meta({
      type: 'string',
      pattern: word === undefined ? pattern : `^${word}$|${pattern}`,
    });
}

const instantError = 'a time with zone like "2026-01-01T00:00:00Z"';
export const instant: z.ZodType<string> = z.iso.datetime({ offset: true, error: instantError });

const prefixError = `a prefix of at most ${prefixBytesMax} bytes without spaces or control characters`;

export const prefixes: z.ZodType<string[]> = distinctTexts({
  what: 'prefix',
  list: 'a list of prefixes',
  none: 'at least one prefix ("" matches every number)',
  bytesMin: 0,
  bytesMax: prefixBytesMax,
  member: prefixError,
});

export const numbers: z.ZodType<string[]> = distinctTexts({
  what: 'number',
  list: 'a list of numbers',
  bytesMin: 1,
  bytesMax: numberBytesMax,
  member: `a number as text, 1 to ${numberBytesMax} bytes without spaces or control characters`,
});

interface DistinctTexts {
  readonly what: string;
  readonly list: string;
  /** What an empty list is told; absent: it is accepted. */
  readonly none?: string;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly member: string;
}

/** There may be a million: one plain loop instead of a schema run for each. */
function distinctTexts(texts: DistinctTexts): z.ZodType<string[]> {
  const { what, none, bytesMin, bytesMax } = texts;
  return z
    .custom<string[]>((value) => Array.isArray(value), texts.list)
    .superRefine((list, context) => {
      let problems = 0;
      const seen = new Set<unknown>();
      if (list.length === 0 && none !== undefined) context.addIssue(none);
      for (let index = 0; index < list.length && problems < problemsPerListMax; index++) {
        const text: unknown = list[index];
        let message: string | undefined;
        if (!isPrefix(text, bytesMax) || text.length < bytesMin) message = texts.member;
        else if (seen.has(text)) message = `is in this list already; expected each ${what} once`;
        seen.add(text);
        if (message === undefined) continue;
        problems++;
        context.addIssue({ code: 'custom', path: [index], message });
      }
    })
    .meta({
      type: 'array',
      minItems: none === undefined ? 0 : 1,
      items: { type: 'string', minLength: bytesMin, maxLength: bytesMax },
    });
}

export function isPrefix(value: unknown, bytesMax: number): value is string {
  if (typeof value !== 'string' || value.length > bytesMax) return false;
  let ascii = true;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return false;
    if (code > 0x7f) ascii = false;
  }
  return ascii || (Buffer.byteLength(value) <= bytesMax && !/[\s\p{Cc}]/u.test(value));
}

/** A list that stops being looked at after some problems, so that bad input costs no memory. */
export function listOf<Item>(item: z.ZodType<Item>, expected: string): z.ZodType<Item[]> {
  return z
    .custom<unknown[]>((value) => Array.isArray(value), expected)
    .meta({ type: 'array', items: z.toJSONSchema(item, { io: 'input', unrepresentable: 'any' }) })
    .transform((items, context): Item[] => {
      const parsed: Item[] = [];
      let problems = 0;
      for (let index = 0; index < items.length && problems < problemsPerListMax; index++) {
        const result = item.safeParse(items[index]);
        if (result.success) {
          parsed.push(result.data);
          continue;
        }
        problems++;
        for (const issue of result.error.issues.slice(0, problemsPerListMax)) {
          context.issues.push({
            ...issue,
            path: [index, ...issue.path],
            input: undefined,
          } as never);
        }
      }
      return parsed;
    });
}

const sourceError = 'an IP address with an optional port';
export const sourceAddress: z.ZodType<string> = z
  .string(sourceError)
  .superRefine((text, context) => {
    const problem = sourceAddressProblem(text);
    if (problem !== undefined) context.addIssue(problem);
  });

/** A carrier's address: with an optional transport in front. */
export const carrierAddress: z.ZodType<string> = z
  .string(sourceError)
  .superRefine((text, context) => {
    const problem = carrierAddressProblem(text);
    if (problem !== undefined) context.addIssue(problem);
  });

function sourceAddressProblem(text: string): string | undefined {
  const parsed = parseAddressPort(text);
  if (parsed === undefined) return addressFault(text);
  return unusable(parsed.address);
}

function carrierAddressProblem(text: string): string | undefined {
  const scheme = /^([a-z0-9.+-]+):\/\//i.exec(text);
  if (scheme === null) return sourceAddressProblem(text);
  const transport = scheme[1]!.toLowerCase();
  if (transport === 'tls' || transport === 'ws' || transport === 'wss') {
    return `is for transport ${transport}, which is not supported by this version; expected udp or tcp`;
  }
  if (transport !== 'udp' && transport !== 'tcp') {
    return 'is for an unknown transport; expected udp:// or tcp:// before the IP address';
  }
  return sourceAddressProblem(text.slice(scheme[0].length));
}

function addressFault(text: string): string {
  const host = /^([^:[\]]*)(?::[0-9]*)?$/.exec(text)?.[1];
  if (host !== undefined && /[a-z]/i.test(host)) return `is a host name; expected ${sourceError}`;
  const withoutPort = text.replace(/:[^:\]]*$/, '').replace(/^\[(.*)\]$/, '$1');
  if (canonicalAddress(withoutPort) !== undefined) {
    return 'is an IP address with a wrong port; expected a port from 1 to 65535';
  }
  return `is no IP address; expected ${sourceError}`;
}

/** Nobody sends from the unspecified or a multicast address, and nothing answers there. */
function unusable(canonical: string): string | undefined {
  const firstOctet = canonical.includes(':') ? 0 : Number(canonical.split('.')[0]);
  const special = canonical === '::' || canonical === '0.0.0.0' || canonical.startsWith('ff');
  return special || firstOctet >= 224
    ? 'is not the address of one host; expected a unicast IP address'
    : undefined;
}

function isName(text: string): boolean {
  if (text.length === 0 || text !== text.trim()) return false;
  return Buffer.byteLength(text) <= nameBytesMax && !/\p{Cc}/u.test(text);
}

function isDecimal(text: string, sign: 'signed' | 'unsigned', max: bigint): boolean {
  const parts = money.exec(text);
  if (parts === null || (sign === 'unsigned' && parts[1] === '-')) return false;
  const whole = BigInt(parts[2]!);
  return whole < max || (whole === max && /^0*$/.test(parts[3] ?? ''));
}
