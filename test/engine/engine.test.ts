// The whole engine in this process, on loopback: a call from INVITE to its CDR, a worker that dies, a
// stream, a drain that ends calls by force, and starts that are refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { Transport } from '../../core/sip/hop.ts';
import { connectMs } from '../../workers/ingress/stream-ingress.ts';
import { StartRefused } from '../../workers/settings.ts';
import {
  closeAll,
  configureWith,
  fresh,
  open,
  peer,
  placeCall,
  settingsFor,
  start,
  until,
} from './engine-under-test.ts';
import { readCdrs } from './read-cdrs.ts';
import { header, request, response, type SipPeer, tagOf } from './sip-peer.ts';

afterEach(closeAll);

async function configure(
  dataDir: string,
  caller: SipPeer,
  carrier: SipPeer,
  more: { gateways?: object[]; callerAddresses?: string[] } = {},
): Promise<void> {
  await configureWith(dataDir, {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [
      {
        name: 'in',
        auth: 'ip',
        addresses: more.callerAddresses ?? [`127.0.0.1:${caller.port}`],
        lineLimit: 10,
        cpsLimit: 50,
      },
    ],
    routingGateways: [
      { name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'], priority: 2 },
      ...(more.gateways ?? []),
    ],
  });
}

test('a call goes through, and leaves its CDR and no line behind', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir));
  const { invite, toTag } = await placeCall(engine, caller, carrier, 'whole-call');
  assert.ok(!invite.includes('whole-call'), 'the caller Call-ID crossed');
  await until(() => engine.figures().callsAnsweredUp === 1);
  const up = engine.figures().gateways.map(({ name, linesUsed }) => [name, linesUsed]);
  const { gateways, maxCps, cdrLog, ingress } = engine.figures();
  assert.deepEqual(
    gateways.map(({ cps }) => cps === null),
    [false, true],
  );
  assert.equal(maxCps, 0);
  assert.ok(cdrLog.queue.oldestMs >= 0 && ingress.loopStallMs >= 0);
  assert.deepEqual(up, [
    ['in', 1],
    ['out', 1],
  ]);
  const bye = request(caller, 'BYE', { callId: 'whole-call', toTag, cseq: 2 });
  caller.send(bye, engine.listeners[0]!.port);
  assert.match(await caller.next('SIP/2.0 200'), /CSeq: 2 BYE/);
  carrier.send(
    response(await carrier.next('BYE '), '200 OK', carrier, ''),
    engine.listeners[0]!.port,
  );
  const [cdr, ...others] = await readCdrs(dataDir);
  assert.equal(others.length, 0);
  assert.equal(cdr!.callId, 'whole-call');
  assert.equal(cdr!.routingGateway, 'out');
  assert.equal(cdr!.endReason, 'Normal release');
  await until(() => engine.figures().gateways.every(({ linesUsed }) => linesUsed === 0));
  await engine.drainAndClose();
});

test('the order of provisional and final responses is kept over many calls', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir));
  const { port } = engine.listeners[0]!;
  for (let i = 0; i < 10; i++)
    caller.send(request(caller, 'INVITE', { callId: `order-${i}` }), port);
  for (let i = 0; i < 10; i++) {
    const invite = await carrier.next('INVITE ');
    carrier.send(response(invite, '180 Ringing', carrier, 'x'), port);
    carrier.send(response(invite, '486 Busy Here', carrier, 'x'), port);
  }
  const seen = new Map<string, string[]>();
  const ordered = ['SIP/2.0 100', 'SIP/2.0 180', 'SIP/2.0 486'];
  await until(() => caller.waiting.filter((text) => text.startsWith(ordered[2]!)).length >= 10);
  for (const text of caller.waiting) {
    const callId = header(text, 'Call-ID');
    const codes = seen.get(callId) ?? [];
    if (!codes.includes(text.slice(0, 11))) codes.push(text.slice(0, 11));
    seen.set(callId, codes);
  }
  assert.equal(seen.size, 10);
  for (const codes of seen.values()) assert.deepEqual(codes, ordered);
});

test('a worker that dies is restarted; its call is closed, hung up, and its lines returned', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir));
  await placeCall(engine, caller, carrier, 'orphan');
  await until(() => engine.figures().callsAnsweredUp === 1);
  const owner = engine.supervisor.figures().find((each) => each.gauges.callsAnsweredUp === 1)!;
  engine.supervisor.post(owner.index, { kind: 'fail', how: 'die' });
  const [callerBye, carrierBye] = await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  assert.equal(header(callerBye, 'Call-ID'), 'orphan');
  assert.ok(carrierBye.length > 0);
  const figures = engine.figures();
  assert.equal(figures.counters.workerRestarts, 1);
  assert.equal(figures.workers[1 - owner.index]!.restarts, 0);
  assert.ok(figures.gateways.every(({ linesUsed }) => linesUsed === 0));
  const cdrs = await readCdrs(dataDir);
  assert.deepEqual(
    cdrs.map(({ callId, endReason }) => [callId, endReason]),
    [['orphan', 'Server forced release']],
  );
  // The main thread receives again, and both workers answer.
  for (let i = 0; i < 20; i++) {
    const options = request(caller, 'OPTIONS', { callId: `after-${i}` });
    caller.send(options, engine.listeners[0]!.port);
    await caller.next('SIP/2.0 200');
  }
});

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

test('a drain refuses new calls and ends by force what is up at its end', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir, { drainSeconds: 1 }));
  await placeCall(engine, caller, carrier, 'long');
  const closed = engine.drainAndClose();
  caller.send(request(caller, 'INVITE', { callId: 'late' }), engine.listeners[0]!.port);
  assert.match(await caller.next('SIP/2.0 503'), /Call-ID: late/);
  await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
  await closed;
  const cdrs = await readCdrs(dataDir);
  const long = cdrs.find(({ callId }) => callId === 'long')!;
  assert.equal(long.endReason, 'Server forced release');
  assert.equal(long.endedBy, 'server');
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

test('a request over TCP is answered over its connection', async () => {
  const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
  await configure(dataDir, caller, carrier);
  const engine = await start(settingsFor(dataDir));
  const socket = connect(engine.listeners[1]!.port, '127.0.0.1');
  open.push({ close: () => socket.destroy() });
  socket.write(request(caller, 'OPTIONS', { callId: 'tcp' }).replace('/UDP', '/TCP'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^SIP\/2\.0 \d{3} /);
  assert.match(answer.toString('latin1'), /Call-ID: tcp/);
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
