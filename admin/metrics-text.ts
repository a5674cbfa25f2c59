// The Prometheus text format (version 0.0.4): every counter and gauge of the engine's layout, and what
// the admin process counts of itself. A family appears once, with all its samples below its heading.
import { counterRows, gaugeTable } from '../core/metrics/counter-layout.ts';
import type { EngineFigures, HandOffFigures } from '../workers/admin-messages.ts';
import type { MasterState } from './master-state.ts';
import type { RequestCounts } from './request-router.ts';

export interface AdminFigures {
  requests: RequestCounts;
  connections: number;
  liveClients: number;
  liveRefused: number;
  liveLeftOut: number;
  memoryRssBytes: number;
  /** Of the configuration; null: there is none. */
  master: MasterState | null;
}

type Labels = Record<string, string | number>;
type Sample = readonly [Labels, number];

export function metricsText(figures: EngineFigures, admin: AdminFigures): string {
  const lines: string[] = [];
  writeNode(lines, figures);
  for (const { name, metric, help } of counterRows) {
    family(lines, metric, 'counter', help, [[{}, figures.counters[name] ?? 0]]);
  }
  for (const { name, metric, help } of gaugeTable) {
    const samples = figures.workers.map(
      (worker): Sample => [{ worker: worker.index }, worker.gauges[name] ?? 0],
    );
    family(lines, metric, 'gauge', help, samples);
  }
  writeWorkers(lines, figures);
  writeGateways(lines, figures);
  writeSockets(lines, figures);
  writeMaster(lines, admin.master);
  writeAdmin(lines, admin);
  return `${lines.join('\n')}\n`;
}

function writeNode(lines: string[], figures: EngineFigures): void {
  const { version, node, cdrLog } = figures;
  const gauge = (metric: string, help: string, value: number): void =>
    family(lines, metric, 'gauge', help, [[{}, value]]);
  family(lines, 'tandem_build_info', 'gauge', 'version and name of the node', [
    [{ version, node }, 1],
  ]);
  gauge('tandem_start_time_seconds', 'start, seconds since 1970', figures.startedAt / 1000);
  gauge('tandem_uptime_seconds', 'seconds since the start', figures.uptimeSeconds);
  gauge(
    'tandem_draining',
    '1 while the node takes no new calls',
    figures.state === 'draining' ? 1 : 0,
  );
  gauge('tandem_node_calls_up', 'calls of all workers', figures.callsUp);
  gauge('tandem_node_calls_answered_up', 'answered calls of all workers', figures.callsAnsweredUp);
  gauge('tandem_calls_per_second', 'new calls admitted over the last second', figures.cps);
  gauge(
    'tandem_configuration_version',
    'configuration version in force',
    figures.configurationVersion,
  );
  gauge('tandem_resident_memory_bytes', 'resident memory of the engine', figures.memoryRssBytes);
  gauge(
    'tandem_cdr_log_writable',
    '1 while every worker can write its log',
    cdrLog.accepting ? 1 : 0,
  );
  gauge('tandem_cdr_log_frames', 'frames in the CDR log', cdrLog.frames);
  gauge('tandem_cdr_log_bytes', 'bytes in the CDR log', cdrLog.bytes);
  const { count, reserved, exhausted, fraud } = figures.accounts;
  gauge('tandem_accounts', 'accounts of the configuration', count);
  if (exhausted !== null) {
    gauge('tandem_accounts_exhausted', 'accounts with nothing available', exhausted);
  }
  if (reserved !== null) {
    gauge('tandem_money_reserved', 'money that calls up have set aside', Number(reserved));
  }
  gauge('tandem_fraud_limits', 'fraud limits of accounts', fraud.limits);
  gauge(
    'tandem_fraud_limits_warning',
    'limits that warned today, and block nothing',
    fraud.warning,
  );
  gauge('tandem_fraud_limits_blocking', 'limits that blocked calls today', fraud.blocking);
  gauge('tandem_max_cps', 'SS_MAXCPS in force; 0: no limit', figures.maxCps);
  writeCdrStore(lines, figures);
  writeHandOffs(lines, figures);
  writeIngress(lines, figures);
}

function writeCdrStore(lines: string[], { cdrStore }: EngineFigures): void {
  if (cdrStore === null) return;
  const { kind, queue } = cdrStore;
  const each = (type: 'gauge' | 'counter', metric: string, help: string, value: number): void =>
    family(lines, `tandem_cdr_store_${metric}`, type, help, [[{ store: kind }, value]]);
  each('gauge', 'up', '1 while the ledger can be written', cdrStore.state === 'up' ? 1 : 0);
  each('gauge', 'may_lose_commits', '1 where its settings can', cdrStore.warning === '' ? 0 : 1);
  each('counter', 'rows_total', 'CDRs stored since the start', cdrStore.storedRows);
  each('counter', 'rejected_total', 'records set aside', cdrStore.rejectedRecords);
  each('gauge', 'queue_records', 'CDRs in the log only', queue.records);
  each('gauge', 'queue_bytes', 'their bytes', queue.bytes);
  each('gauge', 'queue_oldest_seconds', 'age of the oldest of them', queue.oldestMs / 1000);
}

