// Real neighbours: Kamailio in front of a customer and before a carrier, and two softphones that talk
// through the switch.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { field, fieldList } from '../../bench/peers/sip-text.ts';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { startBaresip } from '../peers/baresip.ts';
import { type KamailioRelay, startKamailioRelay } from '../peers/kamailio.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';

describe('Kamailio as a neighbour', () => {
  let node: NodeUnderTest;
  let customerEdge: KamailioRelay;
  let carrierEdge: KamailioRelay;
  let caller: UserAgent;
  let called: UserAgent;
  let sippPort: number;

  before(async () => {
    [sippPort] = (await freePorts(1)) as [number];
    [node, caller, called] = await Promise.all([openNode(), startUserAgent(), startUserAgent()]);
    [customerEdge, carrierEdge] = await Promise.all([
      startKamailioRelay(node.folder, `127.0.0.1:${node.port}`, 'customer-edge'),
      startKamailioRelay(node.folder, `127.0.0.1:${called.port}`, 'carrier-edge'),
    ]);
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [
        { name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${customerEdge.port}`] },
      ],
      routingGateways: [
        { name: 'carrier', address: `127.0.0.1:${carrierEdge.port}`, prefixes: ['44'] },
        { name: 'sipp', address: `127.0.0.1:${sippPort}`, prefixes: ['45'] },
      ],
    });
  });
  after(async () => {
    await node.close();
    await Promise.all([customerEdge.stop(), carrierEdge.stop(), caller.close(), called.close()]);
  });

  /** Places a call over both proxies; both ends of it. */
  async function connect(): Promise<{ out: SipCall; taken: SipCall }> {
    const arrived = new Promise<SipCall>((resolve) => {
      called.onCall = (call) => {
        call.reply(180);
        call.reply(200);
        resolve(call);
      };
    });
    const edge = { address: '127.0.0.1', port: customerEdge.port };
    const out = caller.place(edge, { callee: '442071234567' });
    const taken = await arrived;
    assert.equal(await out.answered, 200);
    await taken.acknowledged;
    return { out, taken };
  }

  it('requests inside the call follow the route set, both ways (RFC 3261 12.2.1.1)', async () => {
    const { out, taken } = await connect();
    const routes = fieldList(taken.requests[0]!, 'record-route');
    assert.equal(routes.length, 1, 'the customer’s proxy is hidden from the carrier');
    assert.match(routes[0]!, new RegExp(`127\\.0\\.0\\.1:${carrierEdge.port};`));
    assert.equal((await out.request('INFO'))?.status, 200);
    assert.equal((await taken.request('INFO'))?.status, 200);
    const held = await out.request('INVITE', { body: out.responses.at(-1)!.body });
    assert.equal(held?.status, 200);
    // what reached the carrier's phone came through its proxy, which adds its Via
    for (const request of taken.requests) {
      const vias = fieldList(request, 'via');
      assert.match(vias[0]!, new RegExp(`127\\.0\\.0\\.1:${carrierEdge.port};`), request.method);
      assert.match(vias[1]!, new RegExp(`127\\.0\\.0\\.1:${node.port};`), request.method);
    }
    const [info] = out.requests;
    assert.match(fieldList(info!, 'via')[0]!, new RegExp(`:${customerEdge.port};`));
    assert.equal(field(info!, 'route'), '', 'the last proxy takes its own route off');
    assert.equal(await out.hangUp(), 200);
    assert.equal(await taken.ended, 'hung up by peer');
  });

  it('the called side hangs up through both proxies', async () => {
    const { out, taken } = await connect();
    assert.equal(await taken.hangUp(), 200);
    assert.equal(await out.ended, 'hung up by peer');
  });

  it('CANCEL and busy cross both proxies', async () => {
    const edge = { address: '127.0.0.1', port: customerEdge.port };
    const ringing = new Promise<SipCall>((resolve) => {
      called.onCall = (call) => {
        call.reply(180);
        resolve(call);
      };
    });
    const given = caller.place(edge, { callee: '442071234567' });
    await given.response(180);
    given.cancel();
    assert.equal(await given.answered, 487);
    assert.equal(await (await ringing).ended, 'cancelled');
    called.onCall = (call) => call.reply(486);
    assert.equal(await caller.place(edge, { callee: '442071234567' }).answered, 486);
  });

  it('SIPp calls SIPp behind the customer’s Kamailio', async () => {
    const gateway = await startSippGateway(node.folder, 'gateway-answer', { port: sippPort });
    const [port] = await freePorts(1);
    const placed = await placeSippCalls(node.folder, {
      scenario: 'caller-answer',
      port: port!,
      targetPort: customerEdge.port,
      service: '45',
      rate: 20,
      calls: 20,
    });
    const taken = await gateway.stop();
    assertPlayed(placed, 20);
    assertPlayed(taken, 20);
  });

  it('every call has its CDR, and every line is back', async () => {
    await node.quiet();
    const reasons = new Map<string, number>();
    for (const { endReason, endedBy } of await node.cdrs()) {
      const key = `${endReason}, ${endedBy}`;
      reasons.set(key, (reasons.get(key) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(reasons), {
      'Normal release, caller': 21,
      'Normal release, callee': 1,
      'Caller hang-up before answer, caller': 1,
      'SIP 486 Busy Here, callee': 1,
    });
  });
});

describe('softphones', () => {
  it('baresip calls baresip through the node, and each hears the other', async () => {
    const node = await openNode();
    const { folder } = node;
    const outboundProxy = `127.0.0.1:${node.port}`;
    const caller = await startBaresip({ name: 'caller', folder, answers: 'manual', outboundProxy });
    const called = await startBaresip({ name: 'called', folder, answers: 'auto' });
    try {
      await node.apply({
        mappingGateways: [{ name: 'phone', auth: 'ip', addresses: [`127.0.0.1:${caller.port}`] }],
        routingGateways: [
          { name: 'other-phone', address: `127.0.0.1:${called.port}`, prefixes: ['phone'] },
        ],
      });
      caller.command('dial', `sip:phone@127.0.0.1:${node.port}`);
      await caller.event('CALL_ESTABLISHED');
      await called.event('CALL_ESTABLISHED');
      await caller.hears(8000);
      await called.hears(8000);
      caller.command('hangup');
      await called.event('CALL_CLOSED');
      await node.quiet();
      const [cdr, ...others] = await node.cdrs();
      assert.equal(others.length, 0);
      assert.deepEqual([cdr!.endReason, cdr!.endedBy], ['Normal release', 'caller']);
      assert.ok(cdr!.holdTimeMs > 0);
    } finally {
      await Promise.all([caller.stop(), called.stop()]);
      await node.close();
    }
  });
});
