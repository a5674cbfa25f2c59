// SIP, SIPS and tel URIs as text (RFC 3261 19.1, RFC 3966, RFC 5118).
import { parseDecimal } from '../bytes/digits.ts';
import { hasParam, paramValue } from './params.ts';

export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Escapes decoded, password and parameters cut; of tel the number without visual separators. */
  readonly user: string;
  /** Parameters inside the user part, without the first semicolon, escapes kept. */
  readonly userParams: string;
  /** In lower case, IPv6 without brackets; '' for tel. */
  readonly host: string;
  /** 0: none given. */
  readonly port: number;
  /** URI parameters without the first semicolon, as they came. */
  readonly params: string;
  /** URI headers without the question mark, as they came. */
  readonly headers: string;
}

/** undefined: another scheme, or malformed. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  const rest = text.slice(colon + 1);
  if (scheme === 'tel') return parseTel(rest);
  return scheme === 'sip' || scheme === 'sips' ? parseSip(scheme, rest) : undefined;
}

/** A URI parameter by its name in lower case; '' for a flag, undefined when absent. */
export function uriParam(uri: SipUri, name: string): string | undefined {
  return paramValue(uri.params, name);
}

/** RFC 3261 19.1.1: a loose router. */
export function isLooseRouter(uri: SipUri): boolean {
  return hasParam(uri.params, 'lr');
}

/** The number called or calling: the user of a SIP URI, the number of a tel URI; '' when there is none. */
export function uriUser(text: string): string {
  return parseUri(text)?.user ?? '';
}

function parseTel(rest: string): SipUri | undefined {
  const semicolon = rest.indexOf(';');
  const number = withoutSeparators(unescapeUri(semicolon < 0 ? rest : rest.slice(0, semicolon)));
  if (number === '' || !isPlain(rest)) return undefined;
  const params = semicolon < 0 ? '' : rest.slice(semicolon + 1);
  return { scheme: 'tel', user: number, userParams: '', host: '', port: 0, params, headers: '' };
}

function parseSip(scheme: 'sip' | 'sips', rest: string): SipUri | undefined {
  if (!isPlain(rest)) return undefined;
  const at = rest.indexOf('@');
  const userInfo = at < 0 ? '' : rest.slice(0, at);
  if (at === 0) return undefined;
  const server = at < 0 ? rest : rest.slice(at + 1);
  const question = server.indexOf('?');
  const beforeHeaders = question < 0 ? server : server.slice(0, question);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon);
  const hostEnd = hostLength(hostPort);
  const port = hostEnd === hostPort.length ? 0 : portNumber(hostPort, hostEnd);
  if (hostEnd === 0 || port < 0) return undefined;
  const bracketed = hostPort[0] === '[';
  return {
    scheme,
    user: unescapeUri(cutAt(cutAt(userInfo, ';'), ':')),
    userParams: userParamsOf(userInfo),
    host: (bracketed ? hostPort.slice(1, hostEnd - 1) : hostPort.slice(0, hostEnd)).toLowerCase(),
    port,
    params: semicolon < 0 ? '' : beforeHeaders.slice(semicolon + 1),
    headers: question < 0 ? '' : server.slice(question + 1),
  };
}

function userParamsOf(userInfo: string): string {
  const semicolon = userInfo.indexOf(';');
  return semicolon < 0 ? '' : cutAt(userInfo.slice(semicolon + 1), ':');
}

function cutAt(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
}

/** No white space, control, bracket or quote. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 34 || code === 60 || code === 62 || code === 127) return false;
  }
  return true;
}

/** Characters of the host in "host[:port]", the brackets of IPv6 included; 0 when malformed. */
function hostLength(hostPort: string): number {
  if (hostPort[0] === '[') {
    const close = hostPort.indexOf(']');
    return close > 1 && isAddressText(hostPort.slice(1, close)) ? close + 1 : 0;
  }
  let i = 0;
  while (i < hostPort.length && isHostCharacter(hostPort.charCodeAt(i))) i++;
  return i === hostPort.length || hostPort[i] === ':' ? i : 0;
}

function isAddressText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isHostCharacter(text.charCodeAt(i)) && text[i] !== ':') return false;
  }
  return true;
}

/** Letters, digits, "-", "." and the "_" that some names have. */
function isHostCharacter(code: number): boolean {
  const folded = code | 32;
  if (code >= 48 && code <= 57) return true;
  return (folded >= 97 && folded <= 122) || code === 45 || code === 46 || code === 95;
}

/** The port after the host, -1 when what stands there is none. */
function portNumber(hostPort: string, hostEnd: number): number {
  if (hostPort[hostEnd] !== ':') return -1;
  const port = parseDecimal(hostPort.slice(hostEnd + 1), 65_535);
  return port === 0 ? -1 : port;
}

/** RFC 3966 5.1.1: "-", ".", "(" and ")" only please the eye. */
function withoutSeparators(number: string): string {
  let out = '';
  for (const character of number) {
    if (character !== '-' && character !== '.' && character !== '(' && character !== ')') {
      out += character;
    }
  }
  return out;
}

/** Percent escapes decoded to one char an octet; a percent sign without two hex digits stays. */
function unescapeUri(text: string): string {
  let percent = text.indexOf('%');
  if (percent < 0) return text;
  let out = '';
  let pos = 0;
  while (percent >= 0) {
    const octet = escapedOctet(text, percent);
    out += text.slice(pos, percent) + (octet < 0 ? '%' : String.fromCharCode(octet));
    pos = percent + (octet < 0 ? 1 : 3);
    percent = text.indexOf('%', pos);
  }
  return out + text.slice(pos);
}

function escapedOctet(text: string, percent: number): number {
  const high = hexDigit(text.charCodeAt(percent + 1));
  const low = hexDigit(text.charCodeAt(percent + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const folded = code | 32;
  return folded >= 97 && folded <= 102 ? folded - 87 : -1;
}
