// Errors as people and programs meet them: RFC 9457 problem documents with a stable code, and an
// `errors` list that names each field, its value and what was expected.
import { LedgerAway, PaymentRefused } from '../workers/ledger/ledger-store.ts';
import { BodyTooLarge, type HttpReply } from './listener.ts';

export interface ProblemField {
  /** "routingGateways.3.address"; '' is the document as a whole. */
  path: string;
  /** Of a file. */
  line?: number;
  value?: unknown;
  expected?: string | undefined;
  message: string;
}

export interface Problem {
  /** "urn:tandem:problem:" and the code. */
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: ProblemField[];
  /** Of a file: lines that are bad beside those of `errors`, "10001-20000, 20007". */
  furtherLines?: string;
}

/** A code keeps its meaning for ever and is never used for another. */
export type ProblemCode =
  | 'bad-request'
  | 'document-unreadable'
  | 'unauthorized'
  | 'not-found'
  | 'version-not-found'
  | 'method-not-allowed'
  | 'busy'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'configuration-invalid'
  | 'configuration-refused'
  | 'changed-meanwhile'
  | 'not-in-force'
  | 'not-followed'
  | 'rates-invalid'
  | 'deck-unreadable'
  | 'table-not-found'
  | 'analysis-refused'
  | 'internal'
  | 'too-many-queries'
  | 'engine-refused'
  | 'engine-silent'
  | 'payment-refused'
  | 'ledger-away';

/** Status and title. */
const kinds: Record<ProblemCode, readonly [number, string]> = {
  'bad-request': [400, 'The request cannot be understood'],
  'document-unreadable': [400, 'The document is neither valid YAML nor JSON'],
  unauthorized: [401, 'A valid token is needed'],
  'not-found': [404, 'There is nothing at this address'],
  'version-not-found': [404, 'There is no such configuration version'],
  'method-not-allowed': [405, 'This address does not take that method'],
  busy: [409, 'Another change is being applied'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is of a type that is not taken here'],
  'configuration-invalid': [422, 'The configuration document is not valid'],
  'configuration-refused': [422, 'The configuration cannot be put in force'],
  'changed-meanwhile': [409, 'Another node has changed the configuration meanwhile'],
  'not-followed': [409, 'This node does not run on the configuration of its database'],
  'not-in-force': [503, 'The change is stored, but this node does not run on it yet'],
  'rates-invalid': [422, 'The rate deck has bad lines; nothing was changed'],
  'deck-unreadable': [422, 'The file cannot be read as a rate deck'],
  'table-not-found': [404, 'There is no such rate table'],
  'analysis-refused': [422, 'The call cannot be analysed'],
  internal: [500, 'A fault of the administration process'],
  'too-many-queries': [429, 'Too many queries are under way'],
  'engine-refused': [502, 'The engine refused'],
  'engine-silent': [503, 'The engine does not answer'],
  'payment-refused': [409, 'The payment cannot be made'],
  'ledger-away': [503, 'The database of the ledger cannot be reached'],
};

const typePrefix = 'urn:tandem:problem:';

/** More would not be read; `detail` says how many there were. */
const fieldsMax = 50;
const valueCharactersMax = 200;

export function problem(code: ProblemCode, detail: string, errors: ProblemField[] = []): Problem {
  const [status, title] = kinds[code];
  const made: Problem = { type: typePrefix + code, title, status, detail };
  // Of a rate deck every bad line is told: there is no other place to look for it.
  const shown = code === 'rates-invalid' ? errors : errors.slice(0, fieldsMax);
  if (shown.length > 0) made.errors = shown.map(shownField);
  return made;
}

export function isProblemOf(made: Problem, code: ProblemCode): boolean {
  return made.type === typePrefix + code;
}

/** Thrown wherever a request cannot be served; the router turns it into the reply. */
export class RequestRefused extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, detail: string, errors: ProblemField[] = []) {
    super(detail);
    this.name = 'RequestRefused';
    this.problem = problem(code, detail, errors);
  }
}

export function problemReply(made: Problem, headers: Record<string, string> = {}): HttpReply {
  return {
    status: made.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: `${JSON.stringify(made)}\n`,
  };
}

/** What a thrown value means to the client; undefined: it is our own fault, and only the log says more. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof RequestRefused) return error.problem;
  if (error instanceof BodyTooLarge) {
    return problem('body-too-large', `expected at most ${error.limitBytes} bytes`);
  }
  if (error instanceof LedgerAway) return problem('ledger-away', error.message);
  if (error instanceof PaymentRefused) {
    const code = error.code === 'no-account' ? 'not-found' : 'payment-refused';
    return problem(code, error.message);
  }
  return undefined;
}

const secretName = /(password|secret|token|ha1)$/i;

function shownField(field: ProblemField): ProblemField {
  const shown: ProblemField = { path: field.path, message: field.message };
  if (field.line !== undefined) shown.line = field.line;
  if (field.value !== undefined) {
    shown.value = secretName.test(field.path) ? '(hidden)' : shortened(field.value);
  }
  if (field.expected !== undefined) shown.expected = field.expected;
  return shown;
}

function shortened(value: unknown): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  if (text.length > valueCharactersMax) return `${text.slice(0, valueCharactersMax)}…`;
  return value;
}
