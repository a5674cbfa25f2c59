// INVITEs with numbers or a Call-ID that no table of CDRs holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStage, inviteText, plainDocument } from '../doubles/switch-stage.ts';

describe('an INVITE is refused', () => {
  it('of a number over 255 octets: 414 or 400, with a CDR', () => {
    const called = (digits: number, escaped = '') =>
      inviteText({ callee: `44${escaped}${'1'.repeat(digits - 2)}` }).text;
    const calling = (digits: number) =>
      inviteText().text.replace('<sip:15551234@', `<sip:${'5'.repeat(digits)}@`);
    const stage = createStage();
    const refusals: [string, number, string, 'calleeAccess' | 'callerAccess', number][] = [
      [called(256), 414, 'SIP 414 Request-URI Too Long', 'calleeAccess', 256],
      [called(900), 414, 'SIP 414 Request-URI Too Long', 'calleeAccess', 900],
      [calling(256), 400, 'SIP 400 Bad Request', 'callerAccess', 256],
      [calling(5000), 400, 'SIP 400 Bad Request', 'callerAccess', 5000],
    ];
    for (const [text, status, reason, field, length] of refusals) {
      stage.caller.send(text);
      stage.caller.takeOne(`SIP/2.0 ${status}`);
      const cdr = stage.effects.ends.at(-1)!;
      assert.deepEqual([cdr.endReason, cdr.endedBy, cdr.sipCode], [reason, 'server', status]);
      assert.equal(cdr[field].length, length);
      assert.deepEqual(cdr.attempts, []);
    }
    assert.equal(stage.effects.counted('refusedNumber'), refusals.length);
    assert.equal(stage.shard.callsUp, 0);
    assert.deepEqual(stage.effects.lines, []);
    assert.deepEqual(stage.carrierA.take(), []);
    // What counts is the number, not how it is written.
    for (const text of [called(255), calling(255), called(255, '%31').replace('1@', '@')]) {
      stage.caller.send(text);
      stage.caller.takeOne('SIP/2.0 100');
      stage.carrierA.takeOne('INVITE');
    }
    assert.equal(stage.shard.callsUp, 3);
  });

  it('of a Call-ID over 1024 octets: 400, and nothing is left of it', () => {
    const stage = createStage();
    const invite = inviteText({ callId: 'c'.repeat(1025) });
    stage.caller.send(invite.text);
    const reply = stage.caller.takeOne('SIP/2.0 400');
    assert.equal(reply.header('Call-ID'), invite.callId);
    assert.equal(stage.effects.counted('refusedScreen'), 1);
    assert.deepEqual([stage.effects.ends, stage.carrierA.take()], [[], []]);
    stage.caller.send(inviteText({ callId: 'c'.repeat(1024) }).text);
    stage.caller.takeOne('SIP/2.0 100');
    stage.carrierA.takeOne('INVITE');
  });
});

describe('an INVITE', () => {
  it('of a stranger: the log has no more of it than the tables', () => {
    const parameters = { SS_MAXCPS: 0, SERVER_BILLING_RECORD_ILLEGAL_CALL: true };
    const { effects, stranger } = createStage({ ...plainDocument, parameters });
    const { text } = inviteText({ callId: 'c'.repeat(9000), callee: '4'.repeat(900) });
    stranger.send(text.replace('<sip:15551234@', `<sip:${'5'.repeat(9000)}@`));
    stranger.takeOne('SIP/2.0 403');
    const [cdr] = effects.ends;
    assert.deepEqual([cdr!.endReason, cdr!.sipCode], ['Illegal call', 403]);
    const lengths = [cdr!.callId, cdr!.callerAccess, cdr!.calleeAccess].map(({ length }) => length);
    assert.deepEqual(lengths, [1024, 255, 255]);
  });
});
