// The demo as a user runs it: calls of every kind through a real switch, ended by Ctrl-C, with a CDR for
// each call placed (the demo itself exits 1 when one is missing or a call went otherwise).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startChild, waitForLine } from '../../bench/peers/child.ts';
import { createPeerFolder, type PeerFolder } from '../peers/peer-folder.ts';

describe('demo', () => {
  let folder: PeerFolder;
  before(() => {
    folder = createPeerFolder();
  });
  after(() => folder.remove());

  it('places calls until Ctrl-C, then accounts for each of them', async () => {
    const outputFile = join(folder.path, 'demo.log');
    const demo = await startChild({
      name: 'demo',
      command: process.execPath,
      args: [fileURLToPath(new URL('../../bench/demo/main.js', import.meta.url))],
      cwd: folder.path,
      outputFile,
    });
    await waitForLine(demo, 'Dashboard: http://127.0.0.1:', 30_000);
    // a call that was answered has been seen to its end
    await waitForLine(demo, 'up', 10_000);
    while (!/answered [1-9]\d*\//.test(readFileSync(outputFile, 'utf8')) && demo.running()) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    process.kill(demo.pid, 'SIGINT');
    assert.equal(await demo.exited, 0, readFileSync(outputFile, 'utf8').slice(-2000));
    const output = readFileSync(outputFile, 'utf8');
    const [, placed, cdrs, wrong] =
      /^(\d+) calls placed, (\d+) CDRs, (\d+) calls/m.exec(output) ?? [];
    assert.ok(Number(placed) > 10, output);
    assert.deepEqual([cdrs, wrong], [placed, '0']);
  });
});
