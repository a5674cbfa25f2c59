// The short form: documents of a few lines, as often as they can be applied.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { swapUnderCalls } from './configuration-swap.ts';
import { openNode } from './node-under-test.ts';

it('configurations change under 50 calls a second, and no call notices', async () => {
  const node = await openNode();
  try {
    const { versions } = await swapUnderCalls({
      node,
      rate: 50,
      seconds: 6,
      pauseMs: 0,
      moreGateways: [],
    });
    // One change takes a second or two where the processors are busy.
    assert.ok(versions >= 2, `calls ran on ${versions} versions`);
  } finally {
    await node.close();
  }
});
