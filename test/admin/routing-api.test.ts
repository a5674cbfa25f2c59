// Routing analysis of recorded calls and the dynamic black lists, through the API on both listeners.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Problem } from '../../admin/problem.ts';
import { type CdrJson, logIdText } from '../../core/cdr/cdr-json.ts';
import { sampleCdr, sampleWallMs } from '../cdr/sample-records.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';

for (const listener of await listenersUnderTest()) {
  describe(`routing on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
    });
    after(() => admin.close());

    it('asks the engine what a recorded call asked, and gives the record with the answer', async () => {
      const logId = {
        set: 'a3bb189e-8bf9-3888-9912-ace4e6543002',
        file: 'w0-1769853600000-0.log',
        offset: 12,
      };
      admin.cdrs = [{ ...sampleCdr('a'), logId }];
      const analyze = (body: object): Promise<Response> =>
        admin.post('/api/v1/routing/analyze', JSON.stringify(body));
      for (const cdr of ['a@192.0.2.10', 'b-a', logIdText(logId)]) {
        const response = await analyze({ cdr, without: ['x'], fail: { y: 503 } });
        const answer = (await response.json()) as { order: string[]; recorded: CdrJson };
        assert.deepEqual([answer.order, answer.recorded.id], [['carrier-a'], 'a']);
        const asked = admin.engine.received.at(-1);
        assert.ok(asked?.kind === 'analyze');
        const question = { callee: '442079460000', caller: '4420123456', gateway: 'acme-in' };
        const at = new Date(sampleWallMs).toISOString();
        assert.deepEqual(asked.request, {
          ...question,
          at,
          version: 7,
          without: ['x'],
          fail: { y: 503 },
          recorded: { attempted: ['carrier-a'], calleeBilling: null },
        });
      }
      const cases = [
        [{ cdr: 'nobody' }, 422, 'cdr'],
        [{ cdr: 'a@192.0.2.10', callee: '44' }, 400, 'callee'],
        [{ callee: '44' }, 400, 'gateway'],
        [{ gateway: 'acme-in' }, 400, 'callee'],
        [{ gateway: 'acme-in', source: '192.0.2.1', callee: '44' }, 400, 'source'],
        [{ source: '', callee: '44' }, 400, 'source'],
        [{ cdr: 'a@192.0.2.10', source: '192.0.2.1' }, 400, 'source'],
        [{ gateway: 'acme-in', callee: '44', fail: { y: 200 } }, 400, 'fail.y'],
        [{ gateway: 'acme-in', callee: '44', fail: { y: 'late' } }, 400, 'fail.y'],
      ] as const;
      for (const [body, status, path] of cases) {
        const response = await analyze(body);
        assert.equal(response.status, status);
        assert.deepEqual(
          ((await response.json()) as Problem).errors?.map((error) => error.path),
          [path],
        );
      }
      admin.cdrs = [];
    });

    it('asks for the call of a source address, and for gateways that stay silent', async () => {
      const body = { source: '192.0.2.1:5060', callee: '44', fail: { y: 'timeout', z: 486 } };
      const response = await admin.post('/api/v1/routing/analyze', JSON.stringify(body));
      assert.equal(response.status, 200);
      const asked = admin.engine.received.at(-1);
      assert.ok(asked?.kind === 'analyze');
      assert.deepEqual(asked.request, {
        source: '192.0.2.1:5060',
        callee: '44',
        fail: { y: 0, z: 486 },
      });
    });

    it('shows listed numbers and takes them off; all of them only by name', async () => {
      const remove = (path: string): Promise<Response> =>
        fetch(`${admin.url}/api/v1/listed-numbers${path}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${admin.token}` },
        });
      const listed = await admin.get('/api/v1/listed-numbers?limit=7');
      assert.deepEqual(await listed.json(), { total: 0, listed: [] });
      assert.deepEqual(admin.engine.received.at(-1), { ...admin.engine.received.at(-1), limit: 7 });
      const cases = [
        ['/%2A99%2F1?side=caller', { number: '*99/1', side: 'caller' }],
        ['/15550100', { number: '15550100' }],
        ['?all=true', { all: true }],
      ] as const;
      for (const [path, request] of cases) {
        assert.deepEqual(await (await remove(path)).json(), { cleared: 1 });
        const asked = admin.engine.received.at(-1);
        assert.ok(asked?.kind === 'unlist');
        assert.deepEqual(asked.request, request);
      }
      const asked = admin.engine.received.length;
      for (const path of ['', '?all=false', '/1?side=both']) {
        assert.equal((await remove(path)).status, 400, path);
      }
      assert.equal(admin.engine.received.length, asked);
    });
  });
}
