// The delay probe times what its peer does, places whole calls, and counts what gets no answer.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startChild, stopChild, waitForLine } from '../../../bench/peers/child.ts';
import {
  type DelayProbeResult,
  finishDelayProbe,
  readDelays,
  startDelayProbe,
} from '../../../bench/peers/delay-probe-peer.ts';
import { freePort, freePorts } from '../../../bench/peers/free-port.ts';
import type { EndOfCall } from '../../../bench/peers/sip-call.ts';
import { UserAgent } from '../../../bench/peers/sip-user-agent.ts';
import { createPeerFolder, type PeerFolder } from '../../peers/peer-folder.ts';

describe('delay probe', () => {
  let folder: PeerFolder;
  before(() => {
    folder = createPeerFolder();
  });
  after(() => folder.remove());

  /** Forty calls, of which the last twenty are measured. */
  async function probe(name: string, targetPort: number): Promise<DelayProbeResult> {
    const started = await startDelayProbe({
      name,
      port: await freePort(),
      targetPort,
      rate: 100,
      warmUpSeconds: 0.2,
      seconds: 0.2,
      folder: folder.path,
      patienceMs: 1500,
    });
    return finishDelayProbe(started);
  }

  it('measures the bare echo, in fractions of a millisecond', async () => {
    const [port] = (await freePorts(1)) as [number];
    const program = fileURLToPath(new URL('../../../bench/peers/bare-echo.js', import.meta.url));
    const echo = await startChild({
      name: 'bare echo',
      command: process.execPath,
      args: [program, String(port)],
      cwd: folder.path,
      outputFile: join(folder.path, 'echo.log'),
    });
    await waitForLine(echo, 'ready', 5000);
    const { delay, completed, failed } = await probe('echo', port);
    await stopChild(echo);
    assert.deepEqual([delay.samples, delay.unanswered, completed, failed], [20, 0, 20, 0]);
    assert.ok(delay.p50Ms > 0);
    assert.notEqual(delay.p50Ms, Math.round(delay.p50Ms));
  });

  it('counts from INVITE to 180, and acknowledges and ends each call', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const gateway = new UserAgent(socket);
    const ends: Promise<EndOfCall>[] = [];
    const acks: Promise<unknown>[] = [];
    gateway.onCall = (call) => {
      ends.push(call.ended);
      acks.push(call.acknowledged);
      call.reply(100);
      gateway.after(40, () => {
        call.reply(180, { lines: ['Record-Route: <sip:127.0.0.1;lr>'] });
        gateway.after(60, () => call.reply(200));
      });
    };
    const { delay, completed } = await probe('gateway', gateway.port);
    assert.deepEqual(new Set(await Promise.all(ends)), new Set(['hung up by peer']));
    await Promise.all(acks);
    await gateway.close();
    assert.deepEqual([ends.length, completed, delay.unanswered], [40, 20, 0]);
    assert.ok(delay.p50Ms >= 38, `neither the 100 nor less than the wait: ${delay.p50Ms} ms`);
  });

  it('counts a call without a 180 as failed, with its whole patience', async () => {
    const deaf = createSocket('udp4');
    deaf.bind(0, '127.0.0.1');
    await once(deaf, 'listening');
    const { delay, completed, failed } = await probe('deaf', deaf.address().port);
    deaf.close();
    assert.deepEqual([delay.unanswered, delay.p50Ms, completed, failed], [20, 1500, 0, 20]);
  });

  it('takes percentiles in milliseconds of the sorted samples', () => {
    const file = join(folder.path, 'delays.csv');
    const lines = Array.from({ length: 999 }, (_, i) => `${999 - i};1`);
    writeFileSync(file, ['invite_to_180_us;completed', ...lines, ';0', ''].join('\n'));
    assert.deepEqual(readDelays(file, 4000), {
      delay: {
        samples: 1000,
        unanswered: 1,
        p50Ms: 0.5,
        p90Ms: 0.9,
        p99Ms: 0.99,
        p999Ms: 0.999,
        greatestMs: 4000,
      },
      completed: 999,
      failed: 1,
    });
  });
});
