import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createKernelDrops, localColumn, udpRows } from '../../workers/ingress/kernel-drops.ts';

const linux = process.platform === 'linux';

test('the table of /proc/net/udp is read by its columns', () => {
  const text =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
    '  12: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 42\n';
  assert.deepEqual(udpRows(text), [{ local: '0100007F:13C4', inode: 4711, drops: 42 }]);
  assert.deepEqual(udpRows(''), []);
});

test('a socket of ours is found under its local address', { skip: !linux }, async () => {
  for (const [type, address] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const) {
    const socket = createSocket(type);
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    const { port } = socket.address();
    const table = readFileSync(type === 'udp4' ? '/proc/net/udp' : '/proc/net/udp6', 'latin1');
    const column = localColumn({ address, port });
    assert.ok(
      udpRows(table).some((row) => row.local === column),
      `${column} is not in the table`,
    );
    socket.close();
  }
});

test('drops of a socket that does not read are reported once', { skip: !linux }, async () => {
  const receiver = createSocket('udp4');
  await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
  receiver.setRecvBufferSize(2048);
  const { port } = receiver.address();
  const drops = createKernelDrops([null, { address: '127.0.0.1', port }]);
  const sender = createSocket('udp4');
  const payload = Buffer.alloc(1400);
  // Nothing is read before this turn of the event loop ends.
  const sent: Promise<void>[] = [];
  for (let i = 0; i < 50; i++) {
    sent.push(new Promise((resolve) => sender.send(payload, port, '127.0.0.1', () => resolve())));
  }
  await Promise.all(sent);
  let total = 0;
  const add = (listener: number, added: number): void => {
    assert.equal(listener, 1);
    total += added;
  };
  await drops.read(add);
  const first = total;
  await drops.read(add);
  assert.ok(first > 0);
  assert.equal(total, first);
  receiver.close();
  sender.close();
});
