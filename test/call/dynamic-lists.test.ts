// Dynamic black lists in a call's life: who gets on one, for how long, and how it ends. Two switches over one
// memory stand for two workers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acquireLine, linesUsed, releaseLine } from '../../core/admission/line-limits.ts';
import {
  allocateSharedMemory,
  lineLedger,
  numberWatch,
  workerLines,
} from '../../workers/memory/shared-memory.ts';
import { dial, type NumberChanges, type Numbers, numberStage } from '../doubles/number-stage.ts';
import { answeredCall, callerRequest, responseTo, type Stage } from '../doubles/switch-stage.ts';

const malicious = {
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT: 6,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL: 600,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE: 900,
};
const concurrent = {
  SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT: 3,
  SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE: 60,
};
const noAnswer = {
  SS_BLACK_LIST_NO_ANSWER_LIMIT: 3,
  SS_BLACK_LIST_NO_ANSWER_PERIODS: 600,
  SS_BLACK_LIST_NO_ANSWER_EXPIRE: 100,
};

/** Switches that share their memory, as workers of one node do. */
function workers(count: number, parameters: object, changes: NumberChanges = {}): Stage[] {
  const memory = allocateSharedMemory({ workers: count });
  const watch = numberWatch(memory, Uint32Array.of(1, 2));
  return Array.from({ length: count }, (_, worker) => {
    const document = { ...changes.document, parameters: { SS_MAXCPS: 0, ...parameters } };
    const stage = numberStage({ ...changes, document }, watch);
    const lines = workerLines(memory, worker);
    stage.effects.acquireLine = (slot, limit) => acquireLine(lines, slot, limit);
    stage.effects.releaseLine = (slot) => releaseLine(lines, slot);
    Object.assign(stage, { used: () => usedOf(memory) });
    return stage;
  });
}

function usedOf(memory: Parameters<typeof lineLedger>[0]): number {
  const ledger = lineLedger(memory);
  let used = 0;
  for (let slot = 0; slot < ledger.used.length / 16; slot++) used += linesUsed(ledger, slot);
  return used;
}

/** Whether the call was carried; its end reason otherwise. */
function outcome(stage: Stage, numbers: Numbers = {}): string {
  // Repeats of earlier calls' messages, and their ends.
  for (const peer of [stage.caller, stage.carrierA, stage.carrierB]) peer.take();
  const before = stage.effects.ends.length;
  dial(stage, numbers);
  stage.caller.take();
  if (stage.carrierA.take().length > 0) return 'carried';
  return stage.effects.ends[before]!.endReason;
}

describe('a malicious caller', () => {
  it('is listed by his sixth call in ten minutes, over all workers, until a quarter of an hour after his last one', () => {
    const [first, second] = workers(2, malicious) as [Stage, Stage];
    const pass = (ms: number): void => {
      first.pass(ms);
      second.pass(ms);
    };
    for (let call = 0; call < 6; call++) {
      assert.equal(outcome(call % 2 === 0 ? first : second), 'carried', `call ${call + 1}`);
      pass(60_000);
    }
    assert.equal(outcome(second), 'Caller blacklisted');
    assert.equal(outcome(first, { caller: '15559999' }), 'carried');
    pass(899_000);
    assert.equal(outcome(first), 'Caller blacklisted', 'and this call is his last one now');
    pass(899_000);
    assert.equal(outcome(second), 'Caller blacklisted');
    pass(900_000);
    assert.equal(outcome(second), 'carried');
    assert.equal(
      first.effects.counted('numbersListed') + second.effects.counted('numbersListed'),
      1,
    );
  });

  it('is nobody who calls slower', () => {
    const [stage] = workers(1, malicious) as [Stage];
    for (let call = 0; call < 20; call++) {
      assert.equal(outcome(stage), 'carried');
      stage.pass(121_000);
    }
  });

  it('is nobody without a number, on a white list, of a gateway that ignores lists, or calling for help', () => {
    const many = (stage: Stage, numbers: Numbers): void => {
      for (let call = 0; call < 9; call++) assert.equal(outcome(stage, numbers), 'carried');
    };
    many(workers(1, malicious)[0]!, { caller: '' });
    const white = { numberGroups: [{ name: 'w', list: 'white', numbers: ['15551234'] }] };
    many(workers(1, malicious, { document: white })[0]!, {});
    many(workers(1, malicious, { mapping: { ignoreBlackLists: true } })[0]!, {});
    many(workers(1, { ...malicious, SS_EMERGENCY_E164S: '112' })[0]!, { callee: '112' });
    many(workers(1, {})[0]!, {});
  });

  it('is watched in standalone mode at the gateways that say so', () => {
    const standalone = { ...malicious, SS_BLACK_LIST_DYNAMIC_RUN_MODE: 'standalone' };
    const [open] = workers(1, standalone) as [Stage];
    for (let call = 0; call < 9; call++) assert.equal(outcome(open), 'carried');
    const [strict] = workers(1, standalone, { mapping: { dynamicBlackList: true } }) as [Stage];
    for (let call = 0; call < 6; call++) assert.equal(outcome(strict), 'carried');
    assert.equal(outcome(strict), 'Caller blacklisted');
  });
});

