// Accounts and payments over HTTP, on both listeners.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';

const document = {
  accounts: [
    { name: 'acme', kind: 'customer', balance: '100', expiresAt: '2030-01-01T00:00:00Z' },
    { name: 'empty', kind: 'customer' },
    { name: 'spent', kind: 'customer' },
  ],
};

for (const listener of await listenersUnderTest()) {
  describe(`accounts on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
      const applied = await admin.post('/api/v1/config', JSON.stringify(document));
      assert.equal(applied.status, 200, await applied.clone().text());
    });
    after(() => admin.close());

    const json = async (response: Response): Promise<Record<string, unknown>> =>
      (await response.json()) as Record<string, unknown>;
    const pay = (account: string, body: object): Promise<Response> =>
      admin.post(`/api/v1/accounts/${account}/payments`, JSON.stringify(body));

    it('books payments, each with its balance behind it', async () => {
      const recharge = await pay('acme', {
        kind: 'recharge',
        amount: '12.5',
        reason: 'r',
        by: 'jo',
      });
      assert.equal(recharge.status, 201);
      const { number, at, ...shown } = await json(recharge);
      assert.deepEqual(shown, {
        account: 'acme',
        kind: 'recharge',
        amount: '12.5',
        balanceAfter: '112.5',
        by: 'jo',
        reason: 'r',
        expiresAt: '2031-01-01T00:00:00.000Z',
        warnings: [],
      });
      const account = await json(await admin.get('/api/v1/accounts/acme'));
      assert.equal(account.expiresAt, '2031-01-01T00:00:00.000Z');
      const config = await json(await admin.get('/api/v1/config'));
      const [acme] = config.accounts as { expiresAt: string }[];
      assert.equal(acme!.expiresAt, '2031-01-01T00:00:00.000Z');
      assert.ok(Date.parse(at as string) > 0);
      const deduction = await json(await pay('acme', { kind: 'deduction', amount: '0.00000001' }));
      assert.equal(deduction.balanceAfter, '112.49999999');
      const zeroing = await json(await pay('acme', { kind: 'zeroing' }));
      assert.deepEqual([zeroing.amount, zeroing.balanceAfter], ['-112.49999999', '0']);
      const path = '/api/v1/accounts/acme/payments';
      const { payments } = (await (await admin.get(path)).json()) as {
        payments: { kind: string }[];
      };
      assert.deepEqual(
        payments.map(({ kind }) => kind),
        ['opening', 'recharge', 'deduction', 'zeroing'],
      );
      const later = await json(await admin.get(`${path}?after=${number}&limit=1`));
      assert.equal((later.payments as { kind: string }[])[0]!.kind, 'deduction');
    });

    it('shows an account with what it has', async () => {
      const account = await json(await admin.get('/api/v1/accounts/empty'));
      assert.equal(account.name, 'empty');
      assert.equal(account.kind, 'customer');
      assert.equal(account.balance, '12.5', 'the engine has the last word');
      assert.equal(account.payments, 0);
    });

    it('refuses what is no payment, by field', async () => {
      const cases: [object, RegExp][] = [
        [{ kind: 'gift', amount: '1' }, /kind: expected recharge, deduction or zeroing/],
        [{ kind: 'recharge' }, /amount: expected a decimal string above 0/],
        [{ kind: 'recharge', amount: '0' }, /amount: expected/],
        [{ kind: 'recharge', amount: '-1' }, /amount: expected/],
        [{ kind: 'recharge', amount: '1e3' }, /amount: expected/],
        [{ kind: 'recharge', amount: '0.000000001' }, /amount: expected/],
        [{ kind: 'recharge', amount: 5 }, /amount: expected/],
        [{ kind: 'zeroing', amount: '5' }, /amount: expected none for a zeroing/],
      ];
      for (const [body, expected] of cases) {
        const response = await pay('acme', body);
        assert.equal(response.status, 400, JSON.stringify(body));
        assert.match((await json(response)).detail as string, expected);
      }
      const nobody = await pay('nobody', { kind: 'recharge', amount: '1' });
      assert.equal(nobody.status, 404);
      const huge = await pay('acme', { kind: 'recharge', amount: '90000000001' });
      assert.equal(huge.status, 409);
    });

    it('checks the books', async () => {
      const report = await json(await admin.get('/api/v1/ledger/audit'));
      assert.equal(report.difference, null);
      assert.equal(report.payments, 4);
    });

    it('keeps an account that has had payments, though nothing is left', async () => {
      await pay('spent', { kind: 'recharge', amount: '1' });
      await pay('spent', { kind: 'deduction', amount: '1' });
      const without = JSON.stringify({ accounts: document.accounts.slice(0, 2) });
      for (const query of ['replace=true', 'replace=true&dryRun=true']) {
        const refused = await admin.post(`/api/v1/config?${query}`, without);
        assert.equal(refused.status, 422, await refused.clone().text());
        assert.match(
          (await json(refused)).detail as string,
          /accounts\[spent\] is missing, but has a balance of "0", 2 payments/,
        );
      }
      const other = JSON.stringify({ accounts: [document.accounts[0], document.accounts[2]] });
      const dryRun = await admin.post('/api/v1/config?replace=true&dryRun=true', other);
      assert.equal(dryRun.status, 200, await dryRun.clone().text());
      assert.equal((await admin.get('/api/v1/accounts/empty')).status, 200);
      const applied = await admin.post('/api/v1/config?replace=true', other);
      assert.equal(applied.status, 200, await applied.clone().text());
      assert.equal((await admin.get('/api/v1/accounts/empty')).status, 404);
    });
  });
}
