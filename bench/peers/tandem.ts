// Starts Tandem by its own command line, in a data directory of its own, and reads its figures over HTTP
// as an operator would.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { processTree } from '../process-usage.ts';
import { type Child, startChild, stopChild, waitForLine } from './child.ts';
import { freePorts } from './free-port.ts';
import type { PeerOptions, PeerPorts, SystemUnderTest } from './system-under-test.ts';

const program = fileURLToPath(new URL('../../admin/cli/main.js', import.meta.url));
const execute = promisify(execFile);

export interface TandemOptions {
  /** Holds the data directory and the output; kept over restarts. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  readonly callWorkers?: number;
  /** Also takes calls over TCP, on the same port. */
  readonly tcp?: boolean;
  readonly drainSeconds?: number;
  /** Of the ledger; absent: the embedded one. */
  readonly mysqlUrl?: string;
  /** Further keys of the node file. */
  readonly nodeFile?: Readonly<Record<string, unknown>>;
  /** As of startChild. */
  readonly ownGroup?: boolean;
}

export interface Tandem {
  readonly child: Child;
  readonly port: number;
  readonly dataDir: string;
  readonly adminUrl: string;
  readonly token: string;
  /** From spawn to the `ready` line. */
  readonly readyMs: number;
}

export async function chooseTandemOptions(folder: string): Promise<TandemOptions> {
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  return { folder, port, adminPort, drainSeconds: 1 };
}

export async function startTandem(options: TandemOptions): Promise<Tandem> {
  const { folder, port, adminPort } = options;
  const dataDir = join(folder, 'data');
  mkdirSync(folder, { recursive: true });
  const nodeFile = join(folder, 'node.json');
  const transports = options.tcp === true ? ['udp', 'tcp'] : ['udp'];
  writeFileSync(
    nodeFile,
    JSON.stringify({
      node: 'bench',
      dataDir,
      sip: { listen: transports.map((transport) => `${transport}://127.0.0.1:${port}`) },
      ...(options.callWorkers === undefined ? {} : { workers: { calls: options.callWorkers } }),
      admin: { listen: `http://127.0.0.1:${adminPort}` },
      log: { level: 'warn' },
      drainSeconds: options.drainSeconds ?? 30,
      ...(options.mysqlUrl === undefined ? {} : { mysql: { url: options.mysqlUrl } }),
      ...options.nodeFile,
    }),
  );
  const startedMs = performance.now();
  const child = await startChild({
    name: 'tandem',
    command: process.execPath,
    args: [program, 'start', '--config', nodeFile, '--data', dataDir],
    cwd: folder,
    outputFile: join(folder, 'tandem.log'),
    ownGroup: options.ownGroup === true,
  });
  await waitForLine(child, 'ready', 60_000);
  const readyMs = performance.now() - startedMs;
  await adminListens(child, dataDir);
  return {
    child,
    port,
    dataDir,
    adminUrl: readFileSync(join(dataDir, 'admin-url'), 'utf8').trim(),
    token: readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
    readyMs,
  };
}

const listenMs = 60_000;

