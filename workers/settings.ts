// The node file: read, checked and given its defaults. Every refusal names the file, the key, the value
// and what was expected; the process then exits with code 2. What this version cannot do is refused by
// name, never accepted and ignored.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { completePush, type PushSettings, pushSchema } from './hand-off/push-settings.ts';
import { type ListenSetting, parseListen } from './listen-setting.ts';
import { StartRefused } from './start-refused.ts';

export interface Settings {
  /** Absolute; '' where there is none. */
  readonly nodeFile: string;
  readonly node: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly listen: readonly ListenSetting[];
  readonly callWorkers: number;
  /** "http://127.0.0.1:8080". */
  readonly adminListen: string;
  readonly cdrSyncMs: number;
  readonly logLevel: LogLevel;
  readonly drainSeconds: number;
  /** "mysql://user:password@127.0.0.1:3306/tandem"; '': none. Never shown. */
  readonly mysqlUrl: string;
  /** Absolute; of the hourly text files. */
  readonly cdrFilesDir: string;
  /** Where finished CDRs are sent; null: nowhere. */
  readonly cdrPush: PushSettings | null;
  /** What was accepted but has no effect yet; logged at start. */
  readonly notices: readonly string[];
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface SettingsSource {
  /** `--config`; without it `node.yaml`, `node.yml` or `node.json` of the data directory, if there. */
  configFile?: string | undefined;
  /** `--data`; wins over the file's `dataDir`. */
  dataDir?: string | undefined;
}

const callWorkersMax = 64;
const drainSecondsMax = 24 * 3600;
const cdrSyncMsMax = 60_000;
/** A node file is a page of text; more is a mistaken path. */
const nodeFileBytesMax = 1 << 20;

const nodeFileSchema = z.strictObject({
  node: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 letters, digits, ".", "_" or "-"')
    .optional(),
  dataDir: z.string().min(1, 'expected a directory').optional(),
  sip: z
    .strictObject({
      listen: z.array(z.string()).min(1, 'expected at least one address').max(64).optional(),
    })
    .optional(),
  workers: z
    .strictObject({
      calls: z.int().min(1).max(callWorkersMax).optional(),
      media: z.int().min(0).max(callWorkersMax).optional(),
    })
    .optional(),
  admin: z.strictObject({ listen: z.string().optional() }).optional(),
  mysql: z.strictObject({ url: z.string() }).nullable().optional(),
  cdrSyncMs: z.int().min(0).max(cdrSyncMsMax).optional(),
  cdrFiles: z.strictObject({ directory: z.string().min(1, 'expected a directory') }).optional(),
  cdrPush: pushSchema.nullable().optional(),
  log: z.strictObject({ level: z.enum(logLevels).optional() }).optional(),
  drainSeconds: z.int().min(0).max(drainSecondsMax).optional(),
});
const secretKeys: ReadonlySet<unknown> = new Set(['mysql', 'cdrPush']);
type NodeFile = z.infer<typeof nodeFileSchema>;

/** @throws StartRefused */
export function loadSettings(source: SettingsSource): Settings {
  const file = findNodeFile(source);
  const nodeFile = file === undefined ? {} : validate(file, readNodeFile(file));
  return complete(file, nodeFile, source);
}

function findNodeFile(source: SettingsSource): string | undefined {
  if (source.configFile !== undefined) return source.configFile;
  const directory = source.dataDir ?? './data';
  return ['node.yaml', 'node.yml', 'node.json']
    .map((name) => join(directory, name))
    .find((path) => existsSync(path));
}

function readNodeFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartRefused('TANDEM_NODE_FILE', `${file}: cannot be read: ${messageOf(error)}`);
  }
  if (text.length > nodeFileBytesMax) {
    throw refusal(file, '(file)', `${text.length} bytes`, `at most ${nodeFileBytesMax} bytes`);
  }
  try {
    return file.endsWith('.json') ? JSON.parse(text) : (parse(text) ?? {});
  } catch (error) {
    throw new StartRefused('TANDEM_NODE_FILE', `${file}: not valid: ${messageOf(error)}`);
  }
}

function validate(file: string, content: unknown): NodeFile {
  const result = nodeFileSchema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const expected =
    issue.code === 'unrecognized_keys'
      ? 'no such key'
      : issue.message.replace(/^(.*: )?expected /, '').replace(/, received .*$/, '');
  // A secret that was written one level too high is one all the same.
  const shown = secretKeys.has(keys[0]) ? '(hidden)' : valueAt(content, keys);
  throw refusal(file, keys.map(String).join('.') || '(top)', shown, expected);
}

function valueAt(content: unknown, keys: readonly PropertyKey[]): unknown {
  let value = content;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function complete(path: string | undefined, nodeFile: NodeFile, source: SettingsSource): Settings {
  const file = path ?? 'the defaults';
  const texts = nodeFile.sip?.listen ?? ['udp://0.0.0.0:5060'];
  const listen = texts.map((text, i) => {
    const parsed = parseListen(text);
    if (typeof parsed === 'string') throw refusal(file, `sip.listen.${i}`, text, parsed);
    return parsed;
  });
  const media = nodeFile.workers?.media ?? 0;
  const dataDir = resolve(source.dataDir ?? nodeFile.dataDir ?? './data');
  return {
    nodeFile: path === undefined ? '' : resolve(path),
    node: nodeFile.node ?? nodeNameOfHost(),
    dataDir,
    listen,
    callWorkers: nodeFile.workers?.calls ?? Math.max(1, availableParallelism() - 1),
    adminListen: checkAdminListen(file, nodeFile.admin?.listen ?? 'http://127.0.0.1:8080'),
    cdrSyncMs: nodeFile.cdrSyncMs ?? 1000,
    logLevel: nodeFile.log?.level ?? 'info',
    drainSeconds: nodeFile.drainSeconds ?? 30,
    mysqlUrl: checkMysqlUrl(file, nodeFile.mysql?.url),
    cdrFilesDir: resolve(nodeFile.cdrFiles?.directory ?? join(dataDir, 'cdr-files')),
    cdrPush: completePush(nodeFile.cdrPush),
    notices:
      media > 0
        ? [`workers.media: ${media} has no effect: media relay is not in this version`]
        : [],
  };
}

function nodeNameOfHost(): string {
  return (
    hostname()
      .replaceAll(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 64) || 'node'
  );
}

function checkAdminListen(file: string, text: string): string {
  const expected = 'http://ADDRESS:PORT';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refusal(file, 'admin.listen', text, expected);
  }
  if (url.protocol !== 'http:') {
    throw refusal(file, 'admin.listen', text, `${expected} (${url.protocol} is not supported)`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw refusal(file, 'admin.listen', text, expected);
  }
  return text.replace(/\/$/, '');
}

/** What is wrong is told without the value, which holds a password. */
function checkMysqlUrl(file: string, text: string | undefined): string {
  if (text === undefined) return '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWhole =
    url?.protocol === 'mysql:' && url.hostname !== '' && /^\/[^/]+$/.test(url.pathname);
  if (!isWhole || url.search !== '' || url.hash !== '') {
    throw new StartRefused(
      'TANDEM_SETTING',
      `${file}: mysql.url: expected mysql://USER:PASSWORD@HOST:PORT/DATABASE`,
    );
  }
  return text;
}

function refusal(file: string, key: string, value: unknown, expected: string): StartRefused {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
  return new StartRefused('TANDEM_SETTING', `${file}: ${key}: ${shown}: expected ${expected}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
