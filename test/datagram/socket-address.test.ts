import assert from 'node:assert/strict';
import { isIPv4 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressSlotBytes,
  readAddress,
  readPort,
  writeSocketAddress,
} from '../../workers/datagram/socket-address.ts';
import { Socket } from '../../workers/system-calls.ts';

test('an address reads as it was written, in its canonical form', () => {
  const slot = Buffer.alloc(addressSlotBytes);
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.integer({ min: 1, max: 65_535 }),
      (address, port) => {
        const family = isIPv4(address) ? Socket.inet : Socket.inet6;
        assert.ok(writeSocketAddress(slot, family, address, port) > 0);
        const expected = isIPv4(address)
          ? address
          : new URL(`http://[${address}]`).hostname.slice(1, -1);
        assert.deepEqual([readAddress(slot, 0), readPort(slot, 0)], [expected, port]);
      },
    ),
  );
});

test('the layout is that of the kernel', () => {
  const slot = Buffer.alloc(addressSlotBytes, 0xff);
  assert.equal(writeSocketAddress(slot, Socket.inet, '192.0.2.1', 5060), 16);
  assert.equal(slot.subarray(0, 16).toString('hex'), '020013c4c00002010000000000000000');
  assert.equal(writeSocketAddress(slot, Socket.inet6, '2001:db8::7', 5061), 28);
  assert.equal(
    slot.subarray(0, 28).toString('hex'),
    '0a0013c50000000020010db800000000000000000000000700000000',
  );
});

test('a zone by its number stays with its address', () => {
  const slot = Buffer.alloc(addressSlotBytes);
  assert.equal(writeSocketAddress(slot, Socket.inet6, 'fe80::1%4094', 5060), 28);
  assert.equal(slot.readUInt32LE(24), 4094);
  assert.equal(readAddress(slot, 0), 'fe80::1%4094');
});

test('what is no literal of the family is refused', () => {
  const slot = Buffer.alloc(addressSlotBytes);
  for (const [family, address] of [
    [Socket.inet, '::1'],
    [Socket.inet, 'localhost'],
    [Socket.inet, '127.0.0.1.'],
    [Socket.inet6, '127.0.0.1'],
    [Socket.inet6, ''],
  ] as const) {
    assert.equal(writeSocketAddress(slot, family, address, 5060), 0, address);
  }
});
