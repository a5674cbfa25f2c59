// The figures that were asked for before the work began, each beside what a run measured.

import type {
  BilledResult,
  MemoryResult,
  OverloadResult,
  StepResult,
  SuiteResults,
} from './results.ts';
import { growth, growthByNumber } from './routing-growth.ts';
import { overloadCores } from './suites/steps.ts';

export interface WantedFigure {
  figure: string;
  wanted: string;
  /** Absent: the run has no such suite. */
  measured?: string;
  reached?: boolean;
}

export function wantedFigures(suites: SuiteResults): WantedFigure[] {
  return [
    ...cpuFigures(suites),
    ceilingFigure(suites),
    delayFigure(suites),
    ...memoryFigures(suites),
    ...startFigures(suites),
    judged(
      'longest event-loop stall of a call worker at half the highest rate',
      'under 50 ms',
      suites.stall,
      ({ longestStallMs, minutes }) => ({
        measured: `${longestStallMs} ms in ${minutes} minutes`,
        reached: longestStallMs < 50,
      }),
    ),
    ...overloadFigures(suites),
    judged(
      'a plan of 1,000,000 prefixes and 200 carriers applied under load: longest stall',
      'at most 20 ms, no call failed',
      suites.swap,
      ({ longestStallMs, beforeMs, prefixes, rate, failed }) => ({
        measured: `${longestStallMs} ms (${prefixes} prefixes, ${rate} CPS, ${failed} failed${beforeMs === undefined ? '' : `; ${beforeMs} ms in the minute before`})`,
        reached: longestStallMs <= 20 && failed === 0,
      }),
    ),
    ...routingFigures(suites),
    ...rateFigures(suites),
    judged(
      'kill -9 under load: answered BYEs without exactly one CDR',
      'none of 20 kills',
      suites.crash,
      ({ lost, doubled, kills, rate, byesAnswered }) => ({
        measured: `${lost + doubled} of ${byesAnswered} in ${kills} kills`,
        // Between two kills there are three seconds: calls that hardly ran prove nothing.
        reached: lost + doubled === 0 && byesAnswered >= kills * rate,
      }),
    ),
    judged('what billing adds to a call on the call path', 'at most 5 µs', suites.money, (row) => ({
      measured: `${(row.billedUs - row.notBilledUs).toFixed(1)} µs`,
      reached: row.billedUs - row.notBilledUs <= 5,
    })),
    ...billedFigures(suites),
    ...drainFigures(suites),
  ];
}

function judged<T>(
  figure: string,
  wanted: string,
  value: T | undefined,
  judge: (value: T) => { measured: string; reached: boolean },
): WantedFigure {
  return value === undefined ? { figure, wanted } : { figure, wanted, ...judge(value) };
}

interface CpuRatio {
  readonly ratio: number;
  readonly rate: number;
}

/** The ratios of two systems at the rates that both carried cleanly, highest first: CPU of calls that failed and were
 *  repeated is nobody's price. */
function cpuRatios(steps: readonly StepResult[], over: string): CpuRatio[] {
  const clean = steps.filter((step) => step.clean);
  const own = clean.filter(({ system }) => system === 'Tandem').sort((a, b) => b.rate - a.rate);
  return own.flatMap((step) => {
    const other = clean.find(({ system, rate }) => system === over && rate === step.rate);
    if (other === undefined) return [];
    return [{ ratio: step.systemCpuPerCallUs / other.systemCpuPerCallUs, rate: step.rate }];
  });
}

/** Judged is the first; all are told. */
function ratiosText([first, ...others]: readonly CpuRatio[]): string {
  const text = ({ ratio, rate }: CpuRatio): string => `${ratio.toFixed(2)} at ${rate}`;
  const more = others.length === 0 ? '' : ` (${others.map(text).join(', ')})`;
  return `${text(first!)} CPS${more}`;
}

