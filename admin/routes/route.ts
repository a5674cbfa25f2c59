// What a route is: an address, what it does, and the words by which openapi.json describes it. One
// table of these drives both the router and the description, so they cannot drift apart.
import type { HttpReply, HttpRequest } from '../listener.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Parameter {
  name: string;
  in: 'query' | 'path';
  description: string;
  /** JSON Schema. */
  schema: Record<string, unknown>;
  required?: boolean;
}

export interface Operation {
  summary: string;
  parameters?: readonly Parameter[];
  /** Media types of the body, each with its JSON Schema. */
  requestBody?: Record<string, Record<string, unknown>>;
  /** Media types of the 200 reply, each with its JSON Schema. */
  reply: Record<string, Record<string, unknown>>;
  /** Problem statuses beside 401, 404, 405 and 500, which any may have. */
  problems?: readonly number[];
}

export interface Route {
  method: Method;
  /** "/api/v1/config/versions/{version}". */
  path: string;
  /** Served without a token. */
  open?: boolean;
  operation: Operation;
  handle(request: HttpRequest, parameters: Record<string, string>): Promise<HttpReply> | HttpReply;
}

/** Longest body of a request that is not a configuration document. */
export const bodyBytesMax: number = 1 << 20;

export function jsonReply(value: unknown, status = 200): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(value)}\n`,
  };
}

export function textReply(text: string, contentType: string, status = 200): HttpReply {
  return { status, headers: { 'content-type': contentType }, body: text };
}
