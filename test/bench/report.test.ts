// The report says "yes" only where the figure was reached, and nothing where it was not measured.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderReport } from '../../bench/report.ts';
import { wantedFigures } from '../../bench/report-wanted.ts';
import type { StepResult, SuiteResults, SuiteRun } from '../../bench/results.ts';

function stepOf(system: string, rate: number, systemCpuPerCallUs: number): StepResult {
  return {
    system,
    kind: 'answer and BYE',
    rate,
    warmUpSeconds: 35,
    seconds: 60,
    calls: 1,
    completedCps: rate,
    failed: 0,
    callerFailed: 0,
    retransmissions: 0,
    systemDrops: 0,
    generatorDrops: 0,
    clean: true,
    systemCpuPerCallUs,
    systemCpuShare: 0.1,
    callerCpuShare: 0.1,
    gatewaysCpuShare: 0.1,
  };
}

const run: SuiteRun = {
  startedAt: '2026-01-02T03:04:05Z',
  command: 'npm run bench -- --quick',
  commit: 'abc123',
  changedFiles: 1,
};

function reportOf(suites: SuiteResults): string {
  return renderReport({
    quick: true,
    environment: {
      cpuModel: 'a processor',
      cores: 2,
      memoryBytes: 2 ** 33,
      kernel: '6.1',
      node: 'v20.0.0',
      kamailio: '5.6.3',
      sipp: '3.6.1',
      receiveBufferMaxBytes: 4194304,
    },
    runs: { cpu: run, kinds: run, ceiling: { ...run, commit: 'def456', changedFiles: 0 } },
    suites,
  });
}

