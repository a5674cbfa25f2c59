// POST /api/v1/rating/quote on both listeners.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Problem } from '../../admin/problem.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';
import { answerAsEngine } from './fake-engine.ts';

for (const listener of await listenersUnderTest()) {
  describe(`the rating API on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
    });
    after(() => admin.close());

    it('passes the question for a price to the engine, in milliseconds', async () => {
      const question = { account: 'acme', callee: '4420', seconds: 36.05 };
      const at = '2026-01-01T02:00:00+02:00';
      const ask = (body: object): Promise<Response> =>
        admin.post('/api/v1/rating/quote', JSON.stringify(body));
      const response = await ask({ ...question, at });
      assert.equal(((await response.json()) as { fee: string }).fee, '0.03');
      const asked = admin.engine.received.at(-1);
      assert.ok(asked?.kind === 'quote');
      assert.deepEqual(asked.request, {
        account: 'acme',
        callee: '4420',
        holdMs: 36_050,
        at: Date.UTC(2026, 0, 1),
      });
      await ask({ ...question, at, clearingAccount: 'carrier', calleeOut: '004420' });
      const cleared = admin.engine.received.at(-1);
      assert.ok(cleared?.kind === 'quote');
      assert.deepEqual(cleared.request, {
        ...asked.request,
        clearingAccount: 'carrier',
        calleeOut: '004420',
      });
      for (const [field, value] of [
        ['seconds', -1],
        ['seconds', '60'],
        ['seconds', 2_592_001],
        ['callee', ''],
        ['account', 5],
        ['clearingAccount', ''],
        ['calleeOut', 5],
        ['at', 'noon'],
      ] as const) {
        const refused = await ask({ ...question, [field]: value });
        assert.equal(refused.status, 400, `${field} ${value}`);
        assert.equal(((await refused.json()) as Problem).errors?.[0]?.path, field);
      }
      admin.engine.answer = ({ id }) => ({ kind: 'refusal', id, error: 'no account x' });
      const unknown = await ask(question);
      admin.engine.answer = answerAsEngine;
      assert.equal(unknown.status, 422);
    });
  });
}
