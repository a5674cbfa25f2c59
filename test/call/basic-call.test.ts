// A call from INVITE to BYE through the whole shard (RFC 3261 13, 15), its CDR and what each side sees.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import {
  answer,
  answeredCall,
  callerRequest,
  carrierRequest,
  createStage,
  inviteText,
  offer,
  responseTo,
  tagOf,
} from '../doubles/switch-stage.ts';

describe('a plain call', () => {
  it('sends 100 at once, relays 180 and 200, and acknowledges the carrier at once (RFC 3261 13.2.2.4)', () => {
    const { caller, carrierA, effects, pass } = createStage();
    const invite = inviteText();
    caller.send(invite.text);
    assert.equal(tagOf(caller.takeOne('SIP/2.0 100').header('To')), '');
    const carried = carrierA.takeOne('INVITE sip:442071234567@127.0.0.3:5060 SIP/2.0');
    assert.equal(carried.body, offer);
    assert.equal(carried.header('CSeq'), '1 INVITE');
    pass(100);
    carrierA.send(responseTo(carried, 180, { tag: 'g1' }));
    const ringing = caller.takeOne('SIP/2.0 180');
    pass(1000);
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    const ok = caller.takeOne('SIP/2.0 200');
    assert.equal(ok.body, answer);
    assert.equal(tagOf(ok.header('To')), tagOf(ringing.header('To')));
    const ack = carrierA.takeOne('ACK');
    assert.equal(ack.header('CSeq'), '1 ACK');
    assert.equal(tagOf(ack.header('To')), 'g1');
    assert.equal(effects.answers.length, 1);
    assert.equal(effects.answers[0]!.cdr.pddMs, 100);
    assert.deepEqual(effects.lines, [1, 0, accountLineSlot(4), 2]);
  });

  it('answers the BYE at once, hangs up the other side and writes one CDR', () => {
    const stage = createStage();
    const { caller, carrierA, effects, pass, shard } = stage;
    const call = answeredCall(stage);
    pass(5000);
    caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 2 }));
    caller.takeOne('SIP/2.0 200');
    const bye = carrierA.takeOne('BYE');
    assert.equal(bye.header('CSeq'), '2 BYE');
    carrierA.send(responseTo(bye, 200));
    assert.equal(effects.ends.length, 1);
    const cdr = effects.ends[0]!;
    assert.equal(cdr.endReason, 'Normal release');
    assert.equal(cdr.endedBy, 'caller');
    assert.equal(cdr.holdTimeMs, 5000);
    assert.equal(cdr.sipCode, 200);
    assert.equal(cdr.calleeAccess, '442071234567');
    assert.equal(cdr.callerAccess, '15551234');
    assert.equal(cdr.routingGateway, 'alpha');
    assert.equal(cdr.clearingAccount, 'alpha');
    assert.deepEqual(effects.lines, []);
    assert.equal(shard.callsUp, 0);
    pass(40_000);
    assert.equal(shard.transactionCount, 0);
    assert.equal(shard.timerCount, 0);
  });

  it('takes a BYE of the carrier too', () => {
    const stage = createStage();
    const call = answeredCall(stage);
    stage.carrierA.send(carrierRequest('BYE', call.carried, 'g1', { cseq: 7 }));
    stage.carrierA.takeOne('SIP/2.0 200');
    stage.caller.takeOne('BYE sip:15551234@127.0.0.2:5060');
    assert.equal(stage.effects.ends[0]!.endedBy, 'callee');
  });

  it('understands BYEs that cross: both get a 200, one CDR', () => {
    const stage = createStage();
    const { caller, carrierA, effects } = stage;
    const call = answeredCall(stage);
    caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 2 }));
    caller.takeOne('SIP/2.0 200');
    carrierA.takeOne('BYE');
    carrierA.send(carrierRequest('BYE', call.carried, 'g1', { cseq: 1 }));
    carrierA.takeOne('SIP/2.0 200');
    caller.take();
    assert.equal(effects.ends.length, 1);
  });

  it('lets nothing of one side reach the other (topology hiding)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = inviteText({
      headers:
        'Record-Route: <sip:127.0.0.2:5060;lr>\r\nUser-Agent: secret-phone\r\nX-Secret: secret-header\r\n' +
        'P-Asserted-Identity: <sip:secret@phone.example>\r\nWarning: 399 phone.example "secret"\r\n',
    });
    caller.send(invite.text);
    caller.take();
    const carried = carrierA.takeOne('INVITE');
    for (const trace of [
      '127.0.0.2',
      'phone.example',
      'secret',
      invite.callId,
      invite.fromTag,
      invite.branch,
    ]) {
      assert.ok(!carried.text.includes(trace), `${trace} in ${carried.text}`);
    }
    carrierA.send(
      responseTo(carried, 200, {
        tag: 'hiddentag',
        body: answer,
        contact: 'Contact: <sip:hidden@127.0.0.3:5060>\r\nServer: hidden-server\r\n',
      }),
    );
    const ok = caller.takeOne('SIP/2.0 200');
    for (const trace of ['127.0.0.3', 'hidden', carried.header('Call-ID')]) {
      assert.ok(!ok.text.includes(trace), `${trace} in ${ok.text}`);
    }
  });

  it('passes an offer in the 2xx on and lets the carrier have the answer of the ACK', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = inviteText({ body: '' });
    caller.send(invite.text);
    caller.take();
    const carried = carrierA.takeOne('INVITE');
    assert.equal(carried.body, '');
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: offer }));
    const ok = caller.takeOne('SIP/2.0 200');
    assert.equal(ok.body, offer);
    assert.deepEqual(carrierA.take(), []);
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: offer }));
    assert.deepEqual(carrierA.take(), [], 'no ACK before the caller has given the answer');
    caller.send(callerRequest('ACK', invite, tagOf(ok.header('To')), { cseq: 1, body: answer }));
    assert.equal(carrierA.takeOne('ACK').body, answer);
  });

  it('repeats the 2xx until the ACK and hangs up both sides after the list (RFC 3261 13.3.1.4)', () => {
    const stage = createStage();
    const { caller, carrierA, effects, pass } = stage;
    const invite = inviteText();
    caller.send(invite.text);
    caller.take();
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    caller.takeOne('SIP/2.0 200');
    carrierA.takeOne('ACK');
    pass(510);
    caller.takeOne('SIP/2.0 200');
    pass(1010);
    caller.takeOne('SIP/2.0 200');
    pass(31_000);
    assert.equal(caller.take().at(-1)!.method, 'BYE');
    assert.equal(carrierA.take()[0]!.method, 'BYE');
    assert.equal(effects.ends[0]!.endReason, 'Session timeout');
    assert.equal(effects.ends[0]!.endedBy, 'server');
    assert.deepEqual(effects.lines, []);
  });

  it('does not hang up the caller before his ACK (RFC 3261 15)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = inviteText();
    caller.send(invite.text);
    caller.take();
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    const ok = caller.takeOne('SIP/2.0 200');
    carrierA.take();
    carrierA.send(carrierRequest('BYE', carried, 'g1', { cseq: 1 }));
    carrierA.takeOne('SIP/2.0 200');
    assert.deepEqual(caller.take(), []);
    caller.send(callerRequest('ACK', invite, tagOf(ok.header('To')), { cseq: 1 }));
    caller.takeOne('BYE');
  });

  it('ends after SS_SIP_NO_TIMER_REINVITE_INTERVAL or SS_MAX_CALL_DURATION', () => {
    for (const [parameters, reason] of [
      [{ SS_MAX_CALL_DURATION: 60 }, 'Maximum call duration'],
      [{ SS_SIP_NO_TIMER_REINVITE_INTERVAL: 60 }, 'Session timeout'],
    ] as const) {
      const stage = createStage({ ...baseDocument(), parameters: { SS_MAXCPS: 0, ...parameters } });
      answeredCall(stage);
      stage.pass(59_900);
      assert.equal(stage.effects.ends.length, 0);
      stage.pass(200);
      stage.caller.takeOne('BYE');
      stage.carrierA.takeOne('BYE');
      assert.equal(stage.effects.ends[0]!.endReason, reason);
    }
  });

  it('keeps one transaction through a storm: each request seven times, one call, one CDR', () => {
    const stage = createStage();
    const { caller, carrierA, effects, shard } = stage;
    const invite = inviteText();
    for (let i = 0; i < 7; i++) caller.send(invite.text);
    assert.equal(shard.callsUp, 1);
    const carried = carrierA.takeOne('INVITE');
    for (let i = 0; i < 7; i++)
      carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    assert.equal(carrierA.take().filter((message) => message.method === 'ACK').length, 7);
    const oks = caller.take().filter((message) => message.status === 200);
    assert.equal(oks.length, 1);
    const bye = callerRequest('BYE', invite, tagOf(oks[0]!.header('To')), { cseq: 2 });
    for (let i = 0; i < 7; i++) caller.send(bye);
    assert.equal(caller.take().filter((message) => message.status === 200).length, 7);
    assert.equal(effects.answers.length, 1);
    assert.equal(effects.ends.length, 1);
    assert.deepEqual(effects.lines, []);
  });
});

function baseDocument(): Record<string, unknown> {
  return {
    mappingGateways: [{ name: 'acme-in', auth: 'ip', addresses: ['127.0.0.2'] }],
    routingGateways: [{ name: 'alpha', address: '127.0.0.3:5060', prefixes: ['44'] }],
  };
}
