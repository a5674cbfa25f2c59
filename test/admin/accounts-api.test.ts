// GET /api/v1/accounts/{name} on both listeners.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Problem } from '../../admin/problem.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';

for (const listener of await listenersUnderTest()) {
  describe(`the accounts API on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
      const account = { name: 'a/c me', kind: 'customer', balance: '100', creditLimit: '10' };
      const applied = await admin.post('/api/v1/config', JSON.stringify({ accounts: [account] }));
      assert.equal(applied.status, 200);
    });
    after(() => admin.close());

    it('has the balance as it stands, not the opening one', async () => {
      const response = await admin.get(`/api/v1/accounts/${encodeURIComponent('a/c me')}`);
      assert.equal(response.status, 200);
      const account = (await response.json()) as Record<string, unknown>;
      const { name, kind, balance, reserved, available, creditLimit, linesUsed } = account;
      assert.deepEqual(
        { name, kind, balance, reserved, available, creditLimit, linesUsed },
        {
          name: 'a/c me',
          kind: 'customer',
          balance: '12.5',
          reserved: '0.06',
          available: '22.44',
          creditLimit: '10',
          linesUsed: 1,
        },
      );
      assert.deepEqual(admin.engine.received.at(-1), {
        kind: 'balance',
        id: (admin.engine.received.at(-1) as { id: number }).id,
        account: 'a/c me',
      });
    });

    it('names the account that does not exist', async () => {
      const response = await admin.get('/api/v1/accounts/nobody');
      assert.equal(response.status, 404);
      const { detail } = (await response.json()) as Problem;
      assert.equal(detail, 'account: "nobody": expected the name of an account');
    });
  });
}
