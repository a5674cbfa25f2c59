// The timer wheel against a model that could not be simpler: a list of due ticks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TimerWheel, tickMs } from '../../core/time/timer-wheel.ts';

interface ModelTimer {
  id: number;
  handle: number;
  dueTick: number;
}

interface Model {
  nowMs: number;
  armed: ModelTimer[];
  /** Handles that have fired or were cancelled. */
  ended: number[];
  nextId: number;
}

/** How far the wheel is asked to look ahead. */
const horizonMs = 3000;

type Command = fc.Command<Model, TimerWheel>;

function modelDue(model: Model, delayMs: number): number {
  return Math.max(
    Math.ceil((model.nowMs + delayMs) / tickMs),
    Math.floor(model.nowMs / tickMs) + 1,
  );
}

function arm(model: Model, wheel: TimerWheel, delayMs: number): void {
  const id = model.nextId++;
  const handle = wheel.arm({ id }, id & 255, delayMs);
  model.armed.push({ id, handle, dueTick: modelDue(model, delayMs) });
}

const delays = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 400_000 }),
  fc.double({ min: 0, max: 4 * 3_600_000, noNaN: true }),
  fc.integer({ min: 0, max: 2_000_000_000 }),
);

const commands: fc.Arbitrary<Command>[] = [
  delays.map((delayMs) => ({
    check: () => true,
    run: (model, wheel) => arm(model, wheel, delayMs),
    toString: () => `arm(${delayMs})`,
  })),
  fc.nat().map((pick) => ({
    check: (model) => model.armed.length > 0,
    run(model, wheel) {
      const [timer] = model.armed.splice(pick % model.armed.length, 1);
      wheel.cancel(timer!.handle);
      model.ended.push(timer!.handle);
    },
    toString: () => `cancel(${pick})`,
  })),
  fc.nat().map((pick) => ({
    check: (model) => model.ended.length > 0,
    run: (model, wheel) => void wheel.cancel(model.ended[pick % model.ended.length]!),
    toString: () => `cancelStale(${pick})`,
  })),
  fc.tuple(delays, delays, fc.nat(3)).map(([gapMs, againMs, every]) => ({
    check: () => true,
    run: (model, wheel) => advance(model, wheel, { gapMs, againMs, every }),
    toString: () => `advance(${gapMs}, again after ${againMs} for each ${every}th)`,
  })),
];

/** Advances both; each `every`th timer that fires arms another one and cancels the last of the model. */
function advance(
  model: Model,
  wheel: TimerWheel,
  step: { gapMs: number; againMs: number; every: number },
): void {
  model.nowMs += step.gapMs;
  const nowTick = Math.floor(model.nowMs / tickMs);
  let lastTick = 0;
  wheel.advance(model.nowMs, (owner, timer) => {
    const { id } = owner as { id: number };
    const at = model.armed.findIndex((one) => one.id === id);
    assert.ok(at >= 0, `timer ${id} fired though it is not armed`);
    const [fired] = model.armed.splice(at, 1);
    assert.equal(timer, id & 255);
    assert.ok(fired!.dueTick <= nowTick, `timer ${id} fired early`);
    assert.ok(fired!.dueTick >= lastTick, `timer ${id} fired after a later one`);
    lastTick = fired!.dueTick;
    model.ended.push(fired!.handle);
    if (step.every > 0 && id % step.every === 0) {
      const victim = model.armed.pop();
      if (victim !== undefined) {
        wheel.cancel(victim.handle);
        model.ended.push(victim.handle);
      }
      arm(model, wheel, step.againMs);
    }
  });
  const untilMs = wheel.untilNextMs(model.nowMs, horizonMs);
  const wakeTick = Math.floor((model.nowMs + untilMs) / tickMs);
  const slept = model.armed.filter((one) => one.dueTick < wakeTick);
  assert.deepEqual(slept, [], 'due before the wheel says that anything is');
  const late = model.armed.filter((one) => one.dueTick <= nowTick);
  assert.deepEqual(late, [], 'due, but did not fire');
  assert.equal(wheel.size, model.armed.length);
}

describe('timer wheel, as the model', () => {
  it('fires exactly what is due, in order of ticks, whatever is armed and cancelled', () => {
    const starts = fc.oneof(fc.nat(100_000), fc.double({ min: 0, max: 2 ** 42, noNaN: true }));
    fc.assert(
      fc.property(starts, fc.commands(commands, { maxCommands: 200 }), (startMs, steps) => {
        fc.modelRun(
          () => ({
            model: { nowMs: startMs, armed: [], ended: [], nextId: 0 },
            real: new TimerWheel(startMs),
          }),
          steps,
        );
      }),
      { numRuns: 300 },
    );
  });
});
