// Peers on a bad network, and peers that send everything seven times: one call, one CDR, and what was
// lost is sent again.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { type Fate, type Faults, loseFirst, openFaultySocket } from '../peers/faulty-socket.ts';
import { type CdrLine, type NodeUnderTest, openNode } from './node-under-test.ts';

describe('lost datagrams and storms', () => {
  let node: NodeUnderTest;
  let customer: UserAgent;
  let carrier: UserAgent;
  const customerFaults: { -readonly [key in keyof Faults]: Faults[key] } = {};
  const carrierFaults: { -readonly [key in keyof Faults]: Faults[key] } = {};
  let cdrsRead = 0;

  before(async () => {
    node = await openNode();
    customer = new UserAgent(await openFaultySocket(customerFaults));
    carrier = new UserAgent(await openFaultySocket(carrierFaults));
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [
        { name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${customer.port}`] },
      ],
      routingGateways: [
        { name: 'carrier', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'], lineLimit: 10 },
      ],
    });
  });
  afterEach(() => {
    for (const faults of [customerFaults, carrierFaults]) {
      delete faults.outgoing;
      delete faults.incoming;
    }
  });
  after(async () => {
    await node.close();
    await Promise.all([customer.close(), carrier.close()]);
  });

  /** A call that the carrier answers after `ringMs`; both ends of it. */
  async function connect(ringMs = 0): Promise<{ out: SipCall; taken: SipCall }> {
    const arrived = new Promise<SipCall>((resolve) => {
      carrier.onCall = (call) => {
        carrier.after(ringMs, () => {
          call.reply(180);
          call.reply(200);
          resolve(call);
        });
      };
    });
    const out = customer.place(node.target, { callee: '442071234567' });
    const taken = await arrived;
    assert.equal(await out.answered, 200);
    await taken.acknowledged;
    return { out, taken };
  }

  async function oneCdr(): Promise<CdrLine> {
    await node.quiet();
    const cdrs = (await node.cdrs()).slice(cdrsRead);
    cdrsRead += cdrs.length;
    assert.equal(cdrs.length, 1);
    assert.equal(cdrs[0]!.endReason, 'Normal release');
    assert.equal(cdrs[0]!.attempts.length, 1);
    return cdrs[0]!;
  }

  const storm = (text: string): Fate | undefined =>
    /^(?:INVITE|BYE|ACK|SIP)/.test(text) ? { times: 7 } : undefined;

  it('our ACK to the carrier is lost: its next 200 gets another (RFC 3261 13.2.2.4)', async () => {
    carrierFaults.incoming = loseFirst(1, 'ACK ');
    const { out, taken } = await connect();
    assert.equal(taken.requests.filter(({ method }) => method === 'ACK').length, 1);
    assert.equal(await out.hangUp(), 200);
    await taken.ended;
    await oneCdr();
  });

  it('the caller’s ACK is lost: it gets the 200 again (RFC 3261 13.3.1.4)', async () => {
    customerFaults.outgoing = loseFirst(1, 'ACK ');
    const repeats = customer.repeatsSeen;
    const { out } = await connect();
    while (customer.repeatsSeen === repeats) await new Promise((next) => setTimeout(next, 20));
    assert.equal(await out.hangUp(), 200);
    await oneCdr();
  });

  it('the first of everything is lost, on both sides', async () => {
    const lose = ['INVITE', 'ACK', 'BYE', 'SIP/2.0 200'].map((start) => loseFirst(1, start));
    const any = (text: string): Fate | undefined =>
      lose.map((one) => one(text)).find((fate) => fate !== undefined);
    customerFaults.outgoing = any;
    carrierFaults.incoming = loseFirst(1, 'INVITE');
    carrierFaults.outgoing = loseFirst(1, 'SIP/2.0 200');
    const { out, taken } = await connect();
    assert.equal(await out.hangUp(), 200);
    assert.equal(await taken.ended, 'hung up by peer');
    assert.equal((await oneCdr()).endedBy, 'caller');
  });

  it('a caller that sends INVITE, ACK and BYE seven times makes one call', async () => {
    customerFaults.outgoing = storm;
    const { out, taken } = await connect();
    assert.equal(await out.hangUp(), 200);
    await taken.ended;
    const methods = taken.requests.map(({ method }) => method);
    assert.deepEqual(methods, ['INVITE', 'ACK', 'BYE']);
    await oneCdr();
  });

  it('a carrier that sends every response and its BYE seven times makes one call', async () => {
    carrierFaults.outgoing = storm;
    const { out, taken } = await connect();
    assert.equal(await taken.hangUp(), 200);
    assert.equal(await out.ended, 'hung up by peer');
    assert.deepEqual(
      out.requests.map(({ method }) => method),
      ['BYE'],
    );
    assert.equal((await oneCdr()).endedBy, 'callee');
  });

  it('both sides hang up at once, seven times each: one CDR', async () => {
    customerFaults.outgoing = storm;
    carrierFaults.outgoing = storm;
    const { out, taken } = await connect();
    assert.deepEqual(await Promise.all([out.hangUp(), taken.hangUp()]), [200, 200]);
    await oneCdr();
  });

  it('a carrier that says nothing for two seconds gets the INVITE again, and the call once', async () => {
    const repeats = carrier.repeatsSeen;
    const { out, taken } = await connect(2000);
    assert.equal(await out.hangUp(), 200);
    await taken.ended;
    const methods = taken.requests.map(({ method }) => method);
    assert.deepEqual(methods, ['INVITE', 'ACK', 'BYE']);
    assert.ok(carrier.repeatsSeen > repeats, 'the INVITE was sent again');
    await oneCdr();
  });

  it('the answer to a BYE is lost: the BYE, sent again, is answered again', async () => {
    const { out } = await connect();
    customerFaults.incoming = loseFirst(1, 'SIP/2.0 200');
    assert.equal(await out.hangUp(), 200);
    await oneCdr();
  });
});
