// The command line, run as people run it, with a running node.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { smallDocument as document, tandem } from './command.ts';
import { type ForkedAdmin, forkAdmin } from './forked-admin.ts';

describe('tandem with a running node', () => {
  let node: ForkedAdmin;
  let data: string[];
  let files: string;
  const file = (name: string, content: string): string => {
    const path = join(files, name);
    writeFileSync(path, content);
    return path;
  };
  before(async () => {
    files = mkdtempSync(join(tmpdir(), 'tandem-files-'));
    node = await forkAdmin();
    data = ['--data', node.dataDir];
  });
  after(async () => {
    await node.close();
    rmSync(files, { recursive: true });
  });

  it('prints the status', async () => {
    const { code, stdout, stderr } = await tandem(['status', ...data]);
    assert.equal(code, 0, stderr);
    const status = JSON.parse(stdout) as { callsUp: number; node: string };
    assert.deepEqual([status.node, status.callsUp], ['edge-1', 42]);
  });

  it('applies, exports, lists, compares and rolls back', async () => {
    const first = await tandem(['apply', file('a.yaml', document), ...data]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /version 1 is in force \(compiled in 12 ms\)/);
    const changed = file('b.yaml', document.replace('lineLimit: 1000', 'lineLimit: 500'));
    const second = await tandem(['apply', changed, '--json', ...data]);
    assert.equal((JSON.parse(second.stdout) as { version: number }).version, 2);
    const compared = await tandem(['config', 'compare', '1', '2', ...data]);
    assert.equal(compared.stdout, '~ routingGateways carrier-a: lineLimit: 1000 -> 500\n');
    const back = await tandem(['config', 'rollback', '1', ...data]);
    assert.match(back.stdout, /lineLimit: 500 -> 1000\nversion 3 is in force/);
    const shown = await tandem(['config', 'show', '2', '--format', 'json', ...data]);
    assert.equal(JSON.parse(shown.stdout).routingGateways[0].lineLimit, 500);
    const exported = await tandem(['export', '--format', 'json', ...data]);
    assert.equal(JSON.parse(exported.stdout).routingGateways[0].lineLimit, 1000);
  });

  it('exits with 2 for a bad file and names its key', async () => {
    const bad = file('c.yaml', document.replace('priority: 1', 'priority: high'));
    const { code, stderr } = await tandem(['apply', bad, ...data]);
    assert.equal(code, 2);
    assert.match(stderr, /routingGateways\[0\]\.priority: "high" .*expected/);
  });

  it('exits with 1 for what the node refuses', async () => {
    const wrongToken = await tandem(['status', ...data, '--token', 'x'.repeat(43)]);
    assert.equal(wrongToken.code, 1);
    assert.match(wrongToken.stderr, /token/);
    const { code, stderr } = await tandem(['config', 'show', '99', ...data]);
    assert.equal(code, 1);
    assert.match(stderr, /version 99/);
  });

  it('asks for an analysis', async () => {
    const { stdout } = await tandem(['route', '--gateway', 'acme-in', '--callee', '4420', ...data]);
    assert.deepEqual(JSON.parse(stdout).order, ['carrier-a']);
    const source = ['--from', '192.0.2.1:5060', '--callee', '4420'];
    const silent = await tandem(['route', ...source, '--fail', 'carrier-a=timeout', ...data]);
    assert.equal(silent.code, 0, silent.stderr);
  });

  it('asks for a price', async () => {
    const ask = ['rate', '--account', 'acme', '--callee', '4420', '--seconds', '61'];
    const { stdout, stderr } = await tandem([...ask, ...data]);
    assert.deepEqual(JSON.parse(stdout), { account: 'acme', fee: '0.03', holdMs: 61_000 }, stderr);
  });

  it('audits and backs up what is running', async () => {
    const audited = await tandem(['audit', ...data]);
    assert.equal(audited.code, 0, audited.stderr);
    assert.equal(JSON.parse(audited.stdout).difference, null);
    const backup = join(files, 'running.gz');
    assert.equal((await tandem(['backup', backup, ...data])).code, 0);
    const restored = await tandem(['restore', backup, '--data', join(files, 'of-running')]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.equal(JSON.parse(restored.stdout).difference, null);
  });

  it('prints CDRs', async () => {
    const { code, stdout, stderr } = await tandem(['cdr', '--format', 'csv', ...data]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^id,callId,/);
  });
});