function cpuFigures({ cpu = [] }: SuiteResults): WantedFigure[] {
  const rows = [
    {
      figure: 'CPU per call, Tandem / Kamailio with dialog and accounting to log',
      over: 'Kamailio',
      most: 0.75,
    },
    {
      figure: 'CPU per call over a bare `dgram` relay of the same 14 datagrams',
      over: 'bare dgram',
      most: 2,
    },
  ];
  return rows.map(({ figure, over, most }) => {
    const ratios = cpuRatios(cpu, over);
    return judged(
      `${figure}, at the highest rate that both carry`,
      `at most ${most}`,
      ratios[0],
      ({ ratio }) => ({
        measured: ratiosText(ratios),
        reached: ratio <= most,
      }),
    );
  });
}

/** At the highest rate that both switches took without a fault. */
function billedPair(
  billed: readonly BilledResult[],
): { own: BilledResult; other: BilledResult } | undefined {
  const clean = billed.filter((row) => row.clean).sort((a, b) => b.rate - a.rate);
  for (const own of clean.filter(({ system }) => system === 'Tandem')) {
    const other = clean.find(({ system, rate }) => system === 'Kamailio' && rate === own.rate);
    if (other !== undefined) return { own, other };
  }
  return undefined;
}

/** The microseconds of one machine say nothing about another's: they were stated beside Kamailio's. */
const beside = 100 / 160;

function billedFigures({ billed = [] }: SuiteResults): WantedFigure[] {
  const pair = billedPair(billed);
  const total = (row: BilledResult): number =>
    row.systemCpuPerCallUs + (row.databaseCpuPerCallUs ?? 0);
  return [
    judged(
      'CPU per billed call with the database server, Tandem / Kamailio with accounting to one',
      'at most 0.6',
      pair,
      ({ own, other }) => ({
        measured: `${(total(own) / total(other)).toFixed(2)} (${total(own).toFixed(0)} / ${total(other).toFixed(0)} µs) at ${own.rate} CPS`,
        reached: total(own) / total(other) <= 0.6,
      }),
    ),
    judged(
      'the same without the database server',
      `at most 100 µs on a machine where Kamailio takes 160 (${beside.toFixed(3)} of it)`,
      pair,
      ({ own, other }) => {
        const share = own.systemCpuPerCallUs / other.systemCpuPerCallUs;
        return {
          measured: `${share.toFixed(3)} (${own.systemCpuPerCallUs.toFixed(0)} / ${other.systemCpuPerCallUs.toFixed(0)} µs)`,
          reached: own.systemCpuPerCallUs <= 100 || share <= beside,
        };
      },
    ),
  ];
}

function drainFigures({ drain = [] }: SuiteResults): WantedFigure[] {
  const of = (underCalls: boolean) =>
    drain.find(({ store, rate }) => store === 'mysql' && rate > 0 === underCalls);
  return [false, true].map((underCalls) =>
    judged(
      `a backlog of 1,000,000 CDRs into MariaDB${underCalls ? ' while calls go on' : ''}`,
      `over 20,000 CDRs a second${underCalls ? ', no call failed' : ''}`,
      of(underCalls),
      ({ cdrs, cdrsPerSecond, rate, failed }) => ({
        measured: `${cdrsPerSecond} a second (${cdrs} CDRs${underCalls ? `, ${rate} CPS, ${failed} failed` : ''})`,
        reached: cdrsPerSecond > 20_000 && cdrs >= 1_000_000 && failed === 0,
      }),
    ),
  );
}

function ceilingFigure({ ceiling = [] }: SuiteResults): WantedFigure {
  const of = (name: string): number | undefined =>
    ceiling.find(({ system }) => system === name)?.cleanCps;
  const [tandem, kamailio] = [of('Tandem'), of('Kamailio')];
  const ratio = tandem === undefined || kamailio === undefined ? undefined : tandem / kamailio;
  return judged(
    'highest CPS with no failed call and no retransmission, Tandem / Kamailio',
    'at least 1.5',
    ratio,
    (value) => ({
      measured: `${value.toFixed(2)} (${tandem} / ${kamailio})`,
      reached: value >= 1.5,
    }),
  );
}

