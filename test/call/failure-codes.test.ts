// What the sides are told of a call's end: mapped failure codes, and Reason headers with a Q.850 cause.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answeredCall,
  begunCall,
  callerRequest,
  cancelText,
  carrierRequest,
  createStage,
  inviteText,
  plainDocument,
  responseTo,
  type Seen,
  type Stage,
} from '../doubles/switch-stage.ts';

function stageWith(callFailedSipCode: string[], fields: object = {}): Stage {
  const [mapping] = plainDocument.mappingGateways as object[];
  return createStage({
    ...plainDocument,
    mappingGateways: [{ ...mapping, callFailedSipCode, ...fields }],
  });
}

/** The final response to a call that both carriers answer with `status`. */
function failed(stage: Stage, status: number, headers = ''): Seen {
  const { carried } = begunCall(stage);
  stage.carrierA.send(responseTo(carried, status, { tag: 'a', headers }));
  for (const next of stage.carrierB.take()) {
    stage.carrierB.send(responseTo(next, status, { tag: 'b', headers }));
  }
  return stage.caller.take().at(-1)!;
}

describe('callFailedSipCode', () => {
  const rows: [string, string[], number, number][] = [
    ['a SIP code', ['503:480'], 503, 480],
    ['an end reason by its key', ['SIP 404 Not Found:410'], 404, 410],
    ['any other', ['503:480', '0:500'], 404, 500],
    ['the entry before any other', ['0:500', '404:410'], 404, 410],
    ['a code that stays', ['0:500', '404:0'], 404, 404],
    ['nothing without an entry', ['503:480'], 404, 404],
    ["a carrier's redirection", ['302:480'], 302, 480],
  ];
  for (const [what, codes, status, sent] of rows) {
    it(`maps ${what}`, () => {
      const stage = stageWith(codes);
      assert.equal(failed(stage, status).status, sent);
      assert.equal(stage.effects.ends[0]!.sipCode, sent);
    });
  }

  it('maps refusals of our own', () => {
    const stage = stageWith(['NoAvailableRouter:404']);
    stage.caller.send(inviteText({ callee: '999' }).text);
    assert.equal(stage.caller.takeOne('SIP/2.0 404').header('Reason'), 'Q.850;cause=3');
    assert.equal(stage.effects.ends[0]!.endReason, 'NoAvailableRouter');
  });

  it('leaves 487 to a CANCEL', () => {
    const stage = stageWith(['0:500']);
    const { invite } = begunCall(stage);
    stage.caller.send(cancelText(invite));
    assert.deepEqual(
      stage.caller.take().map(({ status }) => status),
      [200, 487],
    );
  });

  it('drops our Retry-After with the code that it came with', () => {
    for (const [codes, status, seconds] of [
      [[], 503, '1'],
      [['Call rate limited:480'], 480, ''],
    ] as const) {
      const stage = stageWith([...codes]);
      stage.effects.grantsCps = false;
      stage.caller.send(inviteText().text);
      const refused = stage.caller.takeOne(`SIP/2.0 ${status}`);
      assert.equal(refused.header('Retry-After'), seconds);
    }
  });
});

describe('the Retry-After of a carrier', () => {
  for (const status of [404, 480, 486, 503, 600]) {
    it(`does not cross with its ${status}`, () => {
      const headers = 'Retry-After: 3600\r\n';
      const final = failed(createStage(), status, headers);
      assert.equal(final.status, status);
      assert.equal(final.header('Retry-After'), '');
    });
  }
});

describe('the Reason header', () => {
  it('of a failure names the cause of the end reason, or the one that the carrier named', () => {
    assert.equal(failed(createStage(), 404).header('Reason'), 'Q.850;cause=1');
    const named = 'Reason: SIP;cause=404, Q.850 ;text="unallocated; or so";cause=28\r\n';
    assert.equal(failed(createStage(), 404, named).header('Reason'), 'Q.850;cause=28');
  });

  it('of a cause 17 counts as busy: no other gateway is tried', () => {
    const stage = createStage();
    const final = failed(stage, 480, 'Reason: Q.850;cause=17\r\n');
    assert.equal(final.status, 480);
    assert.equal(stage.effects.ends[0]!.attempts.length, 1);
  });

  it('of a BYE crosses, and has the cause of a call that we end', () => {
    const passed = createStage();
    const { carried, carrierTag } = answeredCall(passed);
    const headers = 'Reason: Q.850;cause=31;text="gone"\r\n';
    passed.carrierA.send(carrierRequest('BYE', carried, carrierTag, { cseq: 5, headers }));
    assert.equal(passed.caller.takeOne('BYE').header('Reason'), 'Q.850;cause=31');

    const plain = createStage();
    const call = answeredCall(plain);
    plain.caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 2 }));
    assert.equal(plain.carrierA.takeOne('BYE').header('Reason'), 'Q.850;cause=16');

    const ours = stageWith([], { maxCallSeconds: 5 });
    answeredCall(ours);
    ours.pass(5100);
    assert.equal(ours.carrierA.take()[0]!.header('Reason'), 'Q.850;cause=31');
    assert.equal(ours.caller.take()[0]!.header('Reason'), 'Q.850;cause=31');
  });

  it('of a CANCEL says that the caller hung up', () => {
    const stage = createStage();
    const { invite, carried } = begunCall(stage);
    stage.carrierA.send(responseTo(carried, 180, { tag: 'a' }));
    stage.caller.send(cancelText(invite));
    const cancel = stage.carrierA.takeOne('CANCEL');
    assert.equal(cancel.header('Reason'), 'Q.850;cause=16');
  });
});
