// tandem rates, as people run it: with a running node and on a data directory without one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CommandOutcome, tandem } from './command.ts';
import { type ForkedAdmin, forkAdmin } from './forked-admin.ts';

const deck = 'prefix,ratePerMinute,effectiveAt\n44,0.0120,\n0049,0.02,2099-01-01T00:00:00Z\n';
const dearer = 'prefix,ratePerMinute\n44,0.0130\n';

for (const kind of ['with a running node', 'without a node'] as const) {
  describe(`tandem rates ${kind}`, () => {
    let admin: ForkedAdmin | undefined;
    let dataDir: string;
    let files: string;
    const file = (name: string, content: string): string => {
      const path = join(files, name);
      writeFileSync(path, content);
      return path;
    };
    const rates = (...args: string[]): Promise<CommandOutcome> =>
      tandem(['rates', ...args, '--data', dataDir]);
    before(async () => {
      files = mkdtempSync(join(tmpdir(), 'tandem-decks-'));
      if (kind === 'with a running node') admin = await forkAdmin();
      dataDir = admin?.dataDir ?? join(files, 'data');
    });
    after(async () => {
      await admin?.close();
      rmSync(files, { recursive: true });
    });

    it('imports, previews, exports and copies', async () => {
      const imported = await rates('import', file('deck.csv', deck), '--table', 't');
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stdout, /^\+ 0049 {2}0.02\+0 1\/1 from 2099-01-01T00:00:00Z$/m);
      assert.match(imported.stdout, /^2 rates read: 2 new, .* 1 begin later$/m);
      assert.match(imported.stdout, /version 1 is (stored|in force)/);
      const preview = await rates('preview', file('dearer.csv', dearer), '--table', 't');
      assert.match(preview.stdout, /^↑ 44 {2}0.0120\+0 1\/1 -> 0.0130\+0 1\/1$/m);
      assert.match(preview.stdout, /^- 0049 {2}/m);
      assert.match(preview.stdout, /nothing was changed\n$/);
      const exported = await rates('export', '--table', 't');
      assert.equal(
        exported.stdout,
        'prefix,ratePerMinute,connectionFee,firstIncrementSeconds,nextIncrementSeconds,effectiveAt,expiresAt\r\n0049,0.02,0,1,1,2099-01-01T00:00:00Z,\r\n44,0.0120,0,1,1,,\r\n',
      );
      const copied = await rates('copy', 't', 'u', '--percent', '10', '--decimals', '4', '--json');
      assert.equal(copied.code, 0, copied.stderr);
      assert.equal((JSON.parse(copied.stdout) as { tableRates: number }).tableRates, 2);
      const workbook = join(files, 'u.xlsx');
      const written = await rates('export', '--table', 'u', '--output', workbook);
      assert.equal(written.code, 0, written.stderr);
      assert.equal(readFileSync(workbook).subarray(0, 2).toString(), 'PK');
      const again = await rates('import', workbook, '--table', 'u');
      assert.match(again.stdout, /2 unchanged; .*\n.*nothing changes; version 2 stays in force/);
      const list = await rates('list');
      assert.deepEqual(JSON.parse(list.stdout), {
        rateTables: [
          { name: 't', rates: 2 },
          { name: 'u', rates: 2 },
        ],
      });
    });

    it('merges from standard input, from a given time on', async () => {
      const args = ['import', '-', '--table', 't', '--mode', 'merge'];
      const later = ['--effective-at', '2098-01-01T00:00:00Z', '--data', dataDir];
      const { code, stdout } = await tandem(['rates', ...args, ...later], dearer);
      assert.equal(code, 0);
      assert.match(stdout, /^rate table t: 3 rates; /m);
    });

    it('exits with 2 and names every line of a bad file', async () => {
      const bad = file('bad.csv', 'prefix,ratePerMinute\n44,1\n4 5,x\n');
      const { code, stderr } = await rates('import', bad, '--table', 't');
      assert.equal(code, 2);
      assert.match(stderr, /^ {2}line 3: ratePerMinute: "x"; expected a decimal number/m);
      assert.match(stderr, /^ {2}line 3: prefix: "4 5"; expected at most 32 bytes/m);
      const missing = await rates('export', '--table', 'none');
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /rate table "none": expected one of those in force/);
      for (const args of [
        ['import', bad],
        ['import', join(files, 'none.csv'), '--table', 't'],
        ['import', bad, '--table', 't', '--mode', 'append'],
        ['import', bad, '--table', 't', '--effective-at', 'soon'],
        ['copy', 't', 'u', '--percent', 'ten'],
        ['copy', 't', 'u', '--decimals', '9'],
      ]) {
        assert.equal((await rates(...args)).code, 2, args.join(' '));
      }
    });
  });
}
