// The API on both listeners: who may ask, what is answered, and how a refusal reads.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AppliedChange } from '../../admin/configuration-service.ts';
import type { Problem } from '../../admin/problem.ts';
import type { StatusDocument } from '../../admin/status-document.ts';
import { counterRows, gaugeTable } from '../../core/metrics/counter-layout.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';
import { answerAsEngine, figuresOf } from './fake-engine.ts';

const gateway = {
  name: 'carrier-a',
  address: '127.0.0.1:5080',
  prefixes: ['44'],
  priority: 1,
};

async function problemIn(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  return (await response.json()) as Problem;
}

const guarded = [
  ['GET', '/api/v1/status'],
  ['GET', '/api/v1/config'],
  ['POST', '/api/v1/config'],
  ['GET', '/api/v1/config/versions'],
  ['GET', '/api/v1/config/versions/1'],
  ['GET', '/api/v1/config/compare?from=1&to=2'],
  ['POST', '/api/v1/config/rollback'],
  ['POST', '/api/v1/routing/analyze'],
  ['POST', '/api/v1/rating/quote'],
  ['GET', '/api/v1/listed-numbers'],
  ['DELETE', '/api/v1/listed-numbers'],
  ['DELETE', '/api/v1/listed-numbers/15550100'],
  ['GET', '/api/v1/cdrs'],
  ['GET', '/api/v1/openapi.json'],
  ['GET', '/metrics'],
  ['GET', '/api/v1/nothing-here'],
  ['DELETE', '/api/v1/config'],
] as const;