function delayFigure({ delay = [] }: SuiteResults): WantedFigure {
  const own = delay.find(({ system }) => system === 'Tandem');
  return judged(
    'added post-dial delay at half the highest rate, p99',
    'under 2 ms',
    own === undefined ? undefined : addedDelay(own, delay),
    ({ p50Ms, p99Ms }) => ({
      measured: `${p99Ms.toFixed(3)} ms (p50 ${p50Ms.toFixed(3)} ms) at ${own?.rate} CPS`,
      reached: p99Ms < 2,
    }),
  );
}

/**
 * What a switch adds to the calls without one at the same rate, as the delay probe timed both. Undefined
 * where SIPp's own clock gave the times: a p99 in its steps of 4 ms cannot be judged against 2 ms.
 */
export function addedDelay(
  { system, rate, postDialDelay: own }: StepResult,
  rows: readonly StepResult[],
): { p50Ms: number; p99Ms: number } | undefined {
  const straight = rows.find((row) => row.system === 'SIPp to SIPp' && row.rate === rate);
  const without = straight?.postDialDelay;
  if (system === straight?.system || own === undefined || without === undefined) return undefined;
  if (own.p999Ms === undefined || without.p999Ms === undefined) return undefined;
  return { p50Ms: own.p50Ms - without.p50Ms, p99Ms: own.p99Ms - without.p99Ms };
}

/** RSS that is still there after a round is the heap's own slack: the second round must not add to it. */
function memoryFigures({ memory = [] }: SuiteResults): WantedFigure[] {
  const rounds = memory.filter(({ system }) => system === 'Tandem');
  const [first, second] = rounds;
  const perCall = (row: MemoryResult): number => (row.heldBytes - row.beforeBytes) / row.held;
  return [
    judged('memory per concurrent call', 'under 4096 bytes', first, (row) => ({
      measured: `${Math.round(perCall(row))} bytes, ${row.held} held`,
      reached: perCall(row) < 4096,
    })),
    judged('memory after the calls ended', 'back at its base', second ?? first, (row) => {
      const left = row.afterBytes - (first as MemoryResult).beforeBytes;
      const held = row.heldBytes - (first as MemoryResult).beforeBytes;
      return {
        measured: `${(left / 2 ** 20).toFixed(1)} MiB above its start, of ${(held / 2 ** 20).toFixed(1)} (judged: a quarter at most)`,
        reached: left < 0.25 * held,
      };
    }),
  ];
}

function routingFigures({ routing }: SuiteResults): WantedFigure[] {
  return [
    judged('a routing decision of that plan, alone', 'under 10 µs (median)', routing, (row) => ({
      measured: `${row.decisionMedianUs} µs by price first, ${row.asrDecisionMedianUs ?? 'not measured'} by ASR first (${row.prefixes} prefixes, ${row.gateways} gateways)`,
      reached:
        Math.max(row.decisionMedianUs, row.asrDecisionMedianUs ?? Number.NaN) < 10 &&
        row.prefixes >= 1_000_000,
    })),
    judged(
      'a longest prefix found among them',
      'under 1 µs',
      routing,
      ({ lookupNs = Number.NaN }) => ({
        measured: `${(lookupNs / 1000).toFixed(2)} µs`,
        reached: lookupNs < 1000,
      }),
    ),
    judged('a prefix in the shared tables', 'at most 64 bytes', routing, (row) => ({
      measured: `${row.bytesPerPrefix} bytes`,
      reached: row.bytesPerPrefix <= 64,
    })),
    judged(
      'CPU per call of that plan over a configuration with one gateway',
      'at most 1.1',
      routing?.single && routing,
      (row) => ({
        measured: `${growth(row).toFixed(2)} at ${row.large[0]?.rate} CPS; over own gateways that are priced ${growthByNumber(row).toFixed(2)}`,
        reached: growth(row) <= 1.1,
      }),
    ),
  ];
}

