// One POST at a time to the receiver of CDRs, over a connection that is kept. Redirects are not followed: the
// answer says so, and CDRs and token go nowhere else. The host is resolved by the system, in the pool of
// threads that Node has for that; one question at a time leaves the others to the disk.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { packageVersion } from '../package-version.ts';
import type { PushFormat, PushSettings } from './push-settings.ts';

export interface PushAnswer {
  readonly status: number;
  /** Of Retry-After; 0: none. */
  readonly retryAfterMs: number;
  /** The beginning of the body. */
  readonly text: string;
}

export interface PushClient {
  /** Resolves once the whole answer is there. @throws Error where there is none */
  post(body: string): Promise<PushAnswer>;
  /** What is under way fails. */
  close(): void;
}

const types: Readonly<Record<PushFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};
/** Of an answer's body this is kept for people; the rest is read and dropped. */
const textBytesMax = 512;
/** An answer is a line or two: who sends more than this is no receiver of CDRs. */
const answerBytesMax = 1024 * 1024;
const headerBytesMax = 16 * 1024;

export function openPushClient(settings: PushSettings): PushClient {
  const url = new URL(settings.url);
  const isTls = url.protocol === 'https:';
  // Read at each connection's start, so that a certificate can be put in place while the node runs.
  const agent = isTls
    ? new https.Agent({ keepAlive: true, maxSockets: 1 })
    : new http.Agent({ keepAlive: true, maxSockets: 1 });
  const headers: Record<string, string> = {
    'content-type': types[settings.format],
    'user-agent': `tandem/${packageVersion()}`,
    ...(settings.token === '' ? {} : { authorization: `Bearer ${settings.token}` }),
  };
  const open = (): http.ClientRequest => {
    const options = { method: 'POST', agent, headers, maxHeaderSize: headerBytesMax };
    if (!isTls) return http.request(url, options);
    const ca = settings.caFile === '' ? {} : { ca: fs.readFileSync(settings.caFile) };
    return https.request(url, { ...options, ...ca });
  };
  const once = async (body: string): Promise<PushAnswer> =>
    await exchange(open(), body, settings.timeoutSeconds * 1000);
  return {
    post: (body) =>
      once(body).catch((error: unknown) => {
        // A kept connection that the receiver closed meanwhile says nothing about the receiver.
        if (error instanceof StaleConnection) return once(body);
        throw error;
      }),
    close: () => agent.destroy(),
  };
}

class StaleConnection extends Error {}

function exchange(request: http.ClientRequest, body: string, limitMs: number): Promise<PushAnswer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const fail = (error: Error): void => {
      clearTimeout(late);
      const isReset = (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      const isStale = request.reusedSocket && isReset && !isAnswered;
      reject(isStale ? new StaleConnection(error.message) : error);
    };
    const late = setTimeout(() => {
      const error = new Error(`no whole answer within ${limitMs / 1000} s`);
      fail(error);
      request.destroy(error);
    }, limitMs);
    request.on('error', fail);
    request.on('response', (response) => {
      isAnswered = true;
      response.on('error', fail);
      readAnswer(response, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
    });
    request.end(body);
  });
}

/** An answer that breaks off is none: the error of the response says so. */
function readAnswer(response: http.IncomingMessage, done: (answer: PushAnswer) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    if (bytes < textBytesMax) parts.push(part.subarray(0, textBytesMax - bytes));
    bytes += part.length;
    if (bytes > answerBytesMax) response.destroy(new Error('the answer is over 1 MiB'));
  });
  response.on('end', () => {
    if (!response.complete) return;
    done({
      status: response.statusCode!,
      retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
      text: Buffer.concat(parts).toString('utf8'),
    });
  });
}

/** RFC 9110 10.2.3: seconds, or a date. */
export function retryAfterMs(value: string | undefined, nowWallMs: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowWallMs);
}
