// The administrator's token: minted once for a data directory, kept in a file that its owner alone can
// read, compared without telling by the time taken how much of a guess was right.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { adminTokenPath } from '../../workers/data-directory.ts';

const tokenBytes = 32;
/** What fits a WebSocket subprotocol name, a header and a URL fragment alike. */
const tokenForm = /^[A-Za-z0-9_-]{32,256}$/;

/** The token of a data directory, made now if there is none. Of several that start at once the first to
 *  link its file wins and the others read that one; nobody ever reads half a token. */
export function mintAdminToken(dataDir: string): string {
  const path = adminTokenPath(dataDir);
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  const found = readAdminToken(dataDir);
  if (found !== undefined) return found;
  writeFileSync(fresh, `${randomBytes(tokenBytes).toString('base64url')}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(fresh);
  }
  return readAdminToken(dataDir)!;
}

/** Undefined where there is none. @throws where the file holds something else */
export function readAdminToken(dataDir: string): string | undefined {
  const path = adminTokenPath(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (tokenForm.test(text)) return text;
  throw new Error(`${path}: expected a token of 32 to 256 letters, digits, "-" or "_"`);
}

/** Whether others than the owner could read the token. */
export function tokenFileIsOpen(dataDir: string): boolean {
  return (statSync(adminTokenPath(dataDir)).mode & 0o077) !== 0;
}

export type TokenCheck = (presented: string) => boolean;

/** Compares digests, so that neither the content nor the length of a guess shows in the time taken. */
export function tokenCheck(token: string): TokenCheck {
  const expected = digest(token);
  return (presented) => timingSafeEqual(digest(presented), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The token of "Bearer TOKEN" (RFC 6750 2.1); '' where there is none. */
export function bearerToken(authorization: string): string {
  const scheme = authorization.slice(0, 7);
  return scheme.toLowerCase() === 'bearer ' ? authorization.slice(7).trim() : '';
}
