// What is wrong with a document: where, which value, what was expected. One sentence a problem, because
// an operator reads it at night; the parts are kept for the API's problem documents.

export interface DocumentProblem {
  /** "routingGateways[2].address". */
  readonly path: string;
  /** The value as it stands in the document, shortened; '' where it is missing. */
  readonly value: string;
  /** The whole sentence. */
  readonly text: string;
}

/** Problems told of one document, and of one list in it; the rest would say the same again. */
export const problemsMax = 100;
export const problemsPerListMax = 20;
const shownCharsMax = 60;

/** `reason` begins with "is ..." where it says what the value is, else it says what was expected. */
export function documentProblem(path: string, value: unknown, reason: string): DocumentProblem {
  const shown = shownValue(value);
  const subject = path === '' ? 'the document' : path;
  let text: string;
  if (value === undefined) {
    text = reason.startsWith('is ')
      ? `${subject} ${reason}`
      : `${subject} is missing; expected ${reason}`;
  } else if (reason.startsWith('is ')) {
    text = `${subject}: ${shown} ${reason}`;
  } else {
    text = `${subject}: ${shown} is not accepted; expected ${reason}`;
  }
  return { path, value: shown, text };
}

export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

function shownValue(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}...`;
}
