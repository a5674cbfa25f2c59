// A whole engine in the process of the test, on loopback, with a caller and a carrier that the test plays.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'node:test';
import { pino } from 'pino';
import { Transport } from '../../core/sip/hop.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { Engine } from '../../workers/engine.ts';
import { loadSettings, type Settings } from '../../workers/settings.ts';
import { header, openSipPeer, request, response, type SipPeer, tagOf } from './sip-peer.ts';

/** Closed after each test, the last opened first. */
export const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

export function settingsFor(dataDir: string, more: Partial<Settings> = {}): Settings {
  return {
    ...loadSettings({ dataDir }),
    node: 'test-1',
    listen: [
      { transport: Transport.udp, address: '127.0.0.1', port: 0 },
      { transport: Transport.tcp, address: '127.0.0.1', port: 0 },
    ],
    callWorkers: 2,
    drainSeconds: 0,
    logLevel: 'silent',
    ...more,
  };
}

export async function start(settings: Settings, standIns?: boolean): Promise<Engine> {
  const engine = await Engine.open({
    settings,
    log: pino({ level: 'silent' }),
    standIns,
  });
  open.push(engine);
  return engine;
}

export async function peer(): Promise<SipPeer> {
  const one = await openSipPeer();
  open.push(one);
  return one;
}

export async function configure(
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

/** Stores a document as the version in force, while no engine runs. */
export async function configureWith(dataDir: string, document: object): Promise<void> {
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const applied = versions.apply(document);
  assert.equal(applied.kind, 'staged', JSON.stringify(applied));
  if (applied.kind === 'staged') versions.commit(applied.version);
  await store.close();
}

export const fresh = (): string => mkdtempSync(join(tmpdir(), 'tandem-engine-'));

/** Sets up a call and leaves it answered; what is needed to end it. */
export async function placeCall(
  engine: Engine,
  caller: SipPeer,
  carrier: SipPeer,
  callId: string,
): Promise<{ invite: string; toTag: string }> {
  const { port } = engine.listeners[0]!;
  caller.send(request(caller, 'INVITE', { callId }), port);
  const invite = await carrier.next('INVITE ');
  carrier.send(response(invite, '180 Ringing', carrier, 'callee'), port);
  carrier.send(response(invite, '200 OK', carrier, 'callee'), port);
  const ok = await caller.next('SIP/2.0 200');
  const toTag = tagOf(header(ok, 'To'));
  caller.send(request(caller, 'ACK', { callId, toTag, branch: `z9hG4bKack${callId}` }), port);
  await carrier.next('ACK ');
  return { invite, toTag };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
