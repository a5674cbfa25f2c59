// OPTIONS checks: spread over the period, skipped gateways, and their return.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  createStage,
  inviteText,
  plainDocument,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

const period = 10;

function documentOf(gateways: object[], parameters: object = {}): object {
  return {
    ...plainDocument,
    parameters: { SS_MAXCPS: 0, SS_SIP_OPTIONS_CHECK_PERIOD: period, ...parameters },
    routingGateways: gateways,
  };
}

const [alpha, beta] = (plainDocument.routingGateways as object[]).map((gateway) => ({
  ...gateway,
  optionsCheck: true,
})) as [object, object];

function stageOf(fields: object = {}): Stage {
  return createStage(documentOf([alpha, beta].map((gateway) => ({ ...gateway, ...fields }))));
}

/** The shard runs on another version. */
function apply(stage: Stage, gateways: object[], parameters: object = {}): void {
  stage.shard.onConfiguration(snapshotOf(documentOf(gateways, parameters), 2));
}

describe('OPTIONS checks', () => {
  it('are spread over the period, one a gateway', () => {
    const stage = stageOf();
    stage.pass(4900);
    assert.deepEqual([stage.carrierA.take().length, stage.carrierB.take().length], [0, 0]);
    stage.pass(200);
    const options = stage.carrierA.takeOne('OPTIONS sip:127.0.0.3:5060 SIP/2.0');
    stage.carrierA.send(responseTo(options, 200, { tag: 'o' }));
    assert.deepEqual(stage.carrierB.take(), []);
    stage.pass(5000);
    stage.carrierB.takeOne('OPTIONS sip:127.0.0.4:5060 SIP/2.0');
    stage.pass(5000);
    stage.carrierA.takeOne('OPTIONS');
    assert.equal(stage.effects.counted('optionsChecks'), 3);
  });

  it('are sent by the first worker alone', () => {
    const stage = createStage(documentOf([alpha, beta]), undefined, 1);
    stage.pass(30_000);
    assert.deepEqual([stage.carrierA.take(), stage.carrierB.take()], [[], []]);
    assert.equal(stage.shard.timerCount, 0);
  });

  it('are not sent to gateways that do not ask for them', () => {
    const stage = stageOf({ optionsCheck: false });
    stage.pass(30_000);
    assert.deepEqual([stage.carrierA.take(), stage.carrierB.take()], [[], []]);
    assert.equal(stage.shard.timerCount, 0);
  });

  it('take a gateway that stays silent out, until its next answer', () => {
    const stage = stageOf();
    const { carrierA, carrierB } = stage;
    stage.pass(5100);
    carrierA.takeOne('OPTIONS');
    stage.pass(5000);
    carrierB.send(responseTo(carrierB.takeOne('OPTIONS'), 405, { tag: 'o' }));
    stage.pass(5000);
    const asked = carrierA.take().at(-1)!;
    stage.caller.send(inviteText().text);
    assert.deepEqual(carrierA.take(), []);
    carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedAway'), 1);
    carrierA.send(responseTo(asked, 200, { tag: 'o' }));
    stage.caller.send(inviteText().text);
    carrierA.takeOne('INVITE');
  });

  it('answered 503 or 408 say that the gateway is gone', () => {
    for (const status of [503, 408]) {
      const stage = stageOf();
      stage.pass(5100);
      stage.carrierA.send(responseTo(stage.carrierA.takeOne('OPTIONS'), status, { tag: 'o' }));
      stage.caller.send(inviteText().text);
      assert.deepEqual(stage.carrierA.take(), []);
      stage.carrierB.takeOne('INVITE');
    }
  });

  it('end when the node drains', () => {
    const stage = stageOf();
    stage.shard.drain();
    stage.pass(20_000);
    assert.deepEqual(stage.carrierA.take(), []);
  });
});

