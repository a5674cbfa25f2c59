// OPTIONS checks: spread over the period, skipped gateways, and their return.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createStage,
  inviteText,
  plainDocument,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

const period = 10;

function stageOf(fields: object = { optionsCheck: true }): Stage {
  const routingGateways = (plainDocument.routingGateways as object[]).map((gateway) => ({
    ...gateway,
    ...fields,
  }));
  return createStage({
    ...plainDocument,
    parameters: { SS_MAXCPS: 0, SS_SIP_OPTIONS_CHECK_PERIOD: period },
    routingGateways,
  });
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

  it('are not sent to gateways that do not ask for them', () => {
    const stage = stageOf({});
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
