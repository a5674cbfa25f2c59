// `cdrPush` of the node file: where finished CDRs are sent, and how. Secrets are never told, neither by a
// refusal nor by status or log.
import * as z from 'zod';

export type PushFormat = 'json' | 'ndjson';

export interface PushSettings {
  readonly url: string;
  /** Sent as a bearer token; '': none. */
  readonly token: string;
  /** Certificates (PEM) that are trusted instead of the system's; '': the system's. */
  readonly caFile: string;
  readonly format: PushFormat;
  readonly batchRecords: number;
  readonly timeoutSeconds: number;
}

/** As it is written: only `url` is needed. */
export interface PushKeys {
  readonly url: string;
  readonly token?: string | undefined;
  readonly caFile?: string | undefined;
  readonly format?: PushFormat | undefined;
  readonly batchRecords?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
}

const batchRecordsMax = 1000;
const timeoutSecondsMax = 300;

export const pushSchema: z.ZodType<PushKeys> = z.strictObject({
  url: z.string().refine(isPushUrl, 'expected http://HOST/PATH or https://HOST/PATH, no user'),
  token: z
    .string()
    .regex(/^[\x21-\x7e]{1,4096}$/, 'expected visible ASCII without spaces')
    .optional(),
  caFile: z.string().min(1).optional(),
  format: z.enum(['json', 'ndjson']).optional(),
  batchRecords: z.int().min(1).max(batchRecordsMax).optional(),
  timeoutSeconds: z.int().min(1).max(timeoutSecondsMax).optional(),
});

export function completePush(push: PushKeys | null | undefined): PushSettings | null {
  if (push === null || push === undefined) return null;
  return {
    url: push.url,
    token: push.token ?? '',
    caFile: push.caFile ?? '',
    format: push.format ?? 'json',
    batchRecords: push.batchRecords ?? 100,
    timeoutSeconds: push.timeoutSeconds ?? 10,
  };
}

function isPushUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && username === '' && password === '' && hash === '';
}
