// The user agents that demo and whole-system tests rely on, talking to each other over loopback.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { runGateway } from '../../../bench/peers/scripted-gateway.ts';
import { field, readSip, uriOf, userOf } from '../../../bench/peers/sip-text.ts';
import { ping, startUserAgent, type UserAgent } from '../../../bench/peers/sip-user-agent.ts';

describe('user agents over loopback', () => {
  let caller: UserAgent;
  let gateway: UserAgent;
  const target = (): { address: string; port: number } => ({
    address: '127.0.0.1',
    port: gateway.port,
  });

  before(async () => {
    caller = await startUserAgent();
    gateway = await startUserAgent();
  });
  after(async () => {
    await caller.close();
    await gateway.close();
  });

  it('places a call that is answered and hangs up', async () => {
    const counts = runGateway(gateway, () => ({ status: 200, ringMs: 10 }));
    const call = caller.place(target(), { callee: '442000' });
    assert.equal(await call.answered, 200);
    assert.deepEqual(
      call.responses.map(({ status }) => status),
      [180, 200],
    );
    assert.equal(await call.hangUp(), 200);
    assert.equal(await call.ended, 'hung up');
    assert.deepEqual(counts, { offered: 1, answered: 1, refused: 0, cancelled: 0 });
  });

  it('is hung up by the other side', async () => {
    runGateway(gateway, () => ({ status: 200, hangUpAfterMs: 5 }));
    const call = caller.place(target(), { callee: '442000' });
    assert.equal(await call.ended, 'hung up by peer');
  });

  it('acknowledges a refusal', async () => {
    const counts = runGateway(gateway, (callee) => ({ status: callee.endsWith('86') ? 486 : 503 }));
    const busy = caller.place(target(), { callee: '442086' });
    assert.equal(await busy.answered, 486);
    assert.equal(await busy.ended, 'failed');
    assert.equal(counts.refused, 1);
  });

  it('cancels while it rings', async () => {
    const counts = runGateway(gateway, () => ({ status: 0 }));
    const call = caller.place(target(), { callee: '442099' });
    await call.response(180);
    call.cancel();
    assert.equal(await call.answered, 487);
    assert.equal(await call.ended, 'cancelled');
    assert.equal(counts.cancelled, 1);
  });

  it('exchanges requests inside a call, both ways', async () => {
    const coming = nextCall(gateway);
    const call = caller.place(target(), { callee: '442000' });
    const taken = await coming;
    taken.reply(200);
    const ack = await taken.acknowledged;
    assert.equal(field(ack, 'cseq'), '1 ACK');
    const reinvite = await call.request('INVITE', { body: 'v=0\r\n' });
    assert.equal(reinvite?.status, 200);
    assert.match(reinvite?.body ?? '', /^v=0/);
    const info = await taken.request('INFO', { lines: ['Content-Type: text/plain'], body: 'x' });
    assert.equal(info?.status, 200);
    await taken.hangUp();
    assert.equal(await call.ended, 'hung up by peer');
  });

  it('repeats an INVITE that is not answered', async () => {
    const silent = createSocket('udp4');
    silent.bind(0, '127.0.0.1');
    await once(silent, 'listening');
    caller.place({ address: '127.0.0.1', port: silent.address().port }, { callee: '1' });
    const [first] = (await once(silent, 'message')) as [Buffer];
    const [second] = (await once(silent, 'message')) as [Buffer];
    assert.deepEqual(first, second);
    silent.close();
  });

  it('answers OPTIONS', async () => {
    assert.equal(await ping(caller, target()), 200);
  });
});

function nextCall(agent: UserAgent): Promise<Parameters<NonNullable<UserAgent['onCall']>>[0]> {
  return new Promise((resolve) => {
    agent.onCall = resolve;
  });
}

describe('reading SIP text', () => {
  it('understands compact names and folded lines', () => {
    const message = readSip(
      Buffer.from(
        'BYE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP x;branch=z\r\nf: <sip:c@d>\r\n ;tag=1\r\nCSeq: 2 BYE\r\n\r\n',
      ),
    );
    assert.equal(message?.method, 'BYE');
    assert.equal(field(message!, 'from'), '<sip:c@d> ;tag=1');
    assert.equal(field(message!, 'via'), 'SIP/2.0/UDP x;branch=z');
  });

  it('is silent about what is not SIP', () => {
    assert.equal(readSip(Buffer.from('hello\r\n\r\n')), undefined);
    assert.equal(readSip(Buffer.from('\r\n\r\n')), undefined);
  });

  it('takes an address apart', () => {
    assert.equal(uriOf('"A, B" <sip:44@h:5060;x=1>;tag=2'), 'sip:44@h:5060;x=1');
    assert.equal(userOf('sip:44@h:5060'), '44');
    assert.equal(userOf('tel:+4420'), '+4420');
  });
});
