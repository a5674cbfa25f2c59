// The channel to the engine: answers find their question, silence ends, nothing grows without bound.
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  activateTimeoutMs,
  EngineRefused,
  EngineSilent,
  openEngineChannel,
} from '../../admin/engine-channel.ts';
import { createFakeEngine, figuresOf } from './fake-engine.ts';

describe('engine channel', () => {
  it('gives answers to the question of their id, in whatever order they come', async () => {
    const engine = createFakeEngine();
    engine.answer = () => undefined;
    const channel = openEngineChannel(engine.port);
    const first = channel.activate(1);
    const second = channel.analyze({ gateway: 'a', callee: '1' });
    const ids = engine.received.map((message) => ('id' in message ? message.id : 0));
    engine.say({ kind: 'answer', id: ids[1]!, result: 'analysed' });
    engine.say({
      kind: 'answer',
      id: ids[0]!,
      result: { version: 1, compileMs: 1, swapPauseMs: 0 },
    });
    assert.equal(await second, 'analysed');
    assert.equal((await first).version, 1);
    engine.say({ kind: 'answer', id: ids[0]!, result: 'again' });
    engine.say({ kind: 'refusal', id: 999, error: 'nobody asked' });
  });

  it('tells refusal from silence', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const engine = createFakeEngine();
    engine.answer = ({ id }) => ({ kind: 'refusal', id, error: 'no such version' });
    const channel = openEngineChannel(engine.port);
    await assert.rejects(
      channel.activate(9),
      (error) => error instanceof EngineRefused && error.message === 'no such version',
    );
    engine.answer = () => undefined;
    const silent = assert.rejects(channel.activate(9), EngineSilent);
    context.mock.timers.tick(activateTimeoutMs);
    await silent;
    mock.reset();
  });

  it('has a limit of questions under way, and gives them up when the engine stops', async () => {
    const engine = createFakeEngine();
    engine.answer = () => undefined;
    const channel = openEngineChannel(engine.port);
    let stops = 0;
    channel.onStop(() => stops++);
    const questions = Array.from({ length: 64 }, () => channel.activate(1));
    await assert.rejects(channel.activate(1), /under way already/);
    const rejected = Promise.all(
      questions.map((question) => assert.rejects(question, EngineSilent)),
    );
    engine.say({ kind: 'stop' });
    await rejected;
    assert.equal(stops, 1);
  });

  it('keeps the latest figures and when they came', () => {
    const engine = createFakeEngine();
    let nowMs = 5;
    const channel = openEngineChannel(engine.port, () => nowMs);
    assert.equal(channel.latest(), undefined);
    engine.push(figuresOf({ callsUp: 1 }));
    nowMs = 9;
    engine.push(figuresOf({ callsUp: 2 }));
    assert.equal(channel.latest()?.figures.callsUp, 2);
    assert.equal(channel.latest()?.receivedAt, 9);
  });
});
