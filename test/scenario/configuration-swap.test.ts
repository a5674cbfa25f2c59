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
      seconds: 5,
      pauseMs: 0,
      moreGateways: [],
    });
    assert.ok(versions >= 3, `calls ran on ${versions} versions`);
  } finally {
    await node.close();
  }
});
