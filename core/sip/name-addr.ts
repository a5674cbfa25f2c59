// name-addr and addr-spec values as text: From, To, Contact, Route, P-Asserted-Identity (RFC 3261 20.10).
import { closingQuote } from './header-list.ts';
import { paramValue, unquoted } from './params.ts';

/** The URI without angle brackets; '' when there is none. */
export function nameAddrUri(value: string): string {
  const open = openBracket(value);
  if (open < 0) {
    // Without brackets what follows the first semicolon belongs to the header.
    const semicolon = value.indexOf(';');
    return (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  }
  const close = value.indexOf('>', open);
  return close < 0 ? '' : value.slice(open + 1, close).trim();
}

/** The display name, quotes and backslashes taken off; '' when there is none. */
export function nameAddrDisplay(value: string): string {
  const open = openBracket(value);
  return open <= 0 ? '' : unquoted(value.slice(0, open).trim());
}

/** The value of a header parameter (name in lower case); '' for a flag, undefined when absent. */
export function nameAddrParam(value: string, name: string): string | undefined {
  return paramValue(nameAddrParams(value), name);
}

/** The header parameters after the URI, first semicolon left out; '' when there are none. */
export function nameAddrParams(value: string): string {
  const open = openBracket(value);
  const from = open < 0 ? 0 : value.indexOf('>', open);
  if (from < 0) return '';
  const semicolon = value.indexOf(';', from);
  return semicolon < 0 ? '' : value.slice(semicolon + 1);
}

/** The bracket that opens the URI, one in a quoted display name apart; -1 when there is none. */
function openBracket(value: string): number {
  for (let i = 0; i < value.length; i++) {
    if (value[i] === '<') return i;
    if (value[i] === '"') i = closingQuote(value, i);
  }
  return -1;
}
