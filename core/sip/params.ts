// Parameters as text: ";name=value;flag" (RFC 3261 25.1 generic-param, uri-parameters).
import { closingQuote } from './header-list.ts';

/** The value of the first parameter with this name (lower case), quotes taken off; '' for a parameter
 *  without a value, undefined when there is none. */
export function paramValue(params: string, name: string): string | undefined {
  let pos = 0;
  while (pos < params.length) {
    const end = paramEnd(params, pos);
    const equals = params.indexOf('=', pos);
    const nameEnd = equals >= 0 && equals < end ? equals : end;
    if (params.slice(pos, nameEnd).trim().toLowerCase() === name) {
      return nameEnd < end ? unquoted(params.slice(nameEnd + 1, end).trim()) : '';
    }
    pos = end + 1;
  }
  return undefined;
}

export function hasParam(params: string, name: string): boolean {
  return paramValue(params, name) !== undefined;
}

/** The semicolon that ends the parameter starting at `pos`, or the length. */
function paramEnd(params: string, pos: number): number {
  for (let i = pos; i < params.length; i++) {
    if (params[i] === ';') return i;
    if (params[i] === '"') i = closingQuote(params, i);
  }
  return params.length;
}

/** A quoted string without its quotes and backslashes; anything else as it is. */
export function unquoted(text: string): string {
  if (text.length < 2 || text[0] !== '"') return text;
  let out = '';
  for (let i = 1; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\\' && i + 1 < text.length) i++;
    out += text[i];
  }
  return out;
}
