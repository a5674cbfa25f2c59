// A whole engine of two call workers before several carriers: one refuses, one stays silent, one fails after a
// while, one sends SDP and fails, one answers late; and a group whose lines they share.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import type { Engine } from '../../workers/engine.ts';
import { configureWith, fresh, peer, settingsFor, start, until } from './engine-stage.ts';
import { readCdrs } from './read-cdrs.ts';
import { header, request, response, type SipPeer, tagOf } from './sip-peer.ts';

interface Carriers {
  engine: Engine;
  caller: SipPeer;
  carriers: Record<string, SipPeer>;
  dataDir: string;
  port: number;
}

async function open(
  names: readonly string[],
  fields: (name: string, index: number) => object,
  more: object = {},
): Promise<Carriers> {
  const caller = await peer();
  const carriers: Record<string, SipPeer> = {};
  for (const name of names) carriers[name] = await peer();
  const dataDir = fresh();
  await configureWith(dataDir, {
    parameters: { SS_MAXCPS: 0, SS_SIP_TIMEOUT_INVITE: 1 },
    mappingGateways: [{ name: 'in', addresses: [`127.0.0.1:${caller.port}`] }],
    routingGateways: names.map((name, index) => ({
      name,
      address: `127.0.0.1:${carriers[name]!.port}`,
      prefixes: ['44'],
      priority: index,
      ...fields(name, index),
    })),
    ...more,
  });
  const engine = await start(settingsFor(dataDir));
  return { engine, caller, carriers, dataDir, port: engine.listeners[0]!.port };
}

function withSdp(text: string): string {
  const body = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
  return text.replace(
    'Content-Length: 0\r\n\r\n',
    `Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

test('a call goes from carrier to carrier until one answers; the CDR has each attempt', async () => {
  const names = ['refuses', 'silent', 'fails', 'answers'];
  const { engine, caller, carriers, dataDir, port } = await open(names, () => ({}));
  const say = (name: string, invite: string, status: string): void =>
    carriers[name]!.send(response(invite, status, carriers[name]!, name), port);
  const explained = (await engine.activation.analyze({
    gateway: 'in',
    callee: '4420',
    fail: { refuses: 503, silent: 408, fails: 480 },
  })) as RouteExplanation;
  assert.deepEqual([explained.order, explained.winner], [names, 'answers']);

  const callId = 'along-the-chain';
  caller.send(request(caller, 'INVITE', { callId }), port);
  say('refuses', await carriers.refuses!.next('INVITE '), '503 Service Unavailable');
  await carriers.silent!.next('INVITE ');
  const third = await carriers.fails!.next('INVITE ');
  say('fails', third, '100 Trying');
  say('fails', third, '480 Temporarily Unavailable');
  const last = await carriers.answers!.next('INVITE ');
  say('answers', last, '180 Ringing');
  await caller.next('SIP/2.0 180');
  say('answers', last, '200 OK');
  const toTag = tagOf(header(await caller.next('SIP/2.0 200'), 'To'));
  caller.send(request(caller, 'ACK', { callId, toTag, branch: 'z9hG4bKack' }), port);
  await carriers.answers!.next('ACK ');
  caller.send(request(caller, 'BYE', { callId, toTag, cseq: 2 }), port);
  await caller.next('SIP/2.0 200');
  await until(() => engine.figures().callsUp === 0);
  await engine.close();

  const [cdr] = await readCdrs(dataDir);
  assert.equal(cdr!.routingGateway, explained.winner);
  assert.deepEqual(
    cdr!.attempts.map(({ gateway, sipCode, endReason }) => [gateway, sipCode, endReason]),
    [
      ['refuses', 503, 'SIP 503 Service Unavailable'],
      ['silent', 0, 'InviteTimeout'],
      ['fails', 480, 'SIP 480 Temporarily Unavailable'],
      ['answers', 200, 'Normal release'],
    ],
  );
  const [first, silent] = cdr!.attempts;
  assert.ok(silent!.tookMs >= 1000, String(silent!.tookMs));
  assert.ok(silent!.startedAt >= first!.startedAt);
  const counted = engine.figures().gateways.find(({ name }) => name === 'silent')!;
  assert.equal(counted.routing!.callsToday, 1);
});

test('a carrier that sent SDP and fails ends the chain, but not with switchAllowSdp', async () => {
  const { engine, caller, carriers, port } = await open(
    ['early', 'next'],
    (_, index) => (index === 0 ? { switchAllowRing: true } : {}),
    { parameters: { SS_MAXCPS: 0 } },
  );
  const early = carriers.early!;
  caller.send(request(caller, 'INVITE', { callId: 'early-media' }), port);
  const invite = await early.next('INVITE ');
  early.send(withSdp(response(invite, '183 Session Progress', early, 'e')), port);
  await caller.next('SIP/2.0 183');
  early.send(response(invite, '503 Service Unavailable', early, 'e'), port);
  const final = await caller.next('SIP/2.0 503');
  assert.match(header(final, 'Reason'), /^Q\.850;cause=41$/);
  assert.deepEqual(carriers.next!.waiting, []);
  assert.equal(engine.figures().counters.attempts, 1);

  const allowed = await open(['early', 'next'], () => ({ switchAllowSdp: true }), {
    parameters: { SS_MAXCPS: 0 },
  });
  const first = allowed.carriers.early!;
  allowed.caller.send(request(allowed.caller, 'INVITE', { callId: 'allowed' }), allowed.port);
  const again = await first.next('INVITE ');
  first.send(withSdp(response(again, '183 Session Progress', first, 'e')), allowed.port);
  first.send(response(again, '503 Service Unavailable', first, 'e'), allowed.port);
  await allowed.carriers.next!.next('INVITE ');
});

test("a group's lines are exact over both workers, and all come back", async () => {
  const lineLimit = 5;
  const calls = 24;
  const { engine, caller, carriers, port } = await open(
    ['a', 'b'],
    () => ({ groups: ['shared'], priority: 1 }),
    { gatewayGroups: [{ name: 'shared', lineLimit }], parameters: { SS_MAXCPS: 0 } },
  );
  const { a, b } = carriers;
  const rings = (carrier: SipPeer): void => {
    void carrier.next('INVITE ').then((invite) => {
      carrier.send(response(invite, '180 Ringing', carrier, 'r'), port);
      rings(carrier);
    });
  };
  rings(a!);
  rings(b!);
  for (let n = 0; n < calls; n++) {
    caller.send(request(caller, 'INVITE', { callId: `shared-${n}` }), port);
  }
  const figure = (name: 'attempts' | 'callsFailed'): number => engine.figures().counters[name];
  await until(() => figure('attempts') + figure('callsFailed') >= calls);
  assert.equal(figure('attempts'), lineLimit);
  assert.equal(figure('callsFailed'), calls - lineLimit);
  const used = (): number =>
    engine
      .figures()
      .gateways.filter(({ kind }) => kind === 'routing')
      .reduce((sum, { linesUsed }) => sum + linesUsed, 0);
  // What a refused call took in vain goes back behind its final response.
  await until(() => used() === lineLimit);
  for (let n = 0; n < calls; n++) {
    const callId = `shared-${n}`;
    const branch = `z9hG4bK${callId}INVITE`;
    caller.send(request(caller, 'CANCEL', { callId, branch }), port);
  }
  await until(() => engine.figures().callsUp === 0 && used() === 0);
  caller.send(request(caller, 'INVITE', { callId: 'after-all' }), port);
  await until(() => figure('attempts') === lineLimit + 1);
});
