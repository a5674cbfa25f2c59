// Writes BENCHMARKS.md from a run's results; nothing else writes it. `node dist/bench/report.js DIR` writes
// it again from a kept run.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { round } from './load.ts';
import { projectPath } from './peers/project-path.ts';
import { addedDelay, wantedFigures } from './report-wanted.ts';
import type {
  BilledResult,
  DrainResult,
  Environment,
  MemoryResult,
  RatesResult,
  Results,
  RoutingResult,
  StepResult,
  SuiteRun,
} from './results.ts';

export function writeReport(results: Results, file: string): void {
  writeFileSync(file, renderReport(results));
}

export function renderReport(results: Results): string {
  const { suites, environment, runs } = results;
  const sections = [
    '# Benchmarks\n\nWritten by `bench/report.ts` from the results of `npm run bench`; not edited by hand.',
    results.quick ? '**A quick run: it shows that the suites work and measures nothing.**' : '',
    machine(environment),
    '## What was wanted, what was measured',
    table(
      ['figure', 'wanted', 'measured', 'reached'],
      wantedFigures(suites).map(({ figure, wanted, measured, reached }) => [
        figure,
        wanted,
        measured ?? 'not in this run',
        reached === undefined ? '' : reached ? 'yes' : '**no**',
      ]),
    ),
    steps('CPU per call, answer and BYE', suites.cpu),
    steps('Other kinds of call', suites.kinds),
    billed(suites.billed),
    ...(suites.ceiling ?? []).map((ceiling) =>
      steps(
        `Search for the highest clean rate: ${ceiling.system} (${ceiling.cleanCps} CPS${ceiling.confirmed === false ? ', not confirmed by a long step' : ''})`,
        ceiling.steps,
      ),
    ),
    delays(suites.delay),
    overload(results),
    curves(results),
    memory(suites.memory),
    nodeFigures(results),
    origins(runs),
    method(),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function machine({ cpuModel, cores, memoryBytes, kernel, ...versions }: Environment): string {
  return [
    `- Machine: ${cpuModel}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB; Linux ${kernel}; net.core.rmem_max ${versions.receiveBufferMaxBytes}.`,
    `- Versions: Node ${versions.node}, Kamailio ${versions.kamailio}, SIPp ${versions.sipp}.`,
    '- SIPp, caller and gateways, runs on the same cores as the system under test.',
  ].join('\n');
}

/** Which commit each suite has measured, when and by which command; suites of one command share a row. */
function origins(runs: Results['runs']): string {
  const bySource = new Map<string, { run: SuiteRun; suites: string[] }>();
  for (const [suite, run] of Object.entries(runs)) {
    const source = `${run.commit} ${run.changedFiles} ${run.command}`;
    const { suites } = bySource.get(source) ?? { suites: [] };
    bySource.set(source, { run, suites: [...suites, suite] });
  }
  const rows = [...bySource.values()].map(({ run, suites }) => [
    suites.join(', '),
    run.changedFiles === 0 ? run.commit : `${run.commit}, ${run.changedFiles} changed files`,
    run.startedAt.slice(0, 10),
    `\`${run.command}\``,
  ]);
  return `## What was measured by what\n\n${table(['suites', 'commit', 'date', 'command'], rows)}`;
}

function steps(title: string, rows: readonly StepResult[] | undefined): string {
  if (rows === undefined || rows.length === 0) return '';
  return `## ${title}\n\n${table(
    [
      'system',
      'kind',
      'CPS',
      'warm-up + measured s',
      'completed/s',
      'failed',
      'retransmitted',
      'drops system/SIPp',
      'CPU per call µs',
      'cores system',
      'cores SIPp caller + gateways',
    ],
    rows.map((row) => [
      row.system,
      row.kind,
      row.rate,
      `${Math.round(row.warmUpSeconds)} + ${Math.round(row.seconds)}`,
      row.completedCps,
      row.failed,
      row.retransmissions,
      `${row.systemDrops} / ${row.generatorDrops}`,
      row.systemCpuPerCallUs,
      row.systemCpuShare,
      `${row.callerCpuShare} + ${row.gatewaysCpuShare}`,
    ]),
  )}`;
}

function billed(rows: readonly BilledResult[] | undefined): string {
  if (rows === undefined || rows.length === 0) return '';
  return `## CPU per billed call\n\n${table(
    [
      'system',
      'CPS',
      'completed/s',
      'failed',
      'retransmitted',
      'CPU per call µs',
      'database µs',
      'together µs',
      'rows a call',
      'audit',
    ],
    rows.map((row) => [
      row.system,
      row.rate,
      row.completedCps,
      row.failed,
      row.retransmissions,
      row.systemCpuPerCallUs,
      row.databaseCpuPerCallUs ?? '',
      round(row.systemCpuPerCallUs + (row.databaseCpuPerCallUs ?? 0), 1),
      row.rowsPerCall,
      row.auditDifference === undefined ? '' : (row.auditDifference ?? 'the books are right'),
    ]),
  )}\n\nEach beside a MariaDB of its own that commits to the disk (\`innodb_flush_log_at_trx_commit=1\`). Tandem rates customer and carrier, holds both to prepaid balances and stores CDR, postings and checkpoint; Kamailio (eight children, since each waits for its inserts) has its accounting of INVITE and BYE there, and neither rates nor balances.`;
}

function drains(rows: readonly DrainResult[] | undefined): string[] {
  return (rows ?? []).map((row) => {
    const where = row.store === 'mysql' ? 'MariaDB' : 'LMDB';
    const how = row.rate === 0 ? 'by the writer alone' : `at ${row.rate} CPS`;
    const writer = row.writerCpuUs === null ? '' : `writer ${row.writerCpuUs} µs, `;
    const calls = row.rate === 0 ? '' : `; ${row.failed} calls failed`;
    return `- A backlog of ${row.cdrs} CDRs into ${where} ${how}: ${row.cdrsPerSecond} a second; ${writer}database ${row.databaseCpuUs} µs a CDR${calls}; audit: ${row.auditDifference ?? 'the books are right'}.`;
  });
}

function delays(rows: readonly StepResult[] | undefined): string {
  if (rows === undefined) return '';
  const probed = rows.filter(({ postDialDelay }) => postDialDelay?.p999Ms !== undefined);
  if (probed.length === 0) {
    return "## INVITE to 180\n\nThis run has only SIPp's own times, in steps of its clock (4 ms at 250 Hz): too coarse to show.";
  }
  const milliseconds = (value: number | undefined): string => value?.toFixed(3) ?? '';
  return `## INVITE to 180\n\n${table(
    [
      'system',
      'CPS',
      'samples',
      'without 180',
      'p50 ms',
      'p90 ms',
      'p99 ms',
      'p99.9 ms',
      'greatest ms',
      'added p50 ms',
      'added p99 ms',
    ],
    probed.map((row) => {
      const { system, rate, postDialDelay: delay } = row;
      const added = addedDelay(row, rows);
      return [
        system,
        rate,
        delay?.samples ?? 0,
        delay?.unanswered ?? 0,
        milliseconds(delay?.p50Ms),
        milliseconds(delay?.p90Ms),
        milliseconds(delay?.p99Ms),
        milliseconds(delay?.p999Ms),
        milliseconds(delay?.greatestMs),
        milliseconds(added?.p50Ms),
        milliseconds(added?.p99Ms),
      ];
    }),
  )}\n\n${delayMethod}`;
}

const delayMethod = `A probe in a process of its own (\`bench/peers/delay-probe.ts\`) places 100 of the calls a second, at jittered times, and times them in microseconds; SIPp places the others and is the gateway of all, because its own clock moves in kernel ticks (4 ms at 250 Hz). Added: the difference to "SIPp to SIPp" at the same rate, where the probe calls SIPp's gateway itself. "probe to bare echo" is the probe's own floor: a process that only turns its datagrams round, without load. A call without a 180 counts with the 4 s that the probe waits.`;

function overload({ suites }: Results): string {
  if (suites.overload === undefined) return '';
  return `## Overload: twice the highest clean rate\n\n${overloadMethod}\n\n${table(
    [
      'system',
      'its cores',
      'clean CPS',
      'offered',
      'completed/s',
      'share of clean',
      'drops SIPp',
      'cores SIPp',
      'failed after 10 s',
      'retransmitted after 10 s',
    ],
    suites.overload.map((row) => [
      row.system,
      row.coresMax ?? 'all',
      row.cleanCps,
      row.offeredCps,
      row.completedCps,
      row.share,
      row.generatorDrops ?? '',
      row.generatorShare ?? '',
      row.failedAfterRecovery,
      row.retransmissionsAfterRecovery,
    ]),
  )}`;
}

/** What completes of rates around the highest clean one, of each system that has such steps. */
function curves({ suites }: Results): string {
  const rows = (suites.overload ?? []).filter(({ curve }) => curve !== undefined);
  if (rows.length === 0) return '';
  return `## Goodput around the highest clean rate\n\n${curveMethod}\n\n${table(
    [
      'system',
      'its cores',
      'of the clean rate',
      'offered',
      'completed/s',
      'share of clean',
      'drops SIPp',
      'cores SIPp',
    ],
    rows.flatMap(({ system, coresMax = 'all', curve = [] }) =>
      curve.map((point) => [
        system,
        coresMax,
        point.factor,
        point.offeredCps,
        point.completedCps,
        point.share,
        point.generatorDrops,
        point.generatorShare,
      ]),
    ),
  )}`;
}

const curveMethod =
  'Each rate on a system started anew and warmed up, after a warm-up at the rate itself that is longer than transactions linger: what completes of it for good, not until the queues are full.';

const overloadMethod =
  'On all cores SIPp, which offers the calls and answers them, takes the processor that the system would need: where it drops datagrams itself the row is about SIPp. So the systems are measured a second time in a control group of half a core, with the highest clean rate that they have there, and SIPp has the rest.';

function memory(rows: readonly MemoryResult[] | undefined): string {
  if (rows === undefined) return '';
  const mebibytes = (bytes: number | null): string =>
    bytes === null ? '' : (bytes / 2 ** 20).toFixed(1);
  return `## Memory of held calls\n\nAll processes together (PSS); a system's second row is its second round. Heap: of the call workers.\n\n${table(
    [
      'system',
      'held',
      'before MiB',
      'held MiB',
      'after MiB',
      'bytes a call',
      'heap before/held/after MiB',
      'failed',
      'retransmitted',
    ],
    rows.map((row) => [
      row.system,
      row.held,
      mebibytes(row.beforeBytes),
      mebibytes(row.heldBytes),
      mebibytes(row.afterBytes),
      Math.round((row.heldBytes - row.beforeBytes) / row.held),
      [row.heapBeforeBytes, row.heapHeldBytes, row.heapAfterBytes].map(mebibytes).join(' / '),
      row.failed,
      row.retransmissions,
    ]),
  )}`;
}

function nodeFigures({ suites }: Results): string {
  const lines: string[] = [];
  for (const row of suites.start ?? []) {
    lines.push(
      `- Start with ${row.prefixes} prefixes: \`ready\` after ${row.readyMs.join(', ')} ms; idle: RSS ${mib(row.idleRssBytes)}, PSS ${mib(row.idlePssBytes)} MiB in ${row.processes} processes, ${(row.idleCpuShare * 100).toFixed(2)} % of a core over ${row.idleSeconds} s.`,
    );
  }
  if (suites.stall !== undefined) {
    const { rate, minutes, longestStallMs, failed, retransmissions, firstMinuteMs } = suites.stall;
    const first =
      firstMinuteMs === undefined ? '' : `, in a minute before them ${firstMinuteMs} ms`;
    lines.push(
      `- Longest event-loop stall of a call worker in ${minutes} minutes at ${rate} CPS: ${longestStallMs} ms${first}${stolen(suites.stall)}; ${failed} calls failed, ${retransmissions} retransmissions.`,
    );
  }
  if (suites.swap !== undefined) {
    const { prefixes, gateways, rate, applySeconds, longestStallMs, failed, documentBytes } =
      suites.swap;
    const before =
      suites.swap.beforeMs === undefined ? '' : `, in the minute before ${suites.swap.beforeMs} ms`;
    lines.push(
      `- ${prefixes} prefixes over ${gateways} gateways (${mib(documentBytes)} MiB of JSON) applied at ${rate} CPS in ${applySeconds.join(' and ')} s: longest stall ${longestStallMs} ms${before}${stolen(suites.swap)}, ${failed} calls failed.`,
    );
  }
  if (suites.rates !== undefined) lines.push(rateLine(suites.rates));
  if (suites.routing !== undefined) lines.push(routingLine(suites.routing));
  if (suites.crash !== undefined) {
    const { kills, rate, byesAnswered, lost, doubled } = suites.crash;
    lines.push(
      `- ${kills} × \`kill -9\` at ${rate} CPS: ${byesAnswered} BYEs answered, ${lost} without a CDR, ${doubled} with more than one.`,
    );
  }
  lines.push(...drains(suites.drain));
  return lines.length === 0 ? '' : `## One node\n\n${lines.join('\n')}`;
}

/** What stands behind a stall. */
function stolen({ stolenMs }: { stolenMs?: number }): string {
  return stolenMs === undefined
    ? ''
    : ` (meanwhile the hypervisor took a processor away for up to ${stolenMs} ms)`;
}

function rateLine(row: RatesResult): string {
  return `- ${row.rates} rates (${mib(row.fileBytes)} MiB of CSV) imported at ${row.rate} CPS in ${row.importSeconds.join(' and ')} s from command to in force: longest stall of a call worker ${row.workerStallMs} ms, of the main thread ${row.mainStallMs} ms${stolen(row)}, ${row.failed} calls failed; most memory: engine ${mib(row.engineHighBytes)}, admin ${mib(row.adminHighBytes)} MiB. As a workbook, without calls: export ${row.workbookExportSeconds} s, import ${row.workbookImportSeconds} s. Compiled ${row.bytesPerRate} bytes a rate, lookup ${row.lookupNs} ns.`;
}

function routingLine(row: RoutingResult): string {
  const cpu = (steps: readonly StepResult[]): string =>
    steps.map(({ systemCpuPerCallUs }) => systemCpuPerCallUs.toFixed(0)).join(', ');
  return `- A routing decision among ${row.prefixes} prefixes and ${row.gateways} gateways with rates of their own, ASR, ACD and least cost: median ${row.decisionMedianUs} µs, p99 ${row.decisionP99Us} µs, ${row.decisionMeanCpuUs} µs of CPU with the price as first key, median ${row.asrDecisionMedianUs} µs, ${row.asrDecisionMeanCpuUs} µs of CPU with the ASR; ${row.bytesPerPrefix} bytes a prefix, ${row.lookupNs} ns of CPU for the longest. End to end, in turn at ${row.large[0]?.rate} CPS: ${cpu(row.large)} µs a call with such carriers, ${cpu(row.small)} µs with the suites' gateways alone, priced too${row.single === undefined ? '' : `, ${cpu(row.single)} µs with one gateway and no rates`}.`;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

function method(): string {
  return `## How it is measured

- A call is 14 datagrams: INVITE, 100, 180, 200, ACK, BYE, 200 on each side, with 50 ms of ringing (\`bench/sipp\`).
- A rate is reached in four steps of a second.
- CPU is user and system time of all processes of the system (\`/proc/PID/stat\`), read at the end of the warm-up and before the last call, over the calls that ended in between. SIPp's own shares of a core stand beside it: below 1 in each, the generator was not the limit.
- Clean: no failed call and no retransmission on either side (SIPp's statistics and message counts), at 97 % of the offered rate or more.
- Kamailio runs \`-x fm -X fm\` with two children, tm, rr, dialog with a profile (without values, which are counted one by one) for the calls of a gateway, and acc to a log that is a file (\`bench/peers/kamailio.cfg\`). Tandem screens by source address, routes by prefix, counts lines per gateway and writes each CDR to its log before the final response.
- "bare dgram" is a Node process that passes every datagram on and does nothing else (\`bench/peers/bare-dgram.ts\`).
- SIPp's statistics of every step are kept, compressed, beside \`results.json\` in \`bench/results\`.`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node dist/bench/report.js bench/results/RUN');
    process.exit(2);
  }
  const kept = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
  writeReport(kept, projectPath('BENCHMARKS.md'));
}