describe('a caller with too many calls at a time', () => {
  it('is listed by the third, over all workers, and his lines come back', () => {
    const stages = workers(2, concurrent) as [Stage, Stage];
    const [first, second] = stages;
    assert.equal(outcome(first), 'carried');
    assert.equal(outcome(second), 'carried');
    assert.equal(outcome(first), 'carried', 'the third passes, and lists him');
    assert.equal(outcome(second), 'Caller blacklisted');
    for (const stage of stages) stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
    assert.equal((first as Stage & { used(): number }).used(), 0);
    assert.equal(outcome(second), 'Caller blacklisted', 'for a minute');
    for (const stage of stages) stage.pass(61_000);
    assert.equal(outcome(second), 'carried');
  });

  it('is nobody whose calls follow each other', () => {
    const [stage] = workers(1, concurrent) as [Stage];
    for (let call = 0; call < 9; call++) {
      const { invite, callerTag } = answeredCall(stage);
      stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
      stage.caller.take();
      stage.carrierA.take();
    }
    assert.equal((stage as Stage & { used(): number }).used(), 0);
    assert.equal(stage.effects.counted('numbersListed'), 0);
  });
});

describe('a number that nobody answers', () => {
  const unanswered = (stage: Stage, status: number): void => {
    dial(stage, {});
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('INVITE'), status, { tag: 'x' }));
    const [second] = stage.carrierB.take();
    if (second !== undefined) stage.carrierB.send(responseTo(second, status, { tag: 'y' }));
    stage.caller.take();
    stage.carrierA.take();
    stage.carrierB.take();
  };
  const answered = (stage: Stage): void => {
    const { invite, callerTag } = answeredCall(stage);
    stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
    stage.caller.take();
    stage.carrierA.take();
  };

  it('is listed by the third call in a row', () => {
    const [first, second] = workers(2, noAnswer) as [Stage, Stage];
    unanswered(first, 480);
    unanswered(second, 408);
    unanswered(first, 480);
    assert.equal(outcome(second), 'Callee blacklisted');
    assert.equal(outcome(second, { callee: '442071234568' }), 'carried');
    second.pass(101_000);
    assert.equal(outcome(second), 'carried');
  });

  it('is told by the code that came, not by the one that the caller is given', () => {
    const mapped = (callFailedSipCode: string[]): Stage =>
      workers(1, noAnswer, { mapping: { callFailedSipCode } })[0]!;
    const broken = mapped(['503:480']);
    for (let call = 0; call < 4; call++) unanswered(broken, 503);
    assert.equal(broken.effects.ends.at(-1)!.sipCode, 480);
    assert.equal(outcome(broken), 'carried');
    const silent = mapped(['480:503']);
    for (let call = 0; call < 3; call++) unanswered(silent, 480);
    assert.equal(silent.effects.ends.at(-1)!.sipCode, 503);
    assert.equal(outcome(silent), 'Callee blacklisted');
  });

  it('begins anew with an answer, and does not mind the busy', () => {
    const [stage] = workers(1, noAnswer) as [Stage];
    for (let round = 0; round < 3; round++) {
      unanswered(stage, 480);
      unanswered(stage, 480);
      answered(stage);
    }
    for (let call = 0; call < 5; call++) unanswered(stage, 486);
    assert.equal(outcome(stage), 'carried');
  });
});
