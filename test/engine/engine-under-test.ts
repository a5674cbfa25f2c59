// The whole engine in a test's own process, on loopback, with peers that speak SIP to it.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Transport } from '../../core/sip/hop.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { Engine } from '../../workers/engine.ts';
import { loadSettings, type Settings } from '../../workers/settings.ts';
import { header, openSipPeer, request, response, type SipPeer, tagOf } from './sip-peer.ts';

/** Closed, the last one first, when the test is over. */
export const open: { close(): unknown }[] = [];
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

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

export async function start(settings: Settings): Promise<Engine> {
  const engine = await Engine.open({ settings, log: pino({ level: 'silent' }), admin: false });
  open.push(engine);
  return engine;
}

export async function peer(): Promise<SipPeer> {
  const one = await openSipPeer();
  open.push(one);
  return one;
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

/** Stores a document as the version in force, while no engine runs. */
export async function configureWith(dataDir: string, document: object): Promise<void> {
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const applied = versions.apply(document);
  assert.equal(applied.kind, 'staged', JSON.stringify(applied));
  if (applied.kind === 'staged') versions.commit(applied.version);
  await store.close();
}