/** The address is written once the admin process listens, which may be after `ready`. */
async function adminListens(child: Child, dataDir: string): Promise<void> {
  const urlFile = join(dataDir, 'admin-url');
  const end = performance.now() + listenMs;
  while (performance.now() < end && child.running()) {
    if (existsSync(urlFile)) {
      const url = readFileSync(urlFile, 'utf8').trim();
      const healthy = await fetch(`${url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const said = readFileSync(child.outputFile, 'utf8').slice(-2000);
  throw new Error(`the admin process of tandem does not answer; the node said:\n${said}`);
}

/** Runs one command of the command line against this data directory; resolves with its output. */
export async function runTandemCommand(dataDir: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [program, ...args, '--data', dataDir], {
    maxBuffer: 1024 * 1024 * 1024,
  });
  return stdout;
}

export async function applyDocument(
  tandem: Tandem,
  document: unknown,
  name: string,
): Promise<void> {
  const file = join(tandem.dataDir, '..', `${name}.json`);
  writeFileSync(file, JSON.stringify(document));
  await runTandemCommand(tandem.dataDir, 'apply', file, '--replace');
}

/** Sums over all label sets of each metric, and under "name max" the greatest of them. */
export async function readMetrics(tandem: Tandem): Promise<Map<string, number>> {
  const response = await fetch(`${tandem.adminUrl}/metrics`, {
    headers: { authorization: `Bearer ${tandem.token}` },
  });
  if (!response.ok) throw new Error(`GET /metrics: ${response.status} ${await response.text()}`);
  const metrics = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const name = line.slice(0, line.search(/[{ ]/));
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    metrics.set(name, (metrics.get(name) ?? 0) + value);
    metrics.set(`${name} max`, Math.max(metrics.get(`${name} max`) ?? 0, value));
  }
  return metrics;
}

/** What the suites read of `GET /api/v1/status`; figures are at most a second old. */
export interface TandemStatus {
  readonly callsUp: number;
  readonly cdrStore: {
    readonly state: 'up' | 'away';
    readonly storedRows: number;
    readonly queue: { readonly records: number };
  } | null;
}

export async function readStatus(tandem: Tandem): Promise<TandemStatus> {
  const response = await fetch(`${tandem.adminUrl}/api/v1/status`, {
    headers: { authorization: `Bearer ${tandem.token}` },
  });
  if (!response.ok) throw new Error(`GET /status: ${response.status} ${await response.text()}`);
  return (await response.json()) as TandemStatus;
}

/** Waits until every CDR of calls that have ended is in the store. */
export async function allStored(tandem: Tandem, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs;
  for (let emptyReadings = 0; emptyReadings < 3; ) {
    // Figures are a second old: one of them says nothing.
    await delay(1000);
    const { cdrStore } = await readStatus(tandem);
    emptyReadings = cdrStore?.queue.records === 0 ? emptyReadings + 1 : 0;
    if (performance.now() > end) {
      throw new Error(`${cdrStore?.queue.records} CDRs are not stored after ${patienceMs} ms`);
    }
  }
}

/** What `tandem audit` says against the books; null: nothing. */
export async function auditDifference(tandem: Tandem): Promise<string | null> {
  const text = await runTandemCommand(tandem.dataDir, 'audit').catch((error: unknown) => {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined || stdout === '') throw error;
    return stdout;
  });
  return (JSON.parse(text) as { difference: string | null }).difference;
}

export async function stopTandem(tandem: Tandem): Promise<number | null> {
  return stopChild(tandem.child, 'SIGTERM', 30_000);
}

export interface BenchDocument {
  parameters: object;
  mappingGateways: object[];
  routingGateways: object[];
}

/** The configuration that all suites measure: what Kamailio's configuration does, in ours. */
export function benchDocument(ports: PeerPorts): BenchDocument {
  const gateway = (
    name: string,
    port: number,
    prefixes: readonly string[],
    priority: number,
  ): object => ({
    name,
    address: `127.0.0.1:${port}`,
    prefixes,
    priority,
    lineLimit: 1_000_000,
    cpsLimit: 0,
  });
  return {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [
      {
        name: 'caller',
        auth: 'ip',
        addresses: [ports.caller, ports.probe].map((port) => `127.0.0.1:${port}`),
        lineLimit: 1_000_000,
        cpsLimit: 0,
      },
    ],
    routingGateways: [
      gateway('reject', ports.reject, ['45'], 1),
      gateway('answer', ports.answer, ['44', '45'], 2),
      gateway('ring', ports.ring, ['46'], 1),
      gateway('reinvite', ports.reinvite, ['47'], 1),
    ],
  };
}

/** Tandem as a system to measure, on the benchmark's configuration, or on `document`. */
export async function startMeasuredTandem(
  peer: PeerOptions,
  { mysqlUrl, document }: { mysqlUrl?: string; document?: object } = {},
): Promise<SystemUnderTest & { tandem: Tandem; options: TandemOptions }> {
  const options = {
    ...(await chooseTandemOptions(join(peer.folder, 'tandem'))),
    ...(mysqlUrl === undefined ? {} : { mysqlUrl }),
  };
  const tandem = await startTandem(options);
  await applyDocument(tandem, document ?? benchDocument(peer.ports), 'configuration');
  return {
    name: 'Tandem',
    port: tandem.port,
    tandem,
    options,
    pids: () => processTree(tandem.child.pid),
    stop: async () => {
      await stopTandem(tandem);
    },
  };
}
