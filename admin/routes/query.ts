// Query parameters and small JSON bodies, read strictly: an unknown name is an error that is named,
// because a misspelt filter that is ignored answers a question nobody asked.
import * as z from 'zod';
import type { HttpRequest } from '../listener.ts';
import { type ProblemField, RequestRefused } from '../problem.ts';
import { bodyBytesMax } from './route.ts';

/** @throws RequestRefused */
export function readQuery<Shape extends z.ZodType>(
  request: HttpRequest,
  schema: Shape,
): z.infer<Shape> {
  const given: Record<string, string> = Object.create(null);
  for (const [name, value] of request.query) {
    if (name in given) {
      throw new RequestRefused('bad-request', `query parameter ${name}: given twice`, [
        { path: name, expected: 'once', message: 'given twice' },
      ]);
    }
    given[name] = value;
  }
  return checked(schema, { ...given }, 'query parameter');
}

/** @throws RequestRefused */
export async function readJsonBody<Shape extends z.ZodType>(
  request: HttpRequest,
  schema: Shape,
): Promise<z.infer<Shape>> {
  const type = mediaType(request);
  if (type !== 'application/json') {
    throw new RequestRefused(
      'unsupported-media-type',
      `Content-Type ${type === '' ? '(none)' : type}: expected application/json`,
    );
  }
  const text = new TextDecoder().decode(await request.readBody(bodyBytesMax));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RequestRefused('bad-request', `the body is not JSON: ${(error as Error).message}`);
  }
  return checked(schema, value, 'field');
}

/** Without its parameters, lower case. */
export function mediaType(request: HttpRequest): string {
  const header = request.header('content-type');
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

function checked<Shape extends z.ZodType>(
  schema: Shape,
  value: unknown,
  noun: string,
): z.infer<Shape> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => fieldsOf(issue, value));
  const first = errors[0]!;
  throw new RequestRefused('bad-request', `${noun} ${first.path}: ${first.message}`, errors);
}

function fieldsOf(issue: z.core.$ZodIssue, whole: unknown): ProblemField[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      expected: 'no such name',
      message: 'is not known here',
    }));
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    whole,
  );
  return [{ path: issue.path.join('.'), value, message: issue.message }];
}

/** "2026-01-01T00:00:00Z": an ISO 8601 time with its zone, as milliseconds since 1970. */
export const instant: z.ZodType<number> = z.iso
  .datetime({ offset: true, error: 'expected an ISO 8601 time with a zone (2026-01-01T00:00:00Z)' })
  .transform((text) => Date.parse(text));

export const flag: z.ZodType<boolean> = z
  .enum(['true', 'false'], { error: 'expected true or false' })
  .transform((text) => text === 'true');
