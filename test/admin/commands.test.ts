// The command line, run as people run it: help, exit codes, messages, without a running node.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStore } from '../../workers/configuration/open-store.ts';
import { changeAccount } from '../../workers/ledger/embedded-records.ts';
import { smallDocument as document, tandem } from './command.ts';

const commands = [
  'start',
  'apply',
  'export',
  'status',
  'cdr',
  'route',
  'listed',
  'unlist',
  'rate',
  'rates',
  'pay',
  'audit',
  'backup',
  'restore',
  'config',
];

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('tandem', () => {
  let files: string;
  const file = (name: string, content: string): string => {
    const path = join(files, name);
    writeFileSync(path, content);
    return path;
  };
  before(() => {
    files = mkdtempSync(join(tmpdir(), 'tandem-files-'));
  });
  after(() => rmSync(files, { recursive: true }));

  it('prints its version and its help, which names every command', async () => {
    const version = await tandem(['--version']);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    const help = await tandem(['--help']);
    assert.equal(help.code, 0);
    for (const command of commands) assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
  });

  it('has help with examples for every command', async () => {
    for (const command of commands) {
      const { code, stdout } = await tandem([command, '--help']);
      assert.equal(code, 0, command);
      assert.match(stdout, /Examples:\n {2}tandem /, command);
      if (command !== 'config' && command !== 'rates')
        assert.match(stdout, /--data <dir>[\s\S]*--url <url>[\s\S]*--token <token>/);
    }
  });

  it('exits with 2 where it is used wrongly', async () => {
    const uses = [
      [],
      ['no-such-command'],
      ['status', '--no-such-option'],
      ['apply'],
      ['route', '--gateway', 'acme-in'],
      ['route', '--cdr', 'a@192.0.2.10', '--callee', '1'],
      ['route', '--gateway', 'acme-in', '--from', '192.0.2.1', '--callee', '1'],
      ['route', '--from', '192.0.2.1'],
      ['route', '--cdr', 'a@192.0.2.10', '--from', '192.0.2.1'],
      ['route', '--gateway', 'acme-in', '--callee', '1', '--fail', 'carrier-a'],
      ['route', '--gateway', 'acme-in', '--callee', '1', '--fail', 'carrier-a=200'],
      ['rate', '--account', 'a', '--callee', '1', '--seconds', '1.2345'],
      ['rate', '--account', 'a', '--callee', '1', '--seconds', '1', '--at', 'noon'],
      ['unlist'],
      ['unlist', '1', '--all'],
      ['unlist', '1', '--side', 'both'],
      ['cdr', '--format', 'xml'],
      ['cdr', '--since', 'yesterday', '--data', files],
      ['config', 'show', 'first'],
      ['status', '--url', 'ftp://127.0.0.1'],
    ];
    for (const args of uses) {
      const { code, stderr } = await tandem(args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.notEqual(stderr, '');
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
  });

  it('exits with 1 where a running node is needed and there is none', async () => {
    for (const args of [['status'], ['route', '--gateway', 'a', '--callee', '1']]) {
      const { code, stderr } = await tandem([...args, '--data', files]);
      assert.equal(code, 1);
      assert.match(stderr, /no node runs on data directory/);
    }
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { code, stderr } = await tandem(['status', '--url', url, '--token', 'x']);
    assert.equal(code, 1);
    assert.equal(stderr, `tandem: ${url}: does not answer: ECONNREFUSED\n`);
  });

  it('does not start on a bad node file, and names the key', async () => {
    const path = file('node.yaml', 'sip: { listen: ["sctp://127.0.0.1:5060"] }\n');
    const { code, stderr } = await tandem([
      'start',
      '--config',
      path,
      '--data',
      join(files, 'start'),
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /^tandem: .*node\.yaml: sip\.listen\.0: "sctp:.*expected udp:/);
  });

  describe('without a running node', () => {
    it('applies to the data directory, shows it, and names what is wrong', async () => {
      const data = ['--data', join(files, 'offline')];
      const path = file('switch.yaml', document);
      const dryRun = await tandem(['apply', path, '--dry-run', ...data]);
      assert.equal(dryRun.code, 0, dryRun.stderr);
      assert.match(
        dryRun.stdout,
        /\+ routingGateways carrier-a\n[\s\S]*dry run, nothing was changed/,
      );
      const applied = await tandem(['apply', path, ...data]);
      assert.equal(applied.code, 0, applied.stderr);
      assert.match(applied.stdout, /version 1 is stored; the next start runs on it/);
      const again = await tandem(['apply', path, ...data]);
      assert.match(again.stdout, /nothing changes; version 1 stays in force/);

      const exported = await tandem(['export', ...data]);
      assert.match(exported.stdout, /^routingGateways:\n {2}- name: carrier-a$/m);
      const roundTrip = await tandem(['apply', '-', '--replace', ...data], exported.stdout);
      assert.match(roundTrip.stdout, /nothing changes/);

      const bad = file('bad.yaml', document.replace('127.0.0.1:5080', 'sip.example.com'));
      const refused = await tandem(['apply', bad, ...data]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /routingGateways\[0\]\.address: "sip\.example\.com" .*expected/);
      const unreadable = await tandem(['apply', file('bad.json', '{"a":'), ...data]);
      assert.equal(unreadable.code, 2);
      const missing = await tandem(['apply', join(files, 'missing.yaml'), ...data]);
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /missing\.yaml: cannot be read/);

      const list = await tandem(['config', 'list', ...data]);
      assert.match(list.stdout, /^ +1 {2}\S+ {2}in force {2}/);
      const noVersion = await tandem(['config', 'show', '77', ...data]);
      assert.equal(noVersion.code, 1);
      assert.match(noVersion.stderr, /version 77/);
    });

    it('keeps an account that has had payments, though nothing is left', async () => {
      const data = ['--data', join(files, 'paid')];
      const without = file('without.yaml', 'accounts: [{ name: other, kind: customer }]');
      const withAccount = file('with.yaml', 'accounts: [{ name: spent, kind: customer }]');
      assert.equal((await tandem(['apply', without, ...data])).code, 0);
      assert.equal((await tandem(['apply', withAccount, ...data])).code, 0);
      for (const kind of ['recharge', 'deduction']) {
        const paid = await tandem(['pay', 'spent', kind, '1', ...data]);
        assert.equal(paid.code, 0, paid.stderr);
      }
      const removals = [
        ['apply', without, '--replace'],
        ['apply', without, '--replace', '--dry-run'],
        ['config', 'rollback', '1'],
      ];
      for (const removal of removals) {
        const refused = await tandem([...removal, ...data]);
        assert.notEqual(refused.code, 0, removal.join(' '));
        assert.match(
          refused.stderr,
          /accounts\[spent\] is missing, but has a balance of "0", 2 payments/,
        );
      }
      const other = await tandem(['apply', withAccount, '--replace', ...data]);
      assert.equal(other.code, 0, other.stderr);
    });

    it('pays, audits, backs up and restores, and the copy has the same books', async () => {
      const data = ['--data', join(files, 'backed-up')];
      assert.equal((await tandem(['apply', file('switch.yaml', document), ...data])).code, 0);
      const paid = await tandem(['pay', 'acme', 'recharge', '2.5', '--reason', 'r', ...data]);
      assert.equal(paid.code, 0, paid.stderr);
      assert.equal(JSON.parse(paid.stdout).balanceAfter, '102.5');
      const nobody = await tandem(['pay', 'nobody', 'recharge', '1', ...data]);
      assert.equal(nobody.code, 1);
      assert.match(nobody.stderr, /account: "nobody": expected the name of an account/);
      const books = { accounts: 1, payments: 2, cdrs: 0, difference: null };
      const audited = await tandem(['audit', ...data]);
      assert.deepEqual([audited.code, JSON.parse(audited.stdout)], [0, books], audited.stderr);

      const backup = join(files, 'tandem.gz');
      const backedUp = await tandem(['backup', backup, ...data]);
      assert.equal(backedUp.code, 0, backedUp.stderr);
      assert.equal(statSync(backup).mode & 0o777, 0o600);
      const copy = ['--data', join(files, 'restored')];
      const restored = await tandem(['restore', backup, ...copy]);
      assert.equal(restored.code, 0, restored.stderr);
      assert.deepEqual(JSON.parse(restored.stdout), { ledger: 'restored', ...books });
      const again = await tandem(['restore', backup, ...copy]);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /is there: expected a directory without/);
      const spent = await tandem(['pay', 'acme', 'zeroing', ...copy]);
      assert.deepEqual(JSON.parse(spent.stdout).amount, '-102.5', spent.stderr);
      const exported = await Promise.all([data, copy].map((one) => tandem(['export', ...one])));
      assert.equal(exported[0]!.stdout, exported[1]!.stdout);
    });

    it('ends an audit with 1 where a balance is not what payments and calls made of it', async () => {
      const dataDir = join(files, 'differs');
      const data = ['--data', dataDir];
      await tandem(['apply', file('switch.yaml', document), ...data]);
      await tandem(['pay', 'acme', 'recharge', '2.5', ...data]);
      const store = await openStore(dataDir, { folder: 'ledger', title: 'ledger' });
      store.transaction((transaction) =>
        changeAccount(transaction, 'acme', (account) => {
          account.balance = '1';
        }),
      );
      await store.close();
      const { code, stdout, stderr } = await tandem(['audit', ...data]);
      assert.equal(code, 1);
      assert.match(JSON.parse(stdout).difference, /^account acme: .*102\.5/);
      assert.match(stderr, /account acme/);
    });

    it('tells the price of a call from the configuration in the data directory', async () => {
      const data = ['--data', join(files, 'priced')];
      await tandem(['apply', file('priced.yaml', document), ...data]);
      const ask = ['rate', '--callee', '442079460000', '--seconds', '61', ...data];
      const { code, stdout, stderr } = await tandem([...ask, '--account', 'acme']);
      assert.equal(code, 0, stderr);
      // 61 s by 60/6 are 66 s: 0.012 × 66 / 60.
      const { fee, billedSeconds, ratePrefix, connectionFee, steps } = JSON.parse(stdout);
      assert.deepEqual([fee, billedSeconds, ratePrefix, connectionFee], ['0.0132', 66, '44', '0']);
      assert.ok((steps as unknown[]).length > 3);
      const unknown = await tandem([...ask, '--account', 'nobody']);
      assert.equal(unknown.code, 1);
      assert.match(unknown.stderr, /account: "nobody": expected the name of an account/);
    });

    it('reads CDRs of a directory that has none', async () => {
      const empty = join(files, 'no-node-yet');
      const { code, stdout, stderr } = await tandem(['cdr', '--format', 'csv', '--data', empty]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^id,callId,node,/);
      assert.equal(stdout.trimEnd().split('\n').length, 1);
    });
  });
});
