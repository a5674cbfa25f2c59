// The launchers themselves: each real program is started, used for a call and stopped.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/peers/free-port.ts';
import { startBaresip } from './baresip.ts';
import { startKamailioRelay } from './kamailio.ts';
import { createPeerFolder, type PeerFolder } from './peer-folder.ts';
import { placeSippCalls, startSippGateway } from './sipp.ts';

describe('launchers of real peers', () => {
  let folder: PeerFolder;
  before(() => {
    folder = createPeerFolder();
  });
  after(() => folder.remove());

  it('SIPp calls SIPp', async () => {
    const gateway = await startSippGateway(folder.path, 'gateway-answer');
    const placed = await placeSippCalls(folder.path, {
      scenario: 'caller-answer',
      port: await freePort(),
      targetPort: gateway.port,
      service: '44',
      rate: 20,
      calls: 10,
    });
    const taken = await gateway.stop();
    assert.deepEqual(
      [placed.exitCode, placed.successful, placed.failed, placed.retransmissions, placed.errors],
      [0, 10, 0, 0, ''],
    );
    assert.deepEqual([taken.successful, taken.failed], [10, 0]);
  });

  it('a failed SIPp call is reported', async () => {
    const gateway = await startSippGateway(folder.path, 'gateway-reject');
    const placed = await placeSippCalls(folder.path, {
      scenario: 'caller-answer',
      port: await freePort(),
      targetPort: gateway.port,
      service: '44',
      rate: 10,
      calls: 1,
    });
    await gateway.stop();
    assert.equal(placed.failed, 1);
    assert.match(placed.errors, /503/);
  });

  it('SIPp calls SIPp through Kamailio', async () => {
    const gateway = await startSippGateway(folder.path, 'gateway-answer');
    const relay = await startKamailioRelay(folder.path, `127.0.0.1:${gateway.port}`);
    const placed = await placeSippCalls(folder.path, {
      scenario: 'caller-answer',
      port: await freePort(),
      targetPort: relay.port,
      service: '44',
      rate: 20,
      calls: 10,
    });
    await gateway.stop();
    await relay.stop();
    assert.deepEqual([placed.successful, placed.failed], [10, 0]);
  });

  it('baresip calls baresip, and each hears the other', async () => {
    const caller = await startBaresip({ name: 'caller', folder: folder.path, answers: 'manual' });
    const called = await startBaresip({ name: 'called', folder: folder.path, answers: 'auto' });
    caller.command('dial', `sip:phone@127.0.0.1:${called.port}`);
    await caller.event('CALL_ESTABLISHED');
    await called.event('CALL_ESTABLISHED');
    await caller.hears(8000);
    await called.hears(8000);
    caller.command('hangup');
    await called.event('CALL_CLOSED');
    await caller.stop();
    await called.stop();
  });
});