function rateFigures({ rates }: SuiteResults): WantedFigure[] {
  return [
    judged('a rate deck of 1,000,000 rates imported under load', 'under 10 s', rates, (row) => ({
      measured: `${Math.max(...row.importSeconds)} s (${row.rates} rates)`,
      reached: Math.max(...row.importSeconds) < 10 && row.rates >= 1_000_000,
    })),
    judged('the same: longest stall of the engine', 'at most 20 ms', rates, (row) => ({
      measured: `${row.workerStallMs} ms (main thread ${row.mainStallMs} ms)`,
      reached: Math.max(row.workerStallMs, row.mainStallMs) <= 20,
    })),
    judged('a rate compiled into the shared tables', 'at most 64 bytes', rates, (row) => ({
      measured: `${row.bytesPerRate} bytes`,
      reached: row.bytesPerRate <= 64,
    })),
    judged('a rate looked up among 1,000,000', 'under 1 µs', rates, (row) => ({
      measured: `${(row.lookupNs / 1000).toFixed(2)} µs`,
      reached: row.lookupNs < 1000,
    })),
  ];
}

function overloadFigures({ overload }: SuiteResults): WantedFigure[] {
  const ofTandem = overload?.filter(({ system }) => system === 'Tandem');
  return [...overTwice(ofTandem), curveFigure(ofTandem)];
}

function overTwice(ofTandem: readonly OverloadResult[] | undefined): WantedFigure[] {
  return [undefined, overloadCores].map((cores) =>
    judged(
      `twice the highest clean rate${cores === undefined ? '' : `, the system held to ${cores} cores`}: share of it that still completes`,
      'at least 0.9, half of it clean ten seconds later',
      ofTandem?.find(({ coresMax }) => coresMax === cores),
      ({ share, failedAfterRecovery }) => ({
        measured: `${share}, then ${failedAfterRecovery} failed`,
        reached: share >= 0.9 && failedAfterRecovery === 0,
      }),
    ),
  );
}

/** Flat behind the knee: no rate above the clean one may complete much less than it. */
function curveFigure(ofTandem: readonly OverloadResult[] | undefined): WantedFigure {
  const curve = ofTandem?.find((row) => row.curve !== undefined)?.curve;
  const behind = curve?.filter(({ factor }) => factor >= 1);
  return judged(
    `from the highest clean rate to three times of it, the system held to ${overloadCores} cores: least share that completes (--curve)`,
    'at least 0.9',
    behind,
    (points) => {
      const least = points.reduce((one, other) => (other.share < one.share ? other : one));
      return {
        measured: `${least.share} at ${least.factor} times`,
        reached: least.share >= 0.9 && points.some(({ factor }) => factor >= 3),
      };
    },
  );
}

function startFigures({ start = [] }: SuiteResults): WantedFigure[] {
  const small = start.find(({ prefixes }) => prefixes <= 10_000);
  const large = start.find(({ prefixes }) => prefixes >= 1_000_000);
  const slowest = (row: { readyMs: number[] }): number => Math.max(...row.readyMs);
  return [
    judged('start to `ready`, 10,000 prefixes', 'under 2 s', small, (row) => ({
      measured: `${slowest(row)} ms`,
      reached: slowest(row) < 2000,
    })),
    judged('start to `ready`, 1,000,000 prefixes', 'under 5 s', large, (row) => ({
      measured: `${slowest(row)} ms`,
      reached: slowest(row) < 5000,
    })),
    judged('idle memory of both processes', 'under 200 MB', small, (row) => ({
      measured: `${(row.idleRssBytes / 1e6).toFixed(0)} MB`,
      reached: row.idleRssBytes < 200e6,
    })),
    judged('idle CPU', 'under 2 % of a core', small, (row) => ({
      measured: `${(row.idleCpuShare * 100).toFixed(2)} %`,
      reached: row.idleCpuShare < 0.02,
    })),
  ];
}