describe('OPTIONS checks over configuration changes', () => {
  it('go on however often a configuration comes', () => {
    const stage = createStage(documentOf([alpha]));
    const asked: number[] = [];
    for (let second = 1; second <= 40; second++) {
      stage.pass(1000);
      for (const options of stage.carrierA.take()) {
        assert.equal(options.method, 'OPTIONS');
        stage.carrierA.send(responseTo(options, 200, { tag: 'o' }));
        asked.push(second);
      }
      apply(stage, [alpha]);
    }
    assert.equal(asked.length, 4);
    const pauses = asked.map((second, index) => second - (asked[index - 1] ?? 0));
    assert.ok(
      pauses.every((pause) => pause >= period && pause <= period + 1),
      `asked at ${asked.join(', ')}`,
    );
  });

  it('take a silent gateway out, though a configuration comes before its time is up', () => {
    const stage = stageOf();
    const { carrierA, carrierB } = stage;
    stage.pass(5100);
    carrierA.takeOne('OPTIONS');
    apply(stage, [alpha, beta]);
    stage.pass(5000);
    carrierB.send(responseTo(carrierB.takeOne('OPTIONS'), 200, { tag: 'o' }));
    stage.pass(5000);
    carrierA.take();
    stage.caller.send(inviteText().text);
    assert.deepEqual(carrierA.take(), []);
    carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedAway'), 1);
  });

  it('take the answer to an OPTIONS of the version before', () => {
    const stage = stageOf();
    const { carrierA, carrierB } = stage;
    stage.pass(5100);
    const asked = carrierA.takeOne('OPTIONS');
    apply(stage, [alpha, beta]);
    carrierA.send(responseTo(asked, 503, { tag: 'o' }));
    stage.caller.send(inviteText().text);
    assert.deepEqual(carrierA.take(), []);
    carrierB.takeOne('INVITE');
  });

  it('forget a gateway that is gone, and what it was asked', () => {
    const stage = stageOf();
    stage.pass(5100);
    stage.carrierA.takeOne('OPTIONS');
    assert.equal(stage.shard.transactionCount, 1);
    apply(stage, [beta]);
    assert.equal(stage.shard.transactionCount, 0);
    stage.pass(20_000);
    assert.deepEqual(stage.carrierA.take(), []);
    assert.ok(stage.carrierB.take().length >= 2);
  });

  it('forget one that is locked, or asks for them no more', () => {
    for (const fields of [{ locked: true }, { optionsCheck: false }]) {
      const stage = stageOf();
      stage.pass(5100);
      stage.carrierA.takeOne('OPTIONS');
      apply(stage, [{ ...alpha, ...fields }, beta]);
      assert.equal(stage.shard.transactionCount, 0);
      stage.pass(20_000);
      assert.deepEqual(stage.carrierA.take(), []);
    }
  });

  it('begin anew with a gateway that is somewhere else now', () => {
    const stage = stageOf();
    const moved = stage.peerAt('moved', '127.0.0.7');
    stage.pass(5100);
    const asked = stage.carrierA.takeOne('OPTIONS');
    apply(stage, [{ ...alpha, address: '127.0.0.7' }, beta]);
    // Nobody at the old address says anything about the gateway any more.
    stage.carrierA.send(responseTo(asked, 503, { tag: 'o' }));
    stage.caller.send(inviteText().text);
    moved.send(responseTo(moved.takeOne('INVITE'), 486, { tag: 'busy' }));
    moved.takeOne('ACK');
    stage.pass(10_100);
    moved.takeOne('OPTIONS sip:127.0.0.7:5060 SIP/2.0');
    assert.deepEqual(stage.carrierA.take(), []);
  });

  it('spread new gateways over the period and leave the turns of the others as they were', () => {
    const stage = createStage(documentOf([alpha]));
    stage.pass(4000);
    const added = ['11', '12', '13', '14'].map((host) => ({
      name: `new-${host}`,
      address: `127.0.0.${host}`,
      prefixes: ['1'],
      optionsCheck: true,
    }));
    apply(stage, [alpha, ...added]);
    const peers = added.map(({ name, address }) => stage.peerAt(name, address));
    const asked: Record<string, number> = {};
    for (let step = 1; step <= 202; step++) {
      stage.pass(50);
      const now = 4000 + step * 50;
      for (const { name, take } of peers) if (take().length > 0) asked[name] ??= now;
      if (stage.carrierA.take().length > 0) asked.alpha ??= now;
    }
    assert.deepEqual(
      Object.entries(asked).sort(([left], [right]) => (left < right ? -1 : 1)),
      [
        ['alpha', 10_000],
        ['new-11', 6500],
        ['new-12', 9000],
        ['new-13', 11_500],
        ['new-14', 14_000],
      ],
    );
  });

  it('keep the share of the period that is left where the period changes', () => {
    const stage = stageOf();
    stage.pass(2500);
    // Half of the wait for alpha is over, a quarter of that for beta.
    apply(stage, [alpha, beta], { SS_SIP_OPTIONS_CHECK_PERIOD: 100 });
    stage.pass(24_900);
    assert.deepEqual([stage.carrierA.take(), stage.carrierB.take()], [[], []]);
    stage.pass(200);
    stage.carrierA.takeOne('OPTIONS');
    stage.pass(49_600);
    assert.deepEqual(stage.carrierB.take(), []);
    stage.pass(400);
    stage.carrierB.takeOne('OPTIONS');
  });

  it('are kept apart where a thread that was held up owes many', () => {
    const hosts = Array.from({ length: 10 }, (_, index) => `127.0.0.${index + 11}`);
    const gateways = hosts.map((address) => ({
      name: address,
      address,
      prefixes: ['1'],
      optionsCheck: true,
    }));
    const stage = createStage(documentOf(gateways));
    const sentBy = (ms: number): number => {
      stage.shard.setNow(1000 + ms, 1_700_000_001_000 + ms);
      stage.shard.onTimers();
      return stage.effects.counted('optionsChecks');
    };
    assert.equal(sentBy(9500), 1, 'of nine that are due');
    for (let step = 1; step <= 8; step++) {
      assert.equal(sentBy(9500 + step * 500 - 10), step);
      assert.equal(sentBy(9500 + step * 500), step + 1);
    }
  });
});
