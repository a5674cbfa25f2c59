// What the main thread works out of the workers' counts, with clocks driven by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { gatewayEffects, StateWord, stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import { GatewayPulse } from '../../workers/gateway-pulse.ts';
import { counterBlock, mainWriter } from '../../workers/memory/counter-block.ts';
import { allocateSharedMemory, gatewayWords } from '../../workers/memory/shared-memory.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function stage() {
  const memory = allocateSharedMemory({ workers: 1 });
  const time = { nowMs: 0, wallMs: new Date(2026, 0, 1, 12).getTime() };
  const lines: string[] = [];
  const say = (fields: object, text: string): void => {
    lines.push(`${(fields as { gateway: string }).gateway}: ${text}`);
  };
  let snapshot: Snapshot | undefined;
  const pulse = new GatewayPulse({
    memory,
    snapshot: () => snapshot,
    log: { info: say, warn: say } as never,
    clock: () => time.nowMs,
    wallClock: () => time.wallMs,
  });
  return {
    time,
    lines,
    pulse,
    counters: counterBlock(memory, mainWriter),
    words: gatewayWords(memory),
    state: gatewayEffects(gatewayWords(memory), () => time.nowMs / 1000),
    run(names: string[], fields: object = {}, parameters: object = {}) {
      const routingGateways = names.map((name) => ({
        name,
        address: '192.0.2.1',
        prefixes: [''],
        ...fields,
      }));
      snapshot = snapshotOf({ routingGateways, parameters });
      pulse.adopt(snapshot);
      pulse.look();
    },
  };
}

