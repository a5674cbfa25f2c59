// The whole engine in this process, on loopback: a call from INVITE to its CDR, a worker that dies, a
// stream, a drain that ends calls by force, and starts that are refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { Transport } from '../../core/sip/hop.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { connectMs } from '../../workers/ingress/stream-ingress.ts';
import { StartRefused } from '../../workers/start-refused.ts';
import {
  configure,
  fresh,
  open,
  peer,
  placeCall,
  settingsFor,
  start,
  until,
} from './engine-stage.ts';
import { readCdrs } from './read-cdrs.ts';
import { header, request, response, tagOf } from './sip-peer.ts';

test('a handler that throws ends no other call', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir));
  await placeCall(engine, caller, carrier, 'unharmed');
  await until(() => engine.figures().callsAnsweredUp === 1);
  for (const worker of [0, 1]) {
    engine.supervisor.post(worker, { kind: 'fail', how: 'throwInHandler' });
  }
  await until(() => engine.figures().counters.bugs === 2);
  assert.equal(engine.figures().callsAnsweredUp, 1);
  assert.equal(engine.figures().counters.workerRestarts, 0);
});

test('a BYE lost on its way is sent again before the node ends, also when all calls had ended', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir, { drainSeconds: 20 }));
  const { toTag } = await placeCall(engine, caller, carrier, 'lost-bye');
  const bye = request(caller, 'BYE', { callId: 'lost-bye', toTag, cseq: 2 });
  caller.send(bye, engine.listeners[0]!.port);
  await caller.next('SIP/2.0 200');
  const closed = engine.drainAndClose();
  const first = await carrier.next('BYE ');
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  await until(() => isClosed || carrier.waiting.some((text) => text.startsWith('BYE ')));
  assert.equal(await carrier.next('BYE '), first);
  await closed;
});

test('a BYE to a TCP caller whose connection is closed goes to its Contact', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier, { callerAddresses: ['127.0.0.1'] });
  const engine = await start(settingsFor(dataDir));
  const [udpPort, tcpPort] = engine.listeners.map(({ port }) => port);
  const contact = createServer().listen(caller.port, '127.0.0.1');
  await once(contact, 'listening');
  open.push({ close: () => contact.close() });
  const dialled = once(contact, 'connection');
  const socket = connect(tcpPort!, '127.0.0.1');
  const overTcp = (text: string): string => text.replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
  let answers = '';
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1');
  });
  socket.write(overTcp(request(caller, 'INVITE', { callId: 'tcp-call' })));
  const invite = await carrier.next('INVITE ');
  carrier.send(response(invite, '200 OK', carrier, 'callee'), udpPort!);
  await until(() => answers.includes('SIP/2.0 200'));
  const toTag = tagOf(header(answers.slice(answers.indexOf('SIP/2.0 200')), 'To'));
  socket.write(overTcp(request(caller, 'ACK', { callId: 'tcp-call', toTag, branch: 'z9hG4bKa' })));
  await carrier.next('ACK ');
  socket.end();
  await until(() => engine.figures().counters.streamsClosed === 1);
  const fromCarrier =
    `BYE ${/<([^>]+)>/.exec(header(invite, 'Contact'))![1]} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP 127.0.0.1:${carrier.port};branch=z9hG4bKcarrier;rport\r\nMax-Forwards: 70\r\n` +
    `From: ${header(invite, 'To')};tag=callee\r\nTo: ${header(invite, 'From')}\r\n` +
    `Call-ID: ${header(invite, 'Call-ID')}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n`;
  carrier.send(fromCarrier, udpPort!);
  await carrier.next('SIP/2.0 200');
  const [back] = (await dialled) as [Socket];
  open.push({ close: () => back.destroy() });
  const [bye] = (await once(back, 'data')) as [Buffer];
  assert.match(bye.toString('latin1'), /^BYE sip:1001@127\.0\.0\.1/);
});

test('a gateway whose stream cannot be opened is left for the next one at once', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: deadPort } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const dead = {
    name: 'dead',
    address: `tcp://127.0.0.1:${deadPort}`,
    prefixes: ['44'],
    priority: 1,
  };
  await configure(dataDir, caller, carrier, { gateways: [dead] });
  const engine = await start(settingsFor(dataDir));
  const { toTag } = await placeCall(engine, caller, carrier, 'hunted');
  const bye = request(caller, 'BYE', { callId: 'hunted', toTag, cseq: 2 });
  caller.send(bye, engine.listeners[0]!.port);
  await caller.next('SIP/2.0 200');
  const [cdr] = await readCdrs(dataDir);
  assert.deepEqual(
    cdr!.attempts.map(({ gateway }) => gateway),
    ['dead', 'out'],
  );
  assert.ok(cdr!.attempts[0]!.tookMs < connectMs, 'the INVITE timer was waited for');
});

