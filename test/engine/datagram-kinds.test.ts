// The three ways in which datagrams reach the call workers, each with the same calls: one worker that takes
// them from the sockets itself, several behind the main thread, and node:dgram where the platform has
// nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Engine } from '../../workers/engine.ts';
import type { Settings } from '../../workers/settings.ts';
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
import { header, request, response } from './sip-peer.ts';

interface Kind {
  readonly name: string;
  readonly callWorkers: number;
  readonly standIns: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'one worker at the sockets', callWorkers: 1, standIns: false },
  { name: 'two workers behind the main thread', callWorkers: 2, standIns: false },
  { name: 'one worker, node:dgram', callWorkers: 1, standIns: true },
  { name: 'two workers, node:dgram', callWorkers: 2, standIns: true },
];

for (const { name, callWorkers, standIns } of kinds) {
  const begin = (dataDir: string, more: Partial<Settings> = {}): Promise<Engine> =>
    start(settingsFor(dataDir, { callWorkers, ...more }), standIns);

  test(`a call goes through, and leaves its CDR and no line behind (${name})`, async () => {
    const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
    await configure(dataDir, caller, carrier);
    const engine = await begin(dataDir);
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

  test(`the order of provisional and final responses is kept over many calls (${name})`, async () => {
    const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
    await configure(dataDir, caller, carrier);
    const engine = await begin(dataDir);
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

  test(`a worker that dies is restarted; its call is closed, hung up, and its lines returned (${name})`, async () => {
    const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
    await configure(dataDir, caller, carrier);
    const engine = await begin(dataDir);
    await placeCall(engine, caller, carrier, 'orphan');
    await until(() => engine.figures().callsAnsweredUp === 1);
    const owner = engine.supervisor.figures().find((each) => each.gauges.callsAnsweredUp === 1)!;
    engine.supervisor.post(owner.index, { kind: 'fail', how: 'die' });
    const [callerBye, carrierBye] = await Promise.all([caller.next('BYE '), carrier.next('BYE ')]);
    assert.equal(header(callerBye, 'Call-ID'), 'orphan');
    assert.ok(carrierBye.length > 0);
    const figures = engine.figures();
    assert.equal(figures.counters.workerRestarts, 1);
    for (const other of figures.workers) {
      if (other.index !== owner.index) assert.equal(other.restarts, 0);
    }
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

  test(`a drain refuses new calls and ends by force what is up at its end (${name})`, async () => {
    const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
    await configure(dataDir, caller, carrier);
    const engine = await begin(dataDir, { drainSeconds: 1 });
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

  test(`a request over TCP is answered over its connection (${name})`, async () => {
    const [caller, carrier, dataDir] = [await peer(), await peer(), fresh()];
    await configure(dataDir, caller, carrier);
    const engine = await begin(dataDir);
    const socket = connect(engine.listeners[1]!.port, '127.0.0.1');
    open.push({ close: () => socket.destroy() });
    socket.write(request(caller, 'OPTIONS', { callId: 'tcp' }).replace('/UDP', '/TCP'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString('latin1'), /^SIP\/2\.0 \d{3} /);
    assert.match(answer.toString('latin1'), /Call-ID: tcp/);
  });
}
