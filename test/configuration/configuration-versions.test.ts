// Versions of the configuration: applied, committed, discarded, listed, compared, gone back to. On both
// stores.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { describeDiff } from '../../core/configuration/diff.ts';
import { gatewaysMax, stagedVersionsMax, versionsMax } from '../../core/configuration/limits.ts';
import { Transport } from '../../core/sip/hop.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import {
  type ApplyOptions,
  type ApplyResult,
  ConfigurationVersions,
} from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore, type StoreKind } from '../../workers/configuration/open-store.ts';
import { packJson } from '../../workers/configuration/stored-json.ts';

function routing(name: string, fields: object = {}): object {
  return { name, address: '192.0.2.1', prefixes: ['44'], ...fields };
}

function mapping(name: string, fields: object = {}): object {
  return { name, addresses: ['192.0.2.1'], ...fields };
}

for (const kind of ['lmdb', 'file'] satisfies StoreKind[]) {
  describe(`configuration versions on ${kind}`, () => {
    let dataDir: string;
    let store: ConfigurationStore;
    let versions: ConfigurationVersions;

    beforeEach(async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'tandem-versions-'));
      store = await openConfigurationStore(dataDir, { kind });
      versions = new ConfigurationVersions(store, () => Date.UTC(2026, 0, 2));
    });

    it('reads a version stored before there were calendars, packages and taxes', async () => {
      const old = {
        parameters: {},
        rateTables: [
          {
            name: 't',
            rates: [
              {
                prefix: '44',
                ratePerMinute: '1',
                connectionFee: '0',
                firstIncrementSeconds: 1,
                nextIncrementSeconds: 1,
              },
            ],
          },
        ],
        accounts: [{ name: 'a', kind: 'customer', balance: '1', creditLimit: '0' }],
        mappingGateways: [],
        routingGateways: [],
      };
      store.transaction((transaction) => {
        transaction.put('document/0000000001', packJson(old));
        transaction.put('current', packJson(1));
        transaction.put('format', Buffer.from('1'));
      });
      await store.close();
      store = await openConfigurationStore(dataDir, { kind });
      versions = new ConfigurationVersions(store);
      const document = versions.document(1);
      assert.equal(document?.rateTables[0]?.rates[0]?.taxPercent, '0');
      assert.deepEqual(document?.accounts[0]?.packages, []);
      assert.deepEqual(document?.calendars, []);
    });

    afterEach(async () => {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('warns of a routing gateway that no listener of the node can reach', () => {
      const listeners = [{ transport: Transport.udp, address: '192.0.2.9', port: 5060 }];
      const document = {
        routingGateways: [
          routing('v4'),
          routing('v6', { address: '[2001:db8::1]:5080' }),
          routing('stream', { address: 'tcp://192.0.2.1' }),
          routing('asleep', { address: 'tcp://192.0.2.1', locked: true }),
        ],
      };
      const result = versions.apply(document, { listeners });
      assert.ok(result.kind === 'staged');
      const listens = 'it listens on udp://192.0.2.9:5060; calls skip it';
      assert.deepEqual(result.warnings, [
        `routing gateway "v6" ([2001:db8::1]:5080): this node has no UDP listener on IPv6; ${listens}`,
        `routing gateway "stream" (tcp://192.0.2.1): this node has no TCP listener on IPv4; ${listens}`,
      ]);
      assert.deepEqual(versions.commit(result.version), { ok: true });
      const back = versions.rollbackTo(result.version, { listeners });
      assert.ok(back.kind === 'unchanged' && back.warnings.length === 2);
      const unknown = versions.apply(document);
      assert.ok(unknown.kind === 'unchanged' && unknown.warnings.length === 0);
    });

    function stage(document: unknown, options: ApplyOptions = {}): number {
      const result = versions.apply(document, options);
      assert.equal(result.kind, 'staged', JSON.stringify(result));
      return result.kind === 'staged' ? result.version : 0;
    }

    function put(document: unknown, options: ApplyOptions = {}): number {
      const version = stage(document, options);
      assert.deepEqual(versions.commit(version), { ok: true });
      return version;
    }

    function problems(result: ApplyResult): string[] {
      return result.kind === 'refused' ? result.problems.map((problem) => problem.text) : [];
    }

    function gatewayNames(version: number): string[] | undefined {
      return versions.document(version)?.routingGateways.map((gateway) => gateway.name);
    }

    it('keep a rate table once for all versions that have it, and drop it with the last', () => {
      const table = (price: string): object => ({
        rateTables: [{ name: 't', rates: [{ prefix: '44', ratePerMinute: price }] }],
      });
      put(table('1'));
      put({ routingGateways: [routing('a')] });
      assert.equal(store.keys('rates/').length, 1);
      const staged = stage(table('2'));
      assert.equal(store.keys('rates/').length, 2);
      versions.discard(staged);
      assert.equal(store.keys('rates/').length, 1);
      const last = put(table('3'));
      assert.equal(versions.document(last)?.rateTables[0]?.rates[0]?.ratePerMinute, '3');
      const diff = versions.compare(1, last);
      assert.ok(diff !== undefined);
      assert.deepEqual(describeDiff(diff), [
        '~ rateTables t: rates: 1 added, 1 removed',
        '+ routingGateways a',
      ]);
      for (let round = 0; round < versionsMax; round++) {
        put({ routingGateways: [routing('a', { priority: round })] });
      }
      assert.equal(store.keys('rates/').length, 1);
      assert.equal(versions.document(versions.current())?.rateTables[0]?.rates.length, 1);
    });

    it('begin with the empty version 0', () => {
      assert.equal(versions.current(), 0);
      assert.deepEqual(gatewayNames(0), []);
      assert.deepEqual(versions.slotNames(0), []);
      assert.deepEqual(versions.list(), []);
    });

    it('are in force only when committed', () => {
      const version = stage({ routingGateways: [routing('a')] });
      assert.equal(versions.current(), 0);
      assert.equal(versions.get(version)?.committed, false);
      assert.deepEqual(versions.slotNames(version), ['routing:a']);
      assert.deepEqual(versions.commit(version), { ok: true });
      assert.equal(versions.current(), version);
      assert.equal(versions.get(version)?.storedAt, '2026-01-02T00:00:00.000Z');
    });

    it('merge by name: created, replaced whole, kept', () => {
      put({
        parameters: { SS_MAXCPS: 5, SS_SIP_TIMER_T1: 200 },
        routingGateways: [routing('a', { priority: 1 }), routing('b', { lineLimit: 7 })],
      });
      const version = put({
        parameters: { SS_MAXCPS: 6 },
        routingGateways: [routing('b', { priority: 2 }), routing('c')],
      });
      const document = versions.document(version)!;
      assert.deepEqual(document.parameters, { SS_MAXCPS: 6, SS_SIP_TIMER_T1: 200 });
      assert.deepEqual(gatewayNames(version), ['a', 'b', 'c']);
      assert.deepEqual(
        [document.routingGateways[1]?.priority, document.routingGateways[1]?.lineLimit],
        [2, 0],
      );
    });

    it('with replace hold nothing but the document', () => {
      put({ parameters: { SS_MAXCPS: 5 }, routingGateways: [routing('a'), routing('b')] });
      const version = put({ routingGateways: [routing('b')] }, { replace: true });
      assert.deepEqual(gatewayNames(version), ['b']);
      assert.deepEqual(versions.document(version)?.parameters, {});
    });

    it('say what changes, field by field, and store nothing in a dry run', () => {
      put({ routingGateways: [routing('a'), routing('b')], parameters: { SS_MAXCPS: 5 } });
      const document = {
        parameters: { SS_MAXCPS: 9 },
        routingGateways: [routing('a', { prefixes: ['44', '1'], locked: true }), routing('c')],
      };
      const result = versions.apply(document, { replace: true, dryRun: true });
      assert.ok(result.kind === 'dryRun');
      assert.deepEqual(describeDiff(result.diff), [
        '~ parameters.SS_MAXCPS: 5 -> 9',
        '+ routingGateways c',
        '- routingGateways b',
        '~ routingGateways a: locked: false -> true',
        '~ routingGateways a: prefixes: 1 added, 0 removed',
      ]);
      assert.equal(versions.list().length, 1);
    });

    it('are not made where nothing changes', () => {
      const version = put({ routingGateways: [routing('a')] });
      const again = versions.apply({ routingGateways: [routing('a')] });
      assert.deepEqual(again, { kind: 'unchanged', version, warnings: [] });
      assert.equal(versions.list().length, 1);
    });

    it('are all or nothing', () => {
      put({ routingGateways: [routing('a')] });
      const result = versions.apply({
        parameters: { SS_MAXCPS: 1 },
        routingGateways: [routing('good'), routing('bad', { address: 'x' })],
      });
      assert.equal(problems(result).length, 1);
      assert.deepEqual(gatewayNames(versions.current()), ['a']);
      assert.equal(versions.list().length, 1);
    });

    it('refuse accounts that do not exist or do not fit, by place in the document or by name', () => {
      const accounts = [
        { name: 'buyer', kind: 'customer' },
        { name: 'seller', kind: 'clearing' },
      ];
      const result = versions.apply({
        accounts,
        mappingGateways: [mapping('m', { account: 'seller' })],
        routingGateways: [routing('r', { account: 'buyer' }), routing('s', { account: 'nobody' })],
      });
      assert.deepEqual(problems(result), [
        'mappingGateways[0].account: "seller" is the name of a clearing account; expected a customer or agent account',
        'routingGateways[0].account: "buyer" is the name of a customer account; expected a clearing account',
        'routingGateways[1].account: "nobody" is no account that exists; expected the name of a clearing account',
      ]);
      put({ accounts, routingGateways: [routing('r', { account: 'seller' })] });
      assert.deepEqual(
        problems(versions.apply({ accounts: [{ name: 'seller', kind: 'agent' }] })),
        [
          'routingGateways[r].account: "seller" is the name of an agent account; expected a clearing account',
        ],
      );
    });

    it('warn of a rate table that does not exist yet', () => {
      const result = versions.apply({
        accounts: [{ name: 'a', kind: 'customer', rateTable: 't' }],
      });
      assert.ok(result.kind === 'staged');
      assert.deepEqual(result.warnings, [
        'accounts[0].rateTable: "t" is no rate table that exists yet',
      ]);
    });

    it('refuse two mapping gateways with one address and one priority', () => {
      put({ mappingGateways: [mapping('a', { addresses: ['[2001:db8::1]:5060'] })] });
      const clash = mapping('b', { addresses: ['[2001:DB8:0::1]:5060'] });
      assert.deepEqual(problems(versions.apply({ mappingGateways: [clash] })), [
        'mappingGateways[0].addresses[0]: "[2001:DB8:0::1]:5060" is an address of mapping gateway "a" with the same priority; expected another priority, tech prefix or address',
      ]);
      put({ mappingGateways: [{ ...clash, priority: 1 }, mapping('c')] });
      const twice = mapping('d', { addresses: ['192.0.2.4', '192.0.2.4'] });
      assert.equal(problems(versions.apply({ mappingGateways: [twice] })).length, 1);
    });

    it('refuse more gateways than there are counter slots', () => {
      const routingGateways = Array.from({ length: gatewaysMax }, (_, index) =>
        routing(`r${index}`),
      );
      const result = versions.apply({ routingGateways, mappingGateways: [mapping('m')] });
      assert.deepEqual(problems(result), [
        'routingGateways: 16384 is the number of mapping and routing gateways and gateway groups in all; expected at most 16383',
      ]);
      stage({ routingGateways });
    });

    it('keep the opening balance of an account, and accounts that have money', () => {
      const account = { name: 'a', kind: 'customer', balance: '100' };
      put({ accounts: [account, { ...account, name: 'poor', balance: '0.00' }] });
      const again = versions.apply({ accounts: [{ ...account, balance: '5', creditLimit: '1' }] });
      assert.ok(again.kind === 'staged');
      assert.deepEqual(again.warnings, [
        'accounts[0].balance: "5" has no effect: the account exists, its opening balance stays "100"',
      ]);
      assert.equal(versions.document(again.version)?.accounts[0]?.balance, '100');
      assert.deepEqual(problems(versions.apply({}, { replace: true })), [
        'accounts[a] is missing, but has a balance of "100"; expected accounts with money to stay',
      ]);
      put({ accounts: [account] }, { replace: true });
    });

    it('go back to an old content under a new number', () => {
      const first = put({ routingGateways: [routing('a')] });
      const second = put({ routingGateways: [routing('b')] }, { replace: true });
      const dry = versions.rollbackTo(first, { dryRun: true });
      assert.equal(dry.kind, 'dryRun');
      const result = versions.rollbackTo(first);
      assert.ok(result.kind === 'staged');
      assert.deepEqual(versions.commit(result.version), { ok: true });
      assert.deepEqual(gatewayNames(versions.current()), ['a']);
      const { base, rollbackOf } = versions.get(result.version)!;
      assert.deepEqual([base, rollbackOf], [second, first]);
      assert.deepEqual(problems(versions.rollbackTo(99)), [
        'version: 99 is no version that is kept; expected one of 3, 2, 1',
      ]);
    });

    it('are compared in both directions', () => {
      const first = put({ routingGateways: [routing('a')] });
      const second = put({ routingGateways: [routing('b')] });
      assert.deepEqual(versions.compare(first, second)?.routingGateways.added, ['b']);
      assert.deepEqual(versions.compare(second, first)?.routingGateways.removed, ['b']);
      assert.deepEqual(versions.compare(0, first)?.routingGateways.added, ['a']);
      assert.equal(versions.compare(first, 99), undefined);
    });

    it('refuse to overwrite what was committed meanwhile', () => {
      const one = stage({ routingGateways: [routing('a')] });
      const other = stage({ routingGateways: [routing('b')] });
      assert.deepEqual(versions.commit(other), { ok: true });
      const late = versions.commit(one);
      assert.equal(late.ok, false);
      assert.deepEqual(gatewayNames(versions.current()), ['b']);
      versions.discard(one);
      assert.equal(versions.get(one), undefined);
      assert.equal(versions.document(one), undefined);
      assert.equal(versions.commit(one).ok, false);
    });

    it('are never discarded once in force, and numbers are never used twice', () => {
      const first = put({ routingGateways: [routing('a')] });
      versions.discard(first);
      assert.deepEqual(gatewayNames(versions.current()), ['a']);
      const second = stage({ routingGateways: [routing('b')] });
      versions.discard(second);
      assert.equal(stage({ routingGateways: [routing('b')] }), second + 1);
    });

    it('are kept up to versionsMax, and up to stagedVersionsMax uncommitted', () => {
      for (let round = 1; round <= versionsMax + 3; round++) {
        put({ parameters: { SS_MAXCPS: round } });
      }
      assert.equal(versions.list().length, versionsMax);
      assert.equal(versions.list()[0]?.version, versionsMax + 3);
      assert.equal(versions.document(3), undefined);
      for (let round = 1; round <= stagedVersionsMax + 2; round++) {
        stage({ parameters: { SS_MAXCPS: 1000 + round } });
      }
      assert.equal(versions.list().length, versionsMax + stagedVersionsMax);
      assert.deepEqual(versions.document(versions.current())?.parameters, {
        SS_MAXCPS: versionsMax + 3,
      });
    });

    it('are there after a restart', async () => {
      const version = put({ routingGateways: [routing('é#', { prefixes: ['é'] })] });
      await store.close();
      store = await openConfigurationStore(dataDir, { kind });
      versions = new ConfigurationVersions(store);
      assert.equal(versions.current(), version);
      assert.deepEqual(gatewayNames(version), ['é#']);
    });
  });
}
