// What /proc is read for, on processes whose use is known.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { cpuSeconds, kernelDrops, memoryUse, processTree } from '../../bench/process-usage.ts';

describe('process usage', () => {
  it('counts the CPU that was used', () => {
    const before = cpuSeconds([process.pid]);
    const until = process.cpuUsage().user + 300_000;
    while (process.cpuUsage().user < until);
    assert.ok(cpuSeconds([process.pid]) - before >= 0.25);
  });

  it('finds children and grandchildren', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & echo ready; wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const tree = processTree(child.pid!);
    assert.equal(tree.length, 2);
    for (const pid of tree) process.kill(pid, 'SIGKILL');
    await once(child, 'exit');
  });

  it('reads memory', () => {
    const { rssBytes, pssBytes } = memoryUse([process.pid]);
    assert.ok(rssBytes > 1e7 && pssBytes > 1e6 && pssBytes <= rssBytes);
  });

  it('reads the drops of a socket that nobody reads', async () => {
    const program = `const s = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 4096 });
      s.bind(0, '127.0.0.1', () => {
        require('node:fs').writeSync(1, String(s.address().port));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`;
    const deaf = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(deaf.stdout, 'data')) as [Buffer];
    const port = Number(text.toString());
    assert.equal(kernelDrops(port), 0);
    const sender = createSocket('udp4');
    const datagram = Buffer.alloc(1000);
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => sender.send(datagram, port, '127.0.0.1', resolve));
    }
    assert.ok(kernelDrops(port) > 0);
    sender.close();
    deaf.kill('SIGKILL');
    await once(deaf, 'exit');
  });
});
