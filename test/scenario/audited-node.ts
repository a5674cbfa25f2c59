// After faults: the books of a node that runs, checked by its own command.
import assert from 'node:assert/strict';
import type { NodeUnderTest } from './node-under-test.ts';

interface Report {
  readonly accounts: number;
  readonly cdrs: number;
  readonly difference: string | null;
}

/** Once no call is up: the audit is clean, and calls have cost each of these accounts something. */
export async function assertBooks(node: NodeUnderTest, accounts: readonly string[]): Promise<void> {
  await node.quiet();
  const { cdrs, difference } = JSON.parse(await node.command('audit')) as Report;
  assert.equal(difference, null);
  assert.ok(cdrs > 0, 'rows to audit');
  const { adminUrl, token } = node.tandem();
  for (const name of accounts) {
    const response = await fetch(`${adminUrl}/api/v1/accounts/${name}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { calls, reserved } = (await response.json()) as { calls: number; reserved: string };
    assert.ok(calls > 0, `calls of ${name}`);
    assert.equal(reserved, '0', `set aside of ${name}`);
  }
}