for (const listener of await listenersUnderTest()) {
  describe(`API on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
    });
    after(() => admin.close());

    for (const [method, path] of guarded) {
      it(`asks for the token: ${method} ${path}`, async () => {
        const wrong = `${admin.token.slice(0, -1)}${admin.token.endsWith('A') ? 'B' : 'A'}`;
        for (const authorization of ['', `Bearer ${wrong}`, `Basic ${admin.token}`, `Bearer `]) {
          const response = await fetch(admin.url + path, {
            method,
            headers: authorization === '' ? {} : { authorization },
            body: method === 'POST' ? '{}' : null,
          });
          assert.equal(response.status, 401, authorization);
          assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer /);
          assert.equal((await problemIn(response)).type, 'urn:tandem:problem:unauthorized');
        }
      });
    }

    it('takes no token from the query', async () => {
      const response = await fetch(`${admin.url}/api/v1/status?token=${admin.token}`);
      assert.equal(response.status, 401);
      await response.body?.cancel();
    });

    it('serves the page and the two probes without a token, with security headers', async () => {
      for (const path of ['/', '/app.js', '/board.js', '/style.css', '/healthz', '/readyz']) {
        const response = await fetch(admin.url + path);
        assert.equal(response.status, 200, path);
        assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'self'/);
        assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
        assert.equal(response.headers.get('x-frame-options'), 'DENY');
        await response.body?.cancel();
      }
    });

    it('answers HEAD with the length and no body', async () => {
      const whole = await (await fetch(`${admin.url}/`)).arrayBuffer();
      const head = await fetch(`${admin.url}/`, { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.headers.get('content-length'), String(whole.byteLength));
      assert.equal((await head.arrayBuffer()).byteLength, 0);
    });

    it('tells 404 and 405 apart, and says what is allowed', async () => {
      const missing = await admin.get('/api/v1/nothing-here');
      assert.equal(missing.status, 404);
      assert.equal((await problemIn(missing)).type, 'urn:tandem:problem:not-found');
      const wrongMethod = await admin.post('/api/v1/status', '{}');
      assert.equal(wrongMethod.status, 405);
      assert.equal(wrongMethod.headers.get('allow'), 'GET, HEAD');
      await wrongMethod.body?.cancel();
    });

    it('shows the status', async () => {
      admin.engine.push(figuresOf());
      const status = (await (await admin.get('/api/v1/status')).json()) as StatusDocument;
      assert.equal(status.callsUp, 42);
      assert.equal(status.startedAt, '2026-01-01T00:00:00.000Z');
      assert.equal(status.gateways.length, 2);
      const { callsAnswered, callsFailed } = status.counters;
      const asr = Math.round((callsAnswered / (callsAnswered + callsFailed)) * 1000) / 10;
      assert.equal(status.asrPercent, asr);
    });

    it('says why it is not ready', async () => {
      admin.engine.push(figuresOf({ state: 'draining' }));
      const draining = await fetch(`${admin.url}/readyz`);
      assert.equal(draining.status, 503);
      assert.equal(await draining.text(), 'draining\n');
      const cdrLog = { ...figuresOf().cdrLog, accepting: false };
      admin.engine.push(figuresOf({ cdrLog }));
      assert.match(await (await fetch(`${admin.url}/readyz`)).text(), /CDR log/);
      admin.engine.push(figuresOf());
      assert.equal((await fetch(`${admin.url}/readyz`)).status, 200);
    });

    it('describes every address it serves', async () => {
      const description = (await (await admin.get('/api/v1/openapi.json')).json()) as {
        paths: Record<string, Record<string, unknown>>;
      };
      for (const [method, path] of guarded.slice(0, 11)) {
        const pattern = path.replace(/\?.*/, '').replace(/\/1$/, '/{version}');
        assert.ok(description.paths[pattern]?.[method.toLowerCase()], `${method} ${path}`);
      }
      const references = JSON.stringify(description).matchAll(/#\/components\/schemas\/(\w+)/g);
      const { components } = description as unknown as { components: { schemas: object } };
      for (const [, name] of references) assert.ok(name! in components.schemas, name);
    });

    it('warns when a gateway is applied that the node has no listener for', async () => {
      const unreachable = { ...gateway, name: 'far', address: 'tcp://[2001:db8::1]:5080' };
      const body = JSON.stringify({ routingGateways: [unreachable] });
      const response = await admin.post('/api/v1/config?dryRun=true', body);
      const applied = (await response.json()) as AppliedChange;
      assert.deepEqual(applied.warnings, [
        'routing gateway "far" (tcp://[2001:db8::1]:5080): this node has no TCP listener on IPv6; it listens on udp://127.0.0.1:5060; calls skip it',
      ]);
    });

    it('names what to do with a field of a later version', async () => {
      const body = JSON.stringify({ routingGateways: [{ ...gateway, switchAllowRtp: true }] });
      const problem = await problemIn(await admin.post('/api/v1/config', body));
      assert.deepEqual(problem.errors, [
        {
          path: 'routingGateways[0].switchAllowRtp',
          expected: 'leave it out',
          message:
            'routingGateways[0].switchAllowRtp is not supported by this version: media does not pass this node yet; expected: leave it out',
        },
      ]);
    });

    it('puts every counter and gauge on /metrics, once each', async () => {
      const response = await admin.get('/metrics');
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      const lines = text.trimEnd().split('\n');
      for (const line of lines) {
        assert.match(
          line,
          /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\})? -?[0-9.e+]+)$/,
        );
      }
      const families = lines.filter((line) => line.startsWith('# TYPE'));
      assert.equal(new Set(families).size, families.length);
      for (const { name, metric } of counterRows) {
        assert.ok(lines.includes(`${metric} ${figuresOf().counters[name]}`), metric);
      }
      for (const { metric } of gaugeTable) {
        assert.ok(
          lines.some((line) => line.startsWith(`${metric}{worker="1"} `)),
          metric,
        );
      }
      for (const line of [
        'tandem_gateway_cps{gateway="acme-in",kind="mapping"} 3',
        'tandem_max_cps 200',
        'tandem_main_loop_stall_ms 4',
        'tandem_stream_connections 2',
        'tandem_stream_queue_bytes 0',
      ]) {
        assert.ok(lines.includes(line), line);
      }
      assert.equal(lines.filter((line) => line.startsWith('tandem_gateway_cps{')).length, 1);
      assert.ok(lines.includes('tandem_gateway_lines_used{gateway="acme-in",kind="mapping"} 42'));
      assert.ok(
        lines.includes(
          'tandem_gateway_lines_used{gateway="carrier \\"a\\"\\\\\\n",kind="routing"} 40',
        ),
      );
    });

    it('applies, lists, compares and rolls back', async () => {
      const first = await admin.post(
        '/api/v1/config',
        JSON.stringify({ routingGateways: [gateway] }),
      );
      assert.equal(first.status, 200);
      const { version, changes, activation } = (await first.json()) as AppliedChange;
      assert.deepEqual(changes?.routingGateways.added, ['carrier-a']);
      assert.deepEqual(activation, { version, compileMs: 12, swapPauseMs: 0.2 });
      assert.equal(admin.versions.current(), version);

      const yaml =
        'routingGateways:\n  - { name: carrier-a, address: "127.0.0.1:5080", prefixes: ["44"], priority: 2 }\n';
      const second = await admin.post('/api/v1/config', yaml, 'application/yaml');
      const next = (await second.json()) as AppliedChange;
      assert.equal(next.previousVersion, version);
      const compared = await admin.get(`/api/v1/config/compare?from=${version}&to=${next.version}`);
      assert.deepEqual(await compared.json(), next.changes);

      const back = await admin.post('/api/v1/config/rollback', JSON.stringify({ version }));
      const rolledBack = (await back.json()) as AppliedChange;
      assert.equal(admin.versions.document(rolledBack.version)?.routingGateways[0]?.priority, 1);
      const { versions } = (await (await admin.get('/api/v1/config/versions')).json()) as {
        versions: { version: number; inForce: boolean }[];
      };
      assert.deepEqual(
        versions.filter((one) => one.inForce).map((one) => one.version),
        [rolledBack.version],
      );
      const shown = await admin.get('/api/v1/config', { accept: 'application/yaml' });
      assert.equal(shown.headers.get('etag'), `"${rolledBack.version}"`);
      assert.match(await shown.text(), /name: carrier-a/);
    });

    it('changes nothing on a dry run', async () => {
      const before = admin.versions.current();
      const asked = admin.engine.received.length;
      const other = { routingGateways: [{ ...gateway, name: 'carrier-b' }] };
      const response = await admin.post('/api/v1/config?dryRun=true', JSON.stringify(other));
      const applied = (await response.json()) as AppliedChange;
      assert.equal(applied.dryRun, true);
      assert.deepEqual(applied.changes?.routingGateways.added, ['carrier-b']);
      assert.equal(admin.versions.current(), before);
      assert.equal(admin.engine.received.length, asked);
    });

    it('names field, value and expectation of a bad document', async () => {
      const bad = { routingGateways: [{ ...gateway, address: 'sip.example.com' }] };
      const response = await admin.post('/api/v1/config', JSON.stringify(bad));
      assert.equal(response.status, 422);
      const { type, errors } = await problemIn(response);
      assert.equal(type, 'urn:tandem:problem:configuration-invalid');
      const field = errors?.find(({ path }) => path === 'routingGateways[0].address');
      assert.ok(field, JSON.stringify(errors));
      assert.match(String(field.value), /sip\.example\.com/);
      assert.ok(field.expected);
    });

    it('leaves the version in force when the engine refuses', async () => {
      const before = admin.versions.current();
      const kept = admin.versions.list().length;
      admin.engine.answer = ({ id }) => ({ kind: 'refusal', id, error: 'arena full' });
      const other = JSON.stringify({ routingGateways: [{ ...gateway, name: 'carrier-c' }] });
      const response = await admin.post('/api/v1/config', other);
      admin.engine.answer = answerAsEngine;
      assert.equal(response.status, 502);
      assert.match((await problemIn(response)).detail, /arena full/);
      assert.equal(admin.versions.current(), before);
      assert.equal(admin.versions.list().length, kept);
    });

    it('applies one document at a time', async () => {
      let finish: () => void = () => {};
      const asked = new Promise<void>((resolve) => {
        admin.engine.answer = (message) => {
          finish = () => admin.engine.say(answerAsEngine(message));
          resolve();
          return undefined;
        };
      });
      const document = (name: string): string =>
        JSON.stringify({ routingGateways: [{ ...gateway, name }] });
      const first = admin.post('/api/v1/config', document('carrier-d'));
      await asked;
      const second = await admin.post('/api/v1/config', document('carrier-e'));
      assert.equal(second.status, 409);
      await second.body?.cancel();
      finish();
      assert.equal((await first).status, 200);
      admin.engine.answer = answerAsEngine;
    });

    it('refuses what is no document, of no known type, or too large', async () => {
      const cases = [
        ['{"a":', 'application/json', 400, 'document-unreadable'],
        ['a: [', 'application/yaml', 400, 'document-unreadable'],
        ['<a/>', 'application/xml', 415, 'unsupported-media-type'],
        [new Uint8Array((64 << 20) + 1), 'application/json', 413, 'body-too-large'],
        [`a: "${'x'.repeat(9 << 20)}"`, 'application/yaml', 413, 'body-too-large'],
      ] as const;
      for (const [body, contentType, status, code] of cases) {
        const response = await admin.post('/api/v1/config', body, contentType);
        assert.equal(response.status, status, code);
        assert.equal((await problemIn(response)).type, `urn:tandem:problem:${code}`);
      }
      const large = await admin.post('/api/v1/routing/analyze', new Uint8Array((1 << 20) + 1));
      assert.equal(large.status, 413);
      await large.body?.cancel();
    });

    it('takes a document of many megabytes', async () => {
      const prefixes = Array.from({ length: 300_000 }, (_, i) => `1${String(i).padStart(8, '0')}`);
      const large = JSON.stringify({ routingGateways: [{ ...gateway, name: 'large', prefixes }] });
      assert.ok(large.length > 3_000_000);
      const response = await admin.post('/api/v1/config?dryRun=true', large);
      assert.equal(response.status, 200, await response.clone().text());
      const { changes } = (await response.json()) as AppliedChange;
      assert.deepEqual(changes?.routingGateways.added, ['large']);
    });

    it('does not take names of Object for fields', async () => {
      for (const name of ['__proto__', 'constructor']) {
        const response = await admin.post('/api/v1/config', `{"${name}":{"admin":true}}`);
        assert.notEqual(response.status, 500);
        await response.body?.cancel();
      }
      assert.equal(({} as { admin?: boolean }).admin, undefined);
    });

    it('passes an analysis to the engine and its refusal back', async () => {
      const question = { gateway: 'acme-in', callee: '442079460000', at: '2026-01-01T00:00:00Z' };
      const response = await admin.post('/api/v1/routing/analyze', JSON.stringify(question));
      assert.deepEqual(((await response.json()) as { order: string[] }).order, ['carrier-a']);
      const asked = admin.engine.received.at(-1);
      assert.ok(asked?.kind === 'analyze');
      assert.deepEqual(asked.request, { ...question, at: '2026-01-01T00:00:00.000Z' });
      admin.engine.answer = ({ id }) => ({ kind: 'refusal', id, error: 'no mapping gateway x' });
      const refused = await admin.post('/api/v1/routing/analyze', JSON.stringify(question));
      admin.engine.answer = answerAsEngine;
      assert.equal(refused.status, 422);
      assert.match((await problemIn(refused)).detail, /no mapping gateway x/);
    });

    it('names the query parameter that is unknown, doubled or wrong', async () => {
      const cases = [
        ['/api/v1/cdrs?sinec=2026-01-01T00:00:00Z', 'sinec'],
        ['/api/v1/cdrs?since=yesterday', 'since'],
        ['/api/v1/cdrs?limit=0', 'limit'],
        ['/api/v1/cdrs?account=a&account=b', 'account'],
        ['/api/v1/cdrs?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 'until'],
        ['/api/v1/config/compare?from=1', 'to'],
      ] as const;
      for (const [path, name] of cases) {
        const response = await admin.get(path);
        assert.equal(response.status, 400, path);
        assert.deepEqual(
          (await problemIn(response)).errors?.map((error) => error.path),
          [name],
        );
      }
    });

    it('answers 404 for a version that is not kept', async () => {
      for (const path of ['versions/9999', 'versions/x', 'compare?from=9998&to=9999']) {
        const response = await admin.get(`/api/v1/config/${path}`);
        assert.equal(response.status, 404, path);
        assert.equal((await problemIn(response)).type, 'urn:tandem:problem:version-not-found');
      }
    });

    it('says nothing of its insides when it fails', async () => {
      const original = admin.versions.list;
      admin.versions.list = () => {
        throw new Error('secret detail at /some/path');
      };
      const response = await admin.get('/api/v1/config/versions');
      admin.versions.list = original;
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /secret detail|\.ts|\.js/);
    });
  });
}