describe('benchmark report', () => {
  it('compares at the highest rate that both carried cleanly', () => {
    const cpu = [
      stepOf('Tandem', 1000, 100),
      stepOf('Tandem', 3000, 60),
      stepOf('Kamailio', 1000, 100),
      stepOf('Kamailio', 3000, 100),
      stepOf('Tandem', 5000, 50),
      { ...stepOf('Kamailio', 5000, 90_000), clean: false },
      stepOf('bare dgram', 1000, 40),
    ];
    const [kamailio, bare] = wantedFigures({ cpu });
    assert.deepEqual(
      [kamailio?.measured, kamailio?.reached],
      ['0.60 at 3000 CPS (1.00 at 1000)', true],
    );
    assert.deepEqual([bare?.measured, bare?.reached], ['2.50 at 1000 CPS', false]);
  });

  it('takes kills for survived only where calls ended between them, at least a second of them each', () => {
    const verdict = (byesAnswered: number, lost = 0, doubled = 0) => {
      const crash = { kills: 20, rate: 1000, byesAnswered, lost, doubled };
      return wantedFigures({ crash }).find(({ figure }) => figure.startsWith('kill -9'))?.reached;
    };
    assert.deepEqual([verdict(0), verdict(19_999), verdict(20_000)], [false, false, true]);
    assert.deepEqual([verdict(40_000, 1), verdict(40_000, 0, 1)], [false, false]);
  });

  it('compares billed calls together with their database, where both switches were clean', () => {
    const row = (system: string, rate: number, [own, database]: [number, number]) => ({
      ...stepOf(system, rate, own),
      databaseCpuPerCallUs: database,
      rowsPerCall: 1,
    });
    const billed = [
      row('Tandem', 500, [130, 40]),
      { ...row('Kamailio', 500, [200, 100]), rowsPerCall: 2 },
      { ...row('Tandem', 1000, [90, 30]), auditDifference: 'account acme' },
      { ...row('Kamailio', 1000, [200, 100]), clean: false },
    ];
    const figures = wantedFigures({ billed }).filter(({ measured }) => measured !== undefined);
    assert.deepEqual(
      figures.map(({ measured, reached }) => [measured, reached]),
      [
        ['0.57 (170 / 300 µs) at 500 CPS', true],
        ['0.650 (130 / 200 µs)', false],
      ],
    );
    const text = reportOf({ billed });
    assert.match(text, /\| Kamailio \| 500 \| 500 \| 0 \| 0 \| 200 \| 100 \| 300 \| 2 \| {2}\|/);
    assert.match(text, /\| Tandem \| 1000 .*account acme \|/);
  });

  it('wants a whole backlog shipped, and no call to fail meanwhile', () => {
    const drain = [0, 500].map((rate) => ({
      store: 'mysql' as const,
      cdrs: 1_000_000,
      rate,
      cdrsPerSecond: 25_000,
      writerCpuUs: rate === 0 ? 20 : null,
      databaseCpuUs: 30,
      auditDifference: null,
      failed: rate === 0 ? 0 : 1,
      retransmissions: 0,
    }));
    const figures = wantedFigures({ drain }).filter(({ measured }) => measured !== undefined);
    assert.deepEqual(
      figures.map(({ reached }) => reached),
      [true, false],
    );
    assert.match(reportOf({ drain }), /25000 a second; writer 20 µs, database 30 µs a CDR; audit/);
  });

  it('judges nothing that was not measured', () => {
    for (const { figure, measured, reached } of wantedFigures({})) {
      assert.deepEqual([figure, measured, reached], [figure, undefined, undefined]);
    }
  });

  const delayOf = (system: string, rate: number, p99Ms: number, probed = true): StepResult => ({
    ...stepOf(system, rate, 0),
    postDialDelay: {
      ...{ samples: 9, p50Ms: p99Ms / 2, p99Ms, greatestMs: p99Ms },
      ...(probed ? { unanswered: 0, p90Ms: p99Ms, p999Ms: p99Ms } : {}),
    },
  });

  it('subtracts the delay of the calls without a switch, at the same rate', () => {
    const delay = [
      delayOf('probe to bare echo', 100, 0.125),
      delayOf('SIPp to SIPp', 2000, 0.25),
      delayOf('Tandem', 2000, 2.125),
      delayOf('SIPp to SIPp', 900, 0.125),
      delayOf('Kamailio', 900, 0.75),
    ];
    const row = wantedFigures({ delay }).find(({ figure }) => figure.includes('post-dial'));
    const measured = '1.875 ms (p50 0.938 ms) at 2000 CPS';
    assert.deepEqual([row?.measured, row?.reached], [measured, true]);
    const text = reportOf({ delay });
    assert.match(text, /\| SIPp to SIPp \| 2000 \| 9 \| 0 \|.*\| 0\.250 \| {2}\| {2}\|\n/);
    assert.match(text, /\| Kamailio \| 900 \|.*\| 0\.750 \| 0\.313 \| 0\.625 \|\n/);
    assert.match(text, /\| probe to bare echo \| 100 \|/);
  });

  it("neither judges nor shows delays in the steps of SIPp's clock", () => {
    const delay = [delayOf('SIPp to SIPp', 2000, 0, false), delayOf('Tandem', 2000, 4, false)];
    const row = wantedFigures({ delay }).find(({ figure }) => figure.includes('post-dial'));
    assert.deepEqual([row?.measured, row?.reached], [undefined, undefined]);
    const text = reportOf({ delay });
    assert.match(text, /too coarse/);
    assert.doesNotMatch(text, /\| Tandem \| 2000/);
  });

  it('wants the goodput flat behind the knee, up to three times the clean rate', () => {
    const point = (factor: number, share: number) => ({
      factor,
      offeredCps: 2000 * factor,
      completedCps: 2000 * share,
      share,
      generatorDrops: 0,
      generatorShare: 0.5,
    });
    const overloadOf = (...curve: ReturnType<typeof point>[]) => [
      {
        system: 'Tandem',
        coresMax: 0.5,
        cleanCps: 2000,
        offeredCps: 4000,
        completedCps: 2000,
        share: 1,
        failedAfterRecovery: 0,
        retransmissionsAfterRecovery: 0,
        curve,
      },
    ];
    const verdict = (...curve: ReturnType<typeof point>[]) => {
      const figures = wantedFigures({ overload: overloadOf(...curve) });
      const found = figures.find(({ figure }) => figure.includes('--curve'));
      return [found?.measured, found?.reached];
    };
    const start = [point(0.5, 0.5), point(1, 1), point(2, 0.95)] as const;
    assert.deepEqual(verdict(...start, point(3, 0.91)), ['0.91 at 3 times', true]);
    assert.deepEqual(verdict(...start, point(3, 0.89)), ['0.89 at 3 times', false]);
    assert.deepEqual(verdict(...start), ['0.95 at 2 times', false]);
    const text = reportOf({ overload: overloadOf(...start) });
    assert.match(text, /\| Tandem \| 0\.5 \| 2 \| 4000 \| 1900 \| 0\.95 \| 0 \| 0\.5 \|/);
  });

  it('says where no long step confirmed the highest clean rate', () => {
    const steps = [{ ...stepOf('Tandem', 2000, 80), warmUpSeconds: 10, seconds: 30 }];
    const ceiling = { system: 'Tandem', cleanCps: 2000, steps };
    assert.match(reportOf({ ceiling: [ceiling] }), /Tandem \(2000 CPS\)/);
    const text = reportOf({ ceiling: [{ ...ceiling, confirmed: false }] });
    assert.match(text, /Tandem \(2000 CPS, not confirmed by a long step\)/);
    assert.match(text, /\| 2000 \| 10 \+ 30 \|/);
  });

  it('names machine, versions, and commit, day and command of each suite', () => {
    const text = reportOf({ cpu: [stepOf('Tandem', 1000, 80)] });
    for (const part of [
      'a processor',
      'v20.0.0',
      '5.6.3',
      '| cpu, kinds | abc123, 1 changed files | 2026-01-02 | `npm run bench -- --quick` |',
      '| ceiling | def456 | 2026-01-02 | `npm run bench -- --quick` |',
      'A quick run',
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /\| Tandem \| answer and BYE \| 1000 \|/);
    assert.doesNotMatch(text, /undefined|NaN/);
  });
});
