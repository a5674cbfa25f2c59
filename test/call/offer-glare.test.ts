// Offers that meet while a call is set up, and re-INVITEs of both sides at once (RFC 3261 14, RFC 3311 5,
// RFC 6337 2.2 and 4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  answeredCall,
  begunCall,
  callerRequest,
  carrierRequest,
  createStage,
  offer,
  responseTo,
  type Seen,
  type SentInvite,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';
const able = 'Supported: 100rel\r\n';
const hold = offer.replace('m=audio', 'a=sendonly\r\nm=audio');

interface EarlyCall {
  readonly stage: Stage;
  readonly invite: SentInvite;
  readonly carried: Seen;
  readonly progress: Seen;
  readonly tag: string;
}

/** A reliable 183 with SDP has reached the caller. */
function earlyCall(body: string): EarlyCall {
  const stage = createStage();
  const { invite, carried } = begunCall(stage, { headers: able, body });
  const headers = 'Require: 100rel\r\nRSeq: 21\r\n';
  const sdp = body === '' ? offer : answer;
  stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact, headers, body: sdp }));
  const progress = stage.caller.takeOne('SIP/2.0 183');
  return { stage, invite, carried, progress, tag: tagOf(progress.header('To')) };
}

function callerAsks(call: EarlyCall, method: string, cseq: number, body = ''): void {
  const rack = `RAck: ${call.progress.header('RSeq')} 1 INVITE\r\n`;
  const headers = method === 'PRACK' ? rack : '';
  call.stage.caller.send(callerRequest(method, call.invite, call.tag, { cseq, headers, body }));
}

function carrierAsks(call: EarlyCall, cseq: number, body = offer): void {
  call.stage.carrierA.send(carrierRequest('UPDATE', call.carried, 'a', { cseq, body }));
}

function assertRefused(call: EarlyCall, side: 'caller' | 'carrierA', status: 491 | 500): void {
  const refused = call.stage[side].takeOne(`SIP/2.0 ${status}`);
  const seconds = refused.header('Retry-After');
  if (status === 491) assert.equal(seconds, '');
  else assert.ok(/^\d+$/.test(seconds) && Number(seconds) <= 10, `Retry-After: ${seconds}`);
}

describe('an UPDATE with an offer in an early dialog', () => {
  it('before a reliable answer to the INVITE: 500 to the caller, 491 to the carrier', () => {
    const stage = createStage();
    const { invite, carried } = begunCall(stage, { headers: able });
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact, body: answer }));
    const progress = stage.caller.takeOne('SIP/2.0 183');
    const call = { stage, invite, carried, progress, tag: tagOf(progress.header('To')) };
    callerAsks(call, 'UPDATE', 2, offer);
    assertRefused(call, 'caller', 500);
    carrierAsks(call, 1);
    assertRefused(call, 'carrierA', 491);
  });

  it('without an offer passes all the same', () => {
    const call = earlyCall(offer);
    callerAsks(call, 'UPDATE', 2);
    call.stage.carrierA.takeOne('UPDATE');
  });

  it('of the carrier waits for the PRACK of the answer, then passes (RFC 3311 5.1)', () => {
    const call = earlyCall(offer);
    const { stage } = call;
    carrierAsks(call, 1);
    assertRefused(call, 'carrierA', 491);
    callerAsks(call, 'PRACK', 2);
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('PRACK'), 200));
    stage.caller.takeOne('SIP/2.0 200');
    carrierAsks(call, 2);
    const update = stage.caller.takeOne('UPDATE');
    callerAsks(call, 'UPDATE', 3, offer);
    assertRefused(call, 'caller', 491);
    stage.caller.send(responseTo(update, 200, { body: answer }));
    stage.carrierA.takeOne('SIP/2.0 200');
    callerAsks(call, 'UPDATE', 4, offer);
    stage.carrierA.takeOne('UPDATE');
  });

  it('while the offer of a PRACK is open: 500 to the caller, 491 to the carrier', () => {
    const call = earlyCall(offer);
    const { stage } = call;
    callerAsks(call, 'PRACK', 2, offer);
    const prack = stage.carrierA.takeOne('PRACK');
    assert.equal(prack.body, offer);
    callerAsks(call, 'UPDATE', 3, offer);
    assertRefused(call, 'caller', 500);
    carrierAsks(call, 1);
    assertRefused(call, 'carrierA', 491);
    stage.carrierA.send(responseTo(prack, 200, { body: answer }));
    assert.equal(stage.caller.takeOne('SIP/2.0 200').body, answer);
    callerAsks(call, 'UPDATE', 4, offer);
    stage.carrierA.takeOne('UPDATE');
  });

  it('while the offer of a reliable provisional waits for its PRACK: 491 and 500 the other way round', () => {
    const call = earlyCall('');
    const { stage } = call;
    callerAsks(call, 'UPDATE', 2, offer);
    assertRefused(call, 'caller', 491);
    carrierAsks(call, 1);
    assertRefused(call, 'carrierA', 500);
    callerAsks(call, 'PRACK', 3, answer);
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('PRACK'), 200));
    stage.caller.takeOne('SIP/2.0 200');
    callerAsks(call, 'UPDATE', 4, offer);
    stage.carrierA.takeOne('UPDATE');
  });

  it('before the answer that our own PRACK took reaches the caller: 491 to the carrier', () => {
    const stage = createStage();
    const { invite, carried } = begunCall(stage);
    const headers = 'Require: 100rel\r\nRSeq: 3\r\n';
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact, headers, body: answer }));
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('PRACK'), 200));
    const progress = stage.caller.takeOne('SIP/2.0 183');
    const call = { stage, invite, carried, progress, tag: tagOf(progress.header('To')) };
    carrierAsks(call, 1);
    assertRefused(call, 'carrierA', 491);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer }));
    stage.carrierA.takeOne('ACK');
    stage.caller.takeOne('SIP/2.0 200');
    carrierAsks(call, 2);
    stage.caller.takeOne('UPDATE');
  });
});

describe('an offer in a 2xx', () => {
  it('that waits for its ACK: a re-INVITE gets 491 of both, an UPDATE 491 and 500', () => {
    const stage = createStage();
    const call = answeredCall(stage);
    const { caller, carrierA } = stage;
    const ask = (method: string, cseq: number): void =>
      caller.send(callerRequest(method, call.invite, call.callerTag, { cseq, body: hold }));
    const carrierAsk = (method: string, cseq: number): void =>
      carrierA.send(carrierRequest(method, call.carried, 'g1', { cseq, body: hold }));
    caller.send(callerRequest('INVITE', call.invite, call.callerTag, { cseq: 2 }));
    caller.takeOne('SIP/2.0 100');
    carrierA.send(responseTo(carrierA.takeOne('INVITE'), 200, { body: offer }));
    caller.takeOne('SIP/2.0 200');
    ask('INVITE', 3);
    caller.takeOne('SIP/2.0 491');
    ask('UPDATE', 4);
    caller.takeOne('SIP/2.0 491');
    carrierAsk('INVITE', 1);
    carrierA.takeOne('SIP/2.0 491');
    carrierAsk('UPDATE', 2);
    carrierA.takeOne('SIP/2.0 500');
    caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2, body: answer }));
    assert.equal(carrierA.takeOne('ACK').body, answer);
    carrierAsk('UPDATE', 3);
    caller.takeOne('UPDATE');
  });
});
