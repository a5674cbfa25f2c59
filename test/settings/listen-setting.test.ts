import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { Transport } from '../../core/sip/hop.ts';
import { expandWildcards, listenText, parseListen } from '../../workers/listen-setting.ts';

test('addresses read and print as they were', () => {
  for (const text of ['udp://127.0.0.1:5060', 'tcp://[2001:db8::1]:5062', 'udp://0.0.0.0:0']) {
    const parsed = parseListen(text);
    assert.ok(typeof parsed !== 'string', String(parsed));
    assert.equal(listenText(parsed), text);
  }
  const parsed = parseListen('UDP://192.0.2.1');
  assert.deepEqual(parsed, { transport: Transport.udp, address: '192.0.2.1', port: 5060 });
});

test('what is no address says what was expected', () => {
  for (const text of [
    '',
    '127.0.0.1:5060',
    'udp://',
    'udp://127.0.0.1:5060/',
    'sctp://127.0.0.1',
  ]) {
    assert.equal(typeof parseListen(text), 'string', text);
  }
});

test('a wildcard becomes one listener a local address, doubles once', () => {
  const wildcard = { transport: Transport.udp, address: '0.0.0.0', port: 5060 };
  const loopback = { transport: Transport.udp, address: '127.0.0.1', port: 5060 };
  const local = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === 'IPv4')
    .map((entry) => entry.address);
  const expanded = expandWildcards([wildcard, loopback]);
  assert.deepEqual(
    expanded.map((one) => one.address),
    [...new Set([...local, '127.0.0.1'])],
  );
});
