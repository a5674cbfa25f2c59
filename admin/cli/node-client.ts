// The running node as the commands see it: where it is, its token, one HTTP request, and what a problem
// document becomes on the terminal.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { adminTokenPath, adminUrlPath, nodeRuns } from '../../workers/data-directory.ts';
import { readAdminToken } from '../access/token.ts';
import { isProblemOf, type Problem } from '../problem.ts';
import { CommandFailed } from './command-failed.ts';

export interface NodeOptions {
  data: string;
  url?: string | undefined;
  token?: string | undefined;
}

export interface NodeAddress {
  url: string;
  token: string;
}

/** The options that every command takes. */
export function withNodeOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory of the node', './data')
    .option('--url <url>', 'address of the node; default: from the data directory')
    .option('--token <token>', "administrator's token; default: from the data directory");
}

/** Undefined: no node runs on the data directory, and no --url was given. @throws CommandFailed */
export async function findNode(options: NodeOptions): Promise<NodeAddress | undefined> {
  if (options.url === undefined && !(await nodeRuns(options.data))) return undefined;
  return { url: urlOf(options), token: tokenOf(options) };
}

/** @throws CommandFailed */
export async function needNode(options: NodeOptions): Promise<NodeAddress> {
  const node = await findNode(options);
  if (node !== undefined) return node;
  throw new CommandFailed(
    1,
    `no node runs on data directory ${resolve(options.data)}: expected a running node, or --url`,
  );
}

function urlOf(options: NodeOptions): string {
  if (options.url !== undefined) {
    if (/^https?:\/\/[^/?#]+\/?$/.test(options.url) && URL.canParse(options.url)) {
      return options.url.replace(/\/$/, '');
    }
    throw new CommandFailed(2, `--url ${options.url}: expected http://ADDRESS:PORT`);
  }
  try {
    return readFileSync(adminUrlPath(options.data), 'utf8').trim();
  } catch {
    throw new CommandFailed(
      1,
      `${adminUrlPath(options.data)}: cannot be read: the node is starting, or give --url`,
    );
  }
}

function tokenOf(options: NodeOptions): string {
  if (options.token !== undefined) return options.token;
  let token: string | undefined;
  try {
    token = readAdminToken(options.data);
  } catch (error) {
    throw new CommandFailed(1, (error as Error).message);
  }
  if (token !== undefined) return token;
  throw new CommandFailed(1, `${adminTokenPath(options.data)}: not there: give --data or --token`);
}

export interface NodeRequest {
  method?: 'GET' | 'POST' | 'DELETE';
  accept?: string;
  contentType?: string;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** A reply of 200. @throws CommandFailed */
export async function ask(
  node: NodeAddress,
  path: string,
  request: NodeRequest = {},
): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${node.token}` };
  if (request.accept !== undefined) headers.accept = request.accept;
  if (request.contentType !== undefined) headers['content-type'] = request.contentType;
  let response: Response;
  try {
    response = await fetch(node.url + path, {
      method: request.method ?? 'GET',
      headers,
      body: request.body ?? null,
      redirect: 'error',
    });
  } catch (error) {
    throw new CommandFailed(1, `${node.url}: does not answer: ${causeOf(error)}`);
  }
  if (response.ok) return response;
  throw await failureOf(node, response);
}

/** A JSON object posted as a request body. */
export function jsonBody(value: unknown): NodeRequest {
  return { method: 'POST', contentType: 'application/json', body: JSON.stringify(value) };
}

export function causeOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

async function failureOf(node: NodeAddress, response: Response): Promise<CommandFailed> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  if (isProblem !== true) {
    return new CommandFailed(1, `${node.url}: answered ${response.status} ${response.statusText}`);
  }
  const problem = (await response.json()) as Problem;
  return new CommandFailed(isBadFile(problem) ? 2 : 1, problemText(problem));
}

const badFileCodes = [
  'configuration-invalid',
  'document-unreadable',
  'rates-invalid',
  'deck-unreadable',
] as const;

export function isBadFile(problem: Problem): boolean {
  return badFileCodes.some((code) => isProblemOf(problem, code));
}

/** One line for what happened, one for each field. */
export function problemText(problem: Problem): string {
  const lines = [`${problem.title}: ${problem.detail}`];
  for (const { path, message } of problem.errors ?? []) {
    lines.push(message.includes(path) ? `  ${message}` : `  ${path}: ${message}`);
  }
  if (problem.furtherLines !== undefined) lines.push(`  also bad: lines ${problem.furtherLines}`);
  return lines.join('\n');
}
