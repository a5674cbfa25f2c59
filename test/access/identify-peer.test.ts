// Which gateway a source address is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identifyPeer } from '../../core/access/identify-peer.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function gateway(name: string, addresses: string[], fields: object = {}): object {
  return { name, addresses, ...fields };
}

describe('identifying a peer', () => {
  const snapshot = snapshotOf({
    mappingGateways: [
      gateway('any-port', ['192.0.2.1', '2001:DB8:0:0::1']),
      gateway('one-port', ['192.0.2.1:5062'], { priority: 900 }),
      gateway('second', ['198.51.100.7'], { priority: 2 }),
      gateway('first', ['198.51.100.7'], { priority: 1, locked: true }),
      gateway('v6-port', ['[2001:db8::2]:5060', '[2001:db8::3]']),
      gateway('mapped', ['::ffff:203.0.113.9']),
    ],
  });
  const nameOf = (address: string, port: number): string | undefined =>
    identifyPeer(snapshot, address, port)?.name;

  it('takes an address with its port before the address alone', () => {
    assert.equal(nameOf('192.0.2.1', 5062), 'one-port');
    assert.equal(nameOf('192.0.2.1', 5060), 'any-port');
  });

  it('takes the lowest priority number where gateways share an address, locked or not', () => {
    assert.equal(nameOf('198.51.100.7', 1), 'first');
    assert.equal(identifyPeer(snapshot, '198.51.100.7', 1)?.locked, true);
  });

  it('knows IPv6 addresses in any writing', () => {
    assert.equal(nameOf('2001:db8::1', 5060), 'any-port');
    assert.equal(nameOf('2001:db8:0::0:1', 5060), 'any-port');
    assert.equal(nameOf('2001:db8::2', 5060), 'v6-port');
    assert.equal(nameOf('2001:db8::2', 5061), undefined);
    assert.equal(nameOf('2001:db8::3', 9), 'v6-port');
  });

  it('knows IPv4 peers of a dual-stack socket, and IPv4 written as IPv6', () => {
    assert.equal(nameOf('::ffff:192.0.2.1', 5062), 'one-port');
    assert.equal(nameOf('203.0.113.9', 5060), 'mapped');
  });

  it('knows nobody else', () => {
    assert.equal(nameOf('192.0.2.2', 5062), undefined);
    assert.equal(nameOf('2001:db8::9', 5062), undefined);
    assert.equal(nameOf('', 0), undefined);
    assert.equal(nameOf('192.0.2.1|5062', 0), undefined);
    assert.equal(identifyPeer(snapshotOf({}), '192.0.2.1', 5060), undefined);
  });

  it('finds every one of thousands', () => {
    const many = snapshotOf({
      mappingGateways: Array.from({ length: 3000 }, (_, index) =>
        gateway(`g${index}`, [`10.0.${index >> 8}.${index & 255}:${5000 + (index % 7)}`]),
      ),
    });
    for (let index = 0; index < 3000; index++) {
      const address = `10.0.${index >> 8}.${index & 255}`;
      assert.equal(identifyPeer(many, address, 5000 + (index % 7))?.name, `g${index}`);
      assert.equal(identifyPeer(many, address, 4999), undefined);
    }
  });

  it('decodes a gateway once', () => {
    assert.equal(identifyPeer(snapshot, '192.0.2.1', 1), identifyPeer(snapshot, '2001:db8::1', 2));
  });
});