function writeHandOffs(lines: string[], { cdrHandOff }: EngineFigures): void {
  const handOffs = Object.entries(cdrHandOff).filter(([, handOff]) => handOff !== null);
  type Value = (handOff: HandOffFigures) => number;
  const each = (
    type: 'gauge' | 'counter',
    metric: string,
    [help, value]: [string, Value],
  ): void => {
    const samples = handOffs.map(([to, handOff]): Sample => [{ to }, value(handOff)]);
    family(lines, `tandem_cdr_hand_off_${metric}`, type, help, samples);
  };
  each('gauge', 'up', ['1 while CDRs are taken', ({ state }) => (state === 'up' ? 1 : 0)]);
  each('counter', 'records_total', ['CDRs handed off since the start', (one) => one.records]);
  each('counter', 'set_aside_total', ['CDRs refused or without form', (one) => one.setAside]);
  each('counter', 'lost_total', ['CDRs removed before they were handed off', (one) => one.lost]);
  each('gauge', 'queue_records', ['CDRs not handed off', ({ queue }) => queue.records]);
  each('gauge', 'queue_bytes', ['their bytes', ({ queue }) => queue.bytes]);
  each('gauge', 'queue_oldest_seconds', [
    'age of the oldest',
    ({ queue }) => queue.oldestMs / 1000,
  ]);
}

function writeIngress(lines: string[], { ingress }: EngineFigures): void {
  const gauge = (metric: string, help: string, value: number): void =>
    family(lines, metric, 'gauge', help, [[{}, value]]);
  gauge(
    'tandem_main_loop_stall_ms',
    'longest event-loop stall of the receiving thread in the last minute, ms',
    ingress.loopStallMs,
  );
  gauge('tandem_stream_connections', 'stream connections open', ingress.streamConnections);
  gauge(
    'tandem_stream_queue_bytes',
    'bytes that stream peers have not taken yet',
    ingress.streamQueueBytes,
  );
}

function writeWorkers(lines: string[], { workers }: EngineFigures): void {
  const running = workers.map(
    (worker): Sample => [{ worker: worker.index }, worker.state === 'running' ? 1 : 0],
  );
  const restarts = workers.map((worker): Sample => [{ worker: worker.index }, worker.restarts]);
  family(lines, 'tandem_worker_running', 'gauge', '1 while the call worker runs', running);
  family(lines, 'tandem_worker_starts_again_total', 'counter', 'restarts by worker', restarts);
}

function writeGateways(lines: string[], { gateways }: EngineFigures): void {
  const samples = (value: (at: number) => number): Sample[] =>
    gateways.map(({ name, kind }, at) => [{ gateway: name, kind }, value(at)]);
  family(
    lines,
    'tandem_gateway_lines_used',
    'gauge',
    'lines in use',
    samples((i) => gateways[i]!.linesUsed),
  );
  family(
    lines,
    'tandem_gateway_lines_limit',
    'gauge',
    'lineLimit; 0: none',
    samples((i) => gateways[i]!.lineLimit),
  );
  family(
    lines,
    'tandem_gateway_cps_limit',
    'gauge',
    'cpsLimit; 0: none',
    samples((i) => gateways[i]!.cpsLimit),
  );
  family(
    lines,
    'tandem_gateway_cps',
    'gauge',
    'calls admitted in the last second, of gateways with a cpsLimit',
    gateways
      .filter(({ cps }) => cps !== null)
      .map(({ name, kind, cps }): Sample => [{ gateway: name, kind }, cps!]),
  );
}

function writeSockets(lines: string[], { sockets }: EngineFigures): void {
  family(
    lines,
    'tandem_socket_receive_buffer_bytes',
    'gauge',
    'receive buffer that the kernel granted',
    sockets.map((socket) => [{ listen: socket.listen }, socket.receiveBufferBytes]),
  );
  family(
    lines,
    'tandem_socket_kernel_drops_total',
    'counter',
    'datagrams the kernel dropped at this socket',
    sockets.map((socket) => [{ listen: socket.listen }, socket.kernelDrops]),
  );
}

function writeMaster(lines: string[], master: MasterState | null): void {
  if (master === null) return;
  const gauge = (metric: string, help: string, value: number): void =>
    family(lines, `tandem_configuration_${metric}`, 'gauge', help, [[{}, value]]);
  gauge('master_up', '1 while the database answers', master.state === 'away' ? 0 : 1);
  gauge(
    'followed',
    '0 where what the database has is not in force here',
    master.state === 'notFollowed' ? 0 : 1,
  );
  gauge('master_number', 'number of the document that is followed', master.number);
}

function writeAdmin(lines: string[], admin: AdminFigures): void {
  const rows: readonly (readonly [string, 'counter' | 'gauge', string, number])[] = [
    ['tandem_admin_requests_total', 'counter', 'HTTP requests answered', admin.requests.requests],
    [
      'tandem_admin_refused_token_total',
      'counter',
      'requests without a valid token',
      admin.requests.refusedToken,
    ],
    [
      'tandem_admin_refused_total',
      'counter',
      'requests refused for another reason',
      admin.requests.refused,
    ],
    [
      'tandem_admin_failed_total',
      'counter',
      'requests that failed here or in the engine',
      admin.requests.failed,
    ],
    ['tandem_admin_connections', 'gauge', 'HTTP connections open', admin.connections],
    ['tandem_admin_live_clients', 'gauge', 'WebSocket clients', admin.liveClients],
    ['tandem_admin_live_refused_total', 'counter', 'WebSocket clients refused', admin.liveRefused],
    [
      'tandem_admin_live_left_out_total',
      'counter',
      'messages left out for slow WebSocket clients',
      admin.liveLeftOut,
    ],
    [
      'tandem_admin_resident_memory_bytes',
      'gauge',
      'resident memory of the admin process',
      admin.memoryRssBytes,
    ],
  ];
  for (const [metric, type, help, value] of rows) family(lines, metric, type, help, [[{}, value]]);
}

function family(
  lines: string[],
  metric: string,
  type: 'counter' | 'gauge',
  ...[help, samples]: [string, readonly Sample[]]
): void {
  lines.push(`# HELP ${metric} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
  lines.push(`# TYPE ${metric} ${type}`);
  for (const [labels, value] of samples) lines.push(`${metric}${labelText(labels)} ${value}`);
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(String(value))}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
