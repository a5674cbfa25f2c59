// A real node for whole-system tests: started by its own command line in a folder of its own, configured
// with `tandem apply`, read with `tandem status` and `tandem cdr` as an operator would.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stopChild } from '../../bench/peers/child.ts';
import { freePorts } from '../../bench/peers/free-port.ts';
import {
  applyDocument,
  runTandemCommand,
  startTandem,
  stopTandem,
  type Tandem,
  type TandemOptions,
} from '../../bench/peers/tandem.ts';
import type { HandOffsFigures } from '../../workers/admin-messages.ts';
import { createPeerFolder } from '../peers/peer-folder.ts';
import '../peers/leftover-children.ts';

/** What these tests read of a CDR; times are ISO 8601. */
export interface CdrLine {
  readonly id: string;
  readonly callId: string;
  readonly answeredAt: string | null;
  readonly holdTimeMs: number;
  readonly mappingGateway: string;
  readonly routingGateway: string | null;
  readonly calleeAccess: string;
  readonly attempts: readonly { gateway: string; sipCode: number; endReason: string }[];
  readonly configurationVersion: number;
  readonly endReason: string;
  readonly endedBy: string;
  readonly sipCode: number;
}

/** What these tests read of `tandem status`. */
export interface StatusLine {
  readonly state: string;
  readonly callsUp: number;
  readonly callsAnsweredUp: number;
  readonly configurationVersion: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly gateways: readonly { name: string; linesUsed: number }[];
  readonly cdrHandOff: HandOffsFigures;
  readonly memoryRssBytes: number;
  readonly cdrLog: { readonly accepting: boolean };
  readonly cdrStore: {
    readonly state: 'up' | 'away';
    readonly queue: { readonly records: number };
  };
}

export interface NodeUnderTest {
  /** Where peers may put their files too. */
  readonly folder: string;
  readonly port: number;
  readonly target: { readonly address: string; readonly port: number };
  readonly apply: (document: object, name?: string) => Promise<void>;
  readonly command: (...args: string[]) => Promise<string>;
  /** By `tandem cdr`. */
  readonly cdrs: (...args: string[]) => Promise<CdrLine[]>;
  /** By GET /api/v1/cdrs: for many questions, each of which would be a process. */
  readonly cdrsOf: (query: Readonly<Record<string, string>>) => Promise<CdrLine[]>;
  readonly status: () => Promise<StatusLine>;
  /** Waits until no call is up and every line is back, and fails where a handler threw. */
  readonly quiet: (patienceMs?: number) => Promise<StatusLine>;
  readonly tandem: () => Tandem;
  /** kill -9 of the engine, and a start on the same directory. */
  readonly crash: () => Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
  /** After a stop, on the same directory. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openNode(more: Partial<TandemOptions> = {}): Promise<NodeUnderTest> {
  const { path: folder, remove } = createPeerFolder();
  const [port, adminPort] = await freePorts(2);
  const options = {
    folder: join(folder, 'node'),
    port: port!,
    adminPort: adminPort!,
    callWorkers: 2,
    drainSeconds: 1,
    ...more,
  };
  let tandem = await startTandem(options);
  const command = (...args: string[]): Promise<string> => runTandemCommand(tandem.dataDir, ...args);
  const get = async (path: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${tandem.token}` };
    const response = await fetch(`${tandem.adminUrl}/api/v1/${path}`, { headers });
    assert.equal(response.status, 200, `GET /api/v1/${path}`);
    return response;
  };
  const status = async (): Promise<StatusLine> =>
    (await (await get('status')).json()) as StatusLine;
  return {
    folder,
    port: options.port,
    target: { address: '127.0.0.1', port: options.port },
    apply: (document, name = 'configuration') => applyDocument(tandem, document, name),
    command,
    cdrs: async (...args) => cdrLines(await command('cdr', ...args)),
    cdrsOf: async (query) =>
      cdrLines(await (await get(`cdrs?${new URLSearchParams(query)}`)).text()),
    status,
    quiet: async (patienceMs = quietMs) => {
      const log = (): string => readFileSync(tandem.child.outputFile, 'utf8').slice(-2000);
      return becomesQuiet(status, log, patienceMs);
    },
    tandem: () => tandem,
    crash: async () => {
      await stopChild(tandem.child, 'SIGKILL');
      tandem = await startTandem(options);
    },
    stop: () => stopTandem(tandem),
    start: async () => {
      tandem = await startTandem(options);
    },
    close: async () => {
      await stopTandem(tandem);
      remove();
    },
  };
}

function cdrLines(text: string): CdrLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as CdrLine);
}

/** Lines come back with the end of a call; figures are a second old. */
const quietMs = 15_000;

async function becomesQuiet(
  status: () => Promise<StatusLine>,
  log: () => string,
  patienceMs: number,
): Promise<StatusLine> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const now = await status();
    assert.equal(now.counters.bugs, 0, `a handler threw: ${log()}`);
    const busy = now.gateways.filter(({ linesUsed }) => linesUsed !== 0);
    if (now.callsUp === 0 && busy.length === 0) return now;
    if (performance.now() > end) {
      const lines = busy.map(({ name, linesUsed }) => `${name} ${linesUsed}`).join(', ');
      throw new Error(`${now.callsUp} calls still up; lines in use: ${lines || 'none'}`);
    }
    await delay(100);
  }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within 15 s: ${what}`);
    await delay(10);
  }
}
