// Rate decks over the HTTP API: preview, import, export, copy; all or nothing, with every bad line named.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { CopiedTable, ImportedDeck } from '../../admin/deck/deck-service.ts';
import type { Problem } from '../../admin/problem.ts';
import { workbookOf } from '../doubles/workbook-of.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';

const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const header = 'prefix,ratePerMinute,firstIncrementSeconds,nextIncrementSeconds';

for (const { name, open, skip } of await listenersUnderTest()) {
  describe(`rate decks over ${name}`, { skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(open);
    });
    after(() => admin.close());

    async function send(
      table: string,
      body: BodyInit,
      query = '',
      type = 'text/csv',
    ): Promise<ImportedDeck> {
      const response = await admin.post(`/api/v1/rate-tables/${table}/import?${query}`, body, type);
      assert.equal(response.status, 200, await response.clone().text());
      return (await response.json()) as ImportedDeck;
    }

    async function refused(
      table: string,
      body: BodyInit,
      query = '',
      type = 'text/csv',
    ): Promise<Problem> {
      const before = admin.versions.current();
      const response = await admin.post(`/api/v1/rate-tables/${table}/import?${query}`, body, type);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.equal(admin.versions.current(), before);
      return (await response.json()) as Problem;
    }

    function pricesOf(table: string): string[] {
      const document = admin.versions.document(admin.versions.current())!;
      const rates = document.rateTables.find((each) => each.name === table)?.rates ?? [];
      return rates.map(({ prefix, ratePerMinute }) => `${prefix} ${ratePerMinute}`);
    }

    it('are previewed without a change, then imported', async () => {
      await send('t', `${header}\n44,0.0120,60,6\n49,0.02,1,1\n33,0.03,1,1\n1,1,1,1\n`);
      assert.deepEqual(pricesOf('t'), ['1 1', '33 0.03', '44 0.0120', '49 0.02']);
      const deck = `${header}\n44,0.0130,60,6\n49,0.01,1,1\n33,0.030,60,1\n1,1.0,1,1\n7,2,1,1\n`;
      const version = admin.versions.current();
      const preview = await send('t', deck, 'dryRun=true');
      assert.equal(admin.versions.current(), version);
      assert.equal(preview.dryRun, true);
      const counts = { new: 1, up: 1, down: 1, changed: 1, unchanged: 1, gone: 0 };
      assert.deepEqual(preview.counts, counts);
      assert.deepEqual(preview.listed.up, [
        { prefix: '44', before: '0.0120+0 60/6', after: '0.0130+0 60/6' },
      ]);
      const imported = await send('t', deck);
      assert.deepEqual(imported.counts, counts);
      assert.equal(imported.version, admin.versions.current());
      assert.ok(imported.activation !== undefined);
      assert.deepEqual(pricesOf('t'), ['1 1.0', '33 0.030', '44 0.0130', '49 0.01', '7 2']);
      assert.equal((await send('t', deck)).version, imported.version);
    });

    it('replace a table, or are merged into it', async () => {
      await send('m', `${header}\n44,1,1,1\n49,1,1,1\n`);
      const merged = await send('m', `${header}\n44,2,1,1\n33,3,1,1\n`, 'mode=merge');
      assert.deepEqual([merged.counts.gone, merged.tableRates], [0, 3]);
      assert.deepEqual(pricesOf('m'), ['33 3', '44 2', '49 1']);
      const replaced = await send('m', `${header}\n44,2,1,1\n`);
      assert.deepEqual(replaced.listed.gone, [
        { prefix: '33', before: '3+0 1/1', after: null },
        { prefix: '49', before: '1+0 1/1', after: null },
      ]);
      assert.deepEqual(pricesOf('m'), ['44 2']);
    });

    it('are refused whole, with every bad line', async () => {
      const lines = Array.from(
        { length: 60 },
        (_, at) => `${at % 2 === 0 ? `4${at}` : '4 4'},1,1,1`,
      );
      const problem = await refused('t', `${header}\n${lines.join('\n')}\n44,x,0,1\n40,2,1,1\n`);
      assert.equal(problem.status, 422);
      assert.equal(problem.type, 'urn:tandem:problem:rates-invalid');
      assert.equal(problem.errors?.length, 32);
      assert.deepEqual(problem.errors?.at(-2), {
        path: 'firstIncrementSeconds',
        line: 62,
        value: '0',
        expected: 'whole seconds from 1 to 86400',
        message: 'line 62: firstIncrementSeconds: "0"; expected whole seconds from 1 to 86400',
      });
      const twice = await refused('t', `${header}\n44,1,1,1\n49,1,1,1\n44,2,1,1\n`);
      assert.deepEqual(
        twice.errors?.map(({ line, path }) => [line, path]),
        [[4, 'prefix']],
      );
      assert.match(twice.errors?.[0]?.expected ?? '', /line 2 rates it from the same time on/);
    });

    it('name all lines where there are more bad ones than are told in full', async () => {
      const lines = Array.from({ length: 10_100 }, (_, at) =>
        at === 10_050 ? '9,1,1,1' : 'x y,1,1,1',
      );
      const problem = await refused('t', `${header}\n${lines.join('\n')}`);
      assert.equal(problem.errors?.length, 10_000);
      assert.equal(problem.furtherLines, '10002-10051, 10053-10101');
      assert.match(problem.detail, /^10099 bad lines/);
    });

    it('are read by a template of the configuration', async () => {
      const template = {
        name: 'supplier',
        delimiter: ';',
        decimalSeparator: ',',
        headerLine: 0,
        beginLine: 2,
        dateFormat: 'DD.MM.YYYY',
        timeZone: 'Europe/London',
        columns: { prefix: 1, ratePerMinute: 2, effectiveAt: 3 },
        defaults: { firstIncrementSeconds: 60, nextIncrementSeconds: 60 },
      };
      const applied = await admin.post(
        '/api/v1/config',
        JSON.stringify({ rateTemplates: [template] }),
      );
      assert.equal(applied.status, 200, await applied.clone().text());
      // UTF-16 with a byte order mark, as spreadsheets save "Unicode text".
      const text = Buffer.from('\ufeffCarrier Ltd\r\n0044;0,015;01.07.2020\r\n', 'utf16le');
      await send('s', text, 'template=supplier');
      const rate = admin.versions
        .document(admin.versions.current())
        ?.rateTables.find((each) => each.name === 's')?.rates[0];
      assert.deepEqual(
        [rate?.prefix, rate?.ratePerMinute, rate?.effectiveAt, rate?.firstIncrementSeconds],
        ['0044', '0.015', '2020-06-30T23:00:00Z', 60],
      );
      const unknown = await refused('s', text, 'template=other');
      assert.match(unknown.detail, /"other": expected the name of a rate template \("supplier"\)/);
    });

    it('come back from an export to the letter, as CSV and as a workbook', async () => {
      const rates = [
        { prefix: '', ratePerMinute: '90000000000' },
        { prefix: '+44', ratePerMinute: '0.01200000', area: '=HYPERLINK("http://x")' },
        { prefix: '0033', ratePerMinute: '0.1', area: '\'-1, "quoted"; é\r\n<&> _x0041_ \u0001' },
        {
          prefix: '49',
          ratePerMinute: '0.5',
          connectionFee: '0.10',
          taxPercent: '19',
          locked: true,
        },
        { prefix: '49', ratePerMinute: '0.4', effectiveAt: '2099-01-01T00:00:00+01:00' },
        { prefix: '7', ratePerCycle: '0.001', cycleSeconds: 6, callType: 'local' },
        { prefix: '8', ratePerMinute: '1', sections: [{ seconds: 30, fee: '0.050' }] },
      ];
      const document = { rateTables: [{ name: 'odd', rates }] };
      const applied = await admin.post('/api/v1/config', JSON.stringify(document));
      assert.equal(applied.status, 200, await applied.clone().text());
      const stored = (): unknown =>
        admin.versions
          .stored(admin.versions.current())
          ?.rateTables.find(({ name }) => name === 'odd');
      const before = stored();
      for (const format of ['csv', 'xlsx']) {
        const exported = await admin.get(`/api/v1/rate-tables/odd/export?format=${format}`);
        assert.equal(exported.status, 200);
        const file = Buffer.from(await exported.arrayBuffer());
        if (format === 'csv') {
          const text = file.toString();
          assert.ok(text.includes(`"'=HYPERLINK(""http://x"")"`), text);
          assert.doesNotMatch(text, /(^|,)"?[=+@]/m);
        }
        await send('odd', `${header}\n1,1,1,1\n`);
        assert.notDeepEqual(stored(), before);
        await send('odd', file, '', format === 'csv' ? 'text/csv' : workbookType);
        assert.deepEqual(stored(), before, format);
      }
    });

    it('are copied with a mark-up, rounded half up once', async () => {
      await send('buy', `${header}\n44,0.0125,1,1\n49,0.00005,1,1\n`);
      const copy = (body: object): Promise<Response> =>
        admin.post('/api/v1/rate-tables/buy/copy', JSON.stringify(body));
      const made = await copy({ to: 'sell', percent: '10', perMinute: '0.001', decimals: 4 });
      assert.equal(made.status, 200, await made.clone().text());
      assert.equal(((await made.json()) as CopiedTable).tableRates, 2);
      // 0.0125 * 1.1 + 0.001 = 0.01475; 0.00005 * 1.1 + 0.001 = 0.001055
      assert.deepEqual(pricesOf('sell'), ['44 0.0148', '49 0.0011']);
      const again = await copy({ to: 'sell', percent: '10' });
      assert.match(((await again.json()) as Problem).detail, /"sell" is a rate table already/);
      const below = await copy({ to: 'sell', percent: '-101', replace: true });
      assert.match(((await below.json()) as Problem).detail, /expected a rate from 0/);
      assert.deepEqual(pricesOf('sell'), ['44 0.0148', '49 0.0011']);
      const missing = await admin.post('/api/v1/rate-tables/none/copy', '{"to":"x"}');
      assert.equal(missing.status, 404);
    });

    it('are refused where they are no decks', async () => {
      const cases: [BodyInit, RegExp][] = [
        ['', /line 0: prefix: is missing; expected a header line in the file/],
        [`${header}\n`, /expected rates in the file/],
        ['code,price\n44,1\n', /line 1: prefix: "code"; expected the name of a field/],
        [Buffer.from('d0cf11e0a1b11ae100', 'hex'), /expected XLSX or CSV/],
        [Buffer.from('PK\u0003\u0004 nothing more to see here'), /has no end: it is cut off/],
        [Buffer.from([0x70, 0x72, 0xff, 0xfe, 0x0a]), /line 1: prefix: /],
      ];
      for (const [body, expected] of cases) {
        assert.match((await refused('t', body)).detail, expected);
      }
      const type = await refused('t', '{}', '', 'application/json');
      assert.equal(type.status, 415);
      const table = await refused('%20bad', `${header}\n44,1,1,1\n`);
      assert.match(table.detail, /^table: " bad": expected a name/);
      const mode = await refused('t', header, 'mode=append');
      assert.match(mode.detail, /expected replace or merge/);
    });

    it('cannot fill the memory or define entities with a workbook', async () => {
      const entity =
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet><sheetData><row><c t="str"><v>&e;</v></c></row></sheetData></worksheet>';
      const xxe = await refused('t', workbookOf({ sheet: entity }), '', workbookType);
      assert.match(xxe.detail, /a document type or declaration, which is not read/);
      const bomb = deflateRawSync(Buffer.alloc(70 << 20, '<a/>'));
      const bombed = await refused('t', workbookOf({ packedWorkbookXml: bomb }), '', workbookType);
      assert.match(bombed.detail, /unpacks to more than 67108864 bytes/);
    });
  });
}