test('calls of a killed process are closed and hung up at the next start', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const first = await start(settingsFor(dataDir));
  await placeCall(first, caller, carrier, 'survivor');
  // Nothing is written or sent on the way down, as at a kill.
  await first.close();
  const { port } = first.listeners[0]!;
  const listen = [{ transport: Transport.udp, address: '127.0.0.1', port }];
  await start(settingsFor(dataDir, { listen }));
  await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  const cdrs = await readCdrs(dataDir);
  assert.deepEqual(
    cdrs.map(({ callId, endReason }) => [callId, endReason]),
    [['survivor', 'Server forced release']],
  );
});

test('a second engine on the directory, or on the port, is refused', async () => {
  const dataDir = fresh();
  const engine = await start(settingsFor(dataDir));
  await assert.rejects(start(settingsFor(dataDir)), (error: unknown) => {
    assert.ok(error instanceof StartRefused);
    return error.code === 'TANDEM_DATA_DIRECTORY_IN_USE';
  });
  const { port } = engine.listeners[0]!;
  for (const transport of [Transport.udp, Transport.tcp]) {
    const listen = [{ ...engine.listeners[transport]!, transport }];
    await assert.rejects(start(settingsFor(fresh(), { listen })), (error: unknown) => {
      assert.ok(error instanceof StartRefused, String(error));
      assert.match(error.message, /sip\.listen: .*expected a free port/);
      return true;
    });
  }
  assert.ok(port > 0);
});

test('a version is activated while the engine runs', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  const engine = await start(settingsFor(dataDir));
  const { port } = engine.listeners[0]!;
  caller.send(request(caller, 'INVITE', { callId: 'before' }), port);
  await caller.next('SIP/2.0 403');
  await configure(dataDir, caller, carrier);
  const result = await engine.activation.activate(1);
  assert.equal(result.version, 1);
  assert.ok(result.compileMs >= 0 && result.swapPauseMs >= 0);
  await placeCall(engine, caller, carrier, 'after');
  assert.equal(engine.figures().configurationVersion, 1);
  const explained = await engine.activation.analyze({ gateway: 'in', callee: '4420' });
  assert.deepEqual((explained as { order: string[] }).order, ['out']);
  await assert.rejects(engine.activation.analyze({ gateway: 'none', callee: '1' }), /none/);
  const asked = { account: 'none', callee: '1', holdMs: 1000, at: 0 };
  await assert.rejects(engine.activation.quote(asked), /account: "none": expected the name/);
  await assert.rejects(engine.activation.activate(99), /version: 99/);
});

test('a version that is prepared is not in force, and is put in force as it was compiled', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  const engine = await start(settingsFor(dataDir));
  const { activation } = engine;
  await configure(dataDir, caller, carrier);
  await assert.rejects(activation.prepare(99), /version: 99/);
  await activation.prepare(1);
  caller.send(request(caller, 'INVITE', { callId: 'before' }), engine.listeners[0]!.port);
  await caller.next('SIP/2.0 403');
  // Another one takes the arena: the first is compiled again.
  await activation.activate(0);
  await activation.activate(1);
  await placeCall(engine, caller, carrier, 'after');
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const staged = versions.apply({ parameters: { SS_MAXCPS: 7 } });
  assert.ok(staged.kind === 'staged');
  await activation.prepare(staged.version);
  assert.equal(engine.figures().maxCps, 0);
  // It cannot be compiled any more.
  versions.discard(staged.version);
  await store.close();
  await activation.activate(staged.version);
  assert.equal(engine.figures().maxCps, 7);
});

test('an older version that is kept answers what it would have done; figures are those of now', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  const engine = await start(settingsFor(dataDir));
  await configure(dataDir, caller, carrier, {
    gateways: [{ name: 'gone', address: '127.0.0.1:5099', prefixes: ['44'], priority: 1 }],
  });
  await engine.activation.activate(1);
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const applied = versions.apply(
    {
      mappingGateways: [
        { name: 'in', addresses: [`127.0.0.1:${caller.port}`], calleeDialPlan: '44:33' },
      ],
      routingGateways: [{ name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['33'] }],
    },
    { replace: true },
  );
  assert.ok(applied.kind === 'staged');
  versions.commit(applied.version);
  await store.close();
  await engine.activation.activate(applied.version);
  const ask = async (version?: number): Promise<RouteExplanation> =>
    (await engine.activation.analyze({
      gateway: 'in',
      callee: '4420',
      ...(version === undefined ? {} : { version }),
    })) as RouteExplanation;
  const before = await ask(1);
  assert.deepEqual(
    [before.configurationVersion, before.calleeRouted, before.order],
    [1, '4420', ['gone', 'out']],
  );
  for (const now of [await ask(), await ask(applied.version)]) {
    assert.deepEqual(
      [now.configurationVersion, now.calleeRouted, now.order],
      [applied.version, '3320', ['out']],
    );
  }
  await assert.rejects(
    ask(99),
    /configuration version 99 is not kept any more; the newest \d+ are/,
  );
  // One at a time.
  const first = ask(1);
  await assert.rejects(ask(1), /being analysed already/);
  assert.deepEqual((await first).order, ['gone', 'out']);
});