describe('the pulse of gateways', () => {
  it('works out ASR and ACD over their windows', () => {
    const { state, pulse, time, run } = stage();
    run(['a']);
    assert.deepEqual([state.asr(1), state.acd(1)], [-1, -1]);
    for (let call = 0; call < 4; call++) state.noteOutcome(1, call < 3, true);
    state.noteTalk(1, 100);
    state.noteTalk(1, 101);
    time.nowMs += 1000;
    pulse.look();
    assert.deepEqual([state.asr(1), state.acd(1)], [7500, 1005]);
    for (let second = 1; second <= 700; second++) {
      time.nowMs += 1000;
      pulse.look();
    }
    assert.deepEqual([state.asr(1), state.acd(1)], [-1, -1]);
  });

  it('works them out as means of segments where the parameter says so', () => {
    const { state, pulse, time, run } = stage();
    run(['a'], {}, { SS_GATEWAY_QUALITY_MEAN_OF_SEGMENTS: 'On' });
    for (let call = 0; call < 100; call++) state.noteOutcome(1, true, true);
    state.noteTalk(1, 100);
    time.nowMs += 60_000;
    pulse.look();
    for (let call = 0; call < 2; call++) state.noteOutcome(1, false, true);
    state.noteTalk(1, 10);
    state.noteTalk(1, 10);
    time.nowMs += 1000;
    pulse.look();
    assert.deepEqual([state.asr(1), state.acd(1)], [5000, 550]);
  });

  describe('has a window for each figure', () => {
    const sampledAt = 70;

    /** The seconds after which figures no longer know of a call that ended 70 s after the start. */
    function forgottenAt(parameters: object): Record<'asr' | 'acd' | 'shown', number> {
      const { state, words, pulse, time, run } = stage();
      run(['a'], {}, parameters);
      const shown = stateWordsPerSlot + StateWord.connectedRatio;
      const figures = {
        asr: () => state.asr(1),
        acd: () => state.acd(1),
        shown: () => Atomics.load(words, shown) - 1,
      };
      const at = { asr: 0, acd: 0, shown: 0 };
      for (let second = 1; second <= 1500; second++) {
        time.nowMs += 1000;
        pulse.look();
        for (const name of ['asr', 'acd', 'shown'] as const) {
          if (second > sampledAt && at[name] === 0 && figures[name]() < 0) at[name] = second;
        }
        if (second !== sampledAt) continue;
        state.noteOutcome(1, true, true);
        state.noteTalk(1, 100);
      }
      return at;
    }

    // A call of the segment k, from 0, is forgotten when the segment k + n begins.
    const usual = 660;
    const alone: readonly [string, number, { asr?: number; acd?: number; shown?: number }][] = [
      ['SS_GATEWAY_ASR_RESERVE_TIME', 1200, { asr: 1200 }],
      ['SS_GATEWAY_ASR_RESERVE_SEPARATE', 24, { asr: 650 }],
      ['SS_GATEWAY_ACD_RESERVE_TIME', 1200, { acd: 1200 }],
      ['SS_GATEWAY_ACD_RESERVE_SEPARATE', 24, { acd: 650 }],
      ['SS_GATEWAY_QUALITY_RESERVE_TIME', 1200, { shown: 1200 }],
      ['SS_GATEWAY_QUALITY_RESERVE_SEPARATE', 24, { shown: 650 }],
    ];
    for (const [name, value, changed] of alone) {
      it(`by ${name}, which is of no other`, () => {
        const expected = { asr: usual, acd: usual, shown: usual, ...changed };
        assert.deepEqual(forgottenAt({ [name]: value }), expected);
      });
    }

    it('by all of them together', () => {
      const parameters = {
        SS_GATEWAY_ASR_RESERVE_TIME: 900,
        SS_GATEWAY_ASR_RESERVE_SEPARATE: 15,
        SS_GATEWAY_ACD_RESERVE_TIME: 1200,
        SS_GATEWAY_ACD_RESERVE_SEPARATE: 5,
        SS_GATEWAY_QUALITY_RESERVE_TIME: 300,
        SS_GATEWAY_QUALITY_RESERVE_SEPARATE: 24,
      };
      // Segments of 60, 240 and 12.5 seconds.
      assert.deepEqual(forgottenAt(parameters), { asr: 960, acd: 1200, shown: 363 });
    });

    it('and begins anew where a configuration changes its length', () => {
      const { state, pulse, time, run } = stage();
      run(['a']);
      state.noteOutcome(1, true, true);
      state.noteTalk(1, 100);
      time.nowMs += 1000;
      pulse.look();
      run(['a'], {}, { SS_GATEWAY_ASR_RESERVE_TIME: 300 });
      assert.deepEqual([state.asr(1), state.acd(1)], [-1, 1000]);
    });
  });

  it("begins the day's calls anew at the node's midnight", () => {
    const { state, pulse, time, run } = stage();
    run(['a']);
    state.noteAttempt(1);
    time.wallMs = new Date(2026, 0, 1, 23, 59, 59).getTime();
    pulse.look();
    assert.equal(state.callsToday(1), 1);
    time.wallMs = new Date(2026, 0, 2, 0, 0, 0).getTime();
    pulse.look();
    assert.equal(state.callsToday(1), 0);
  });

  it('gives nothing of one gateway to the next that has its slot', () => {
    const { state, pulse, time, run } = stage();
    run(['a']);
    state.noteAttempt(1);
    state.noteOutcome(1, true, true);
    state.closeGateway(1, 60);
    time.nowMs += 120_000;
    pulse.look();
    run(['b']);
    assert.deepEqual([state.callsToday(1), state.asr(1), state.closedSeconds(1)], [0, -1, 0]);
    state.noteOutcome(1, false, true);
    pulse.look();
    assert.equal(state.asr(1), 0);
  });

  it('says once when a gateway went offline, and once when it is back', () => {
    const { state, pulse, lines, counters, run } = stage();
    run(['a', 'b'], { optionsCheck: true });
    state.noteCheck(1, false);
    pulse.look();
    pulse.look();
    assert.deepEqual(lines, ['a: routing gateway does not answer OPTIONS; calls skip it']);
    state.noteCheck(1, true);
    pulse.look();
    assert.equal(lines[1], 'a: routing gateway answers OPTIONS again');
    assert.equal(counters[Counter.gatewaysWentOffline], 1);
    assert.equal(counters[Counter.gatewaysCameBack], 1);
  });
});
