// Two switches that route one number to each other, over two gateways each: the call ends after a few hops,
// and does not fan out over the second gateway of each.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import { Transport } from '../../core/sip/hop.ts';
import type { Engine } from '../../workers/engine.ts';
import { configureWith, fresh, open, peer, settingsFor, start, until } from './engine-stage.ts';
import { readCdrs } from './read-cdrs.ts';
import { request, type SipPeer } from './sip-peer.ts';

interface Switch {
  readonly dataDir: string;
  readonly engine: Engine;
}

const callId = 'round-and-round';
/** INVITEs on the wire, the caller's among them. */
const invitesMax = 10;

async function startSwitch(port: number, otherPort: number, caller: SipPeer): Promise<Switch> {
  const dataDir = fresh();
  const address = `127.0.0.1:${otherPort}`;
  await configureWith(dataDir, {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [
      { name: 'caller', auth: 'ip', addresses: [`127.0.0.1:${caller.port}`] },
      { name: 'other', auth: 'ip', addresses: [address] },
    ],
    routingGateways: ['first', 'second'].map((name, index) => ({
      name,
      address,
      prefixes: ['44'],
      priority: index + 1,
    })),
  });
  const engine = await start(
    settingsFor(dataDir, {
      listen: [{ transport: Transport.udp, address: '127.0.0.1', port }],
      callWorkers: 1,
    }),
  );
  return { dataDir, engine };
}

it('two switches that route to each other: ten INVITEs at most, a CDR each, then 483', async (t) => {
  const caller = await peer();
  const [one, other] = await freePorts(2);
  const switches = [
    await startSwitch(one!, other!, caller),
    await startSwitch(other!, one!, caller),
  ];
  caller.send(request(caller, 'INVITE', { callId }), one!);
  const refusal = await caller.next('SIP/2.0 48');
  assert.match(refusal, /^SIP\/2\.0 48[23] /);
  await until(() => switches.every(({ engine }) => engine.figures().callsUp === 0));
  const counted = (name: 'invites' | 'bugs'): number =>
    switches.reduce((sum, { engine }) => sum + engine.figures().counters[name], 0);
  assert.equal(counted('bugs'), 0);
  const invites = counted('invites');
  for (const engine of open.splice(0).reverse()) await engine.close();
  const cdrs = (await Promise.all(switches.map(({ dataDir }) => readCdrs(dataDir)))).flat();
  t.diagnostic(`${invites} INVITEs`);
  assert.ok(invites > 2 && invites <= invitesMax, `${invites} INVITEs`);
  const tried = cdrs.map(({ attempts }) => attempts.map(({ gateway }) => gateway));
  assert.deepEqual(
    tried,
    cdrs.map(() => ['first']),
  );
  // The last INVITE is refused at the door, which leaves none.
  assert.equal(cdrs.length, invites - 1);
  assert.equal(new Set(cdrs.map((cdr) => cdr.callId)).size, cdrs.length, 'one a hop');
  for (const cdr of cdrs) assert.match(cdr.endReason, /^SIP 48[23] /);
});
