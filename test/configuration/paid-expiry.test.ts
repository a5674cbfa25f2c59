// An account whose expiry recharges have moved on: an old document undoes nothing that was paid for, a new one says
// what it wants.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AccountDocument } from '../../core/configuration/model.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import {
  type ApplyResult,
  ConfigurationVersions,
} from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { extendedAccount } from '../../workers/configuration/paid-expiry.ts';

describe('versions with an account that recharges have extended', () => {
  const stated = '2030-01-01T00:00:00Z';
  const paid = '2031-01-01T00:00:00.000Z';
  const account = { name: 'a', kind: 'customer', expiresAt: stated };
  const kept =
    'account "a": expiresAt "2030-01-01T00:00:00Z" has no effect: recharges have extended it to ' +
    '"2031-01-01T00:00:00.000Z"; to shorten it, state another time, without extendedFrom';
  let dataDir: string;
  let store: ConfigurationStore;
  let versions: ConfigurationVersions;
  let first: number;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tandem-expiry-'));
    store = await openConfigurationStore(dataDir);
    versions = new ConfigurationVersions(store);
    first = put({ accounts: [account] });
    extend(paid);
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  function put(document: object): number {
    const result = versions.apply(document);
    assert.ok(result.kind === 'staged', JSON.stringify(result));
    assert.deepEqual(versions.commit(result.version), { ok: true });
    return result.version;
  }

  function inForce(): AccountDocument {
    return versions.document(versions.current())!.accounts[0]!;
  }

  function extend(expiresAt: string): void {
    put({ accounts: [extendedAccount(inForce(), expiresAt)] });
  }

  function expiries(result: ApplyResult): (string | undefined)[] {
    assert.ok(result.kind === 'staged', JSON.stringify(result));
    assert.deepEqual(versions.commit(result.version), { ok: true });
    return [inForce().expiresAt, inForce().extendedFrom];
  }

  it('undo nothing when the document from before is applied again, and say so', () => {
    for (const replace of [false, true]) {
      const again = versions.apply({ accounts: [account] }, { replace });
      assert.ok(again.kind === 'unchanged', JSON.stringify(again));
      assert.deepEqual(again.warnings, [kept]);
    }
    // The same instant in another zone, among other changes.
    const elsewhere = { ...account, expiresAt: '2030-01-01T01:00:00+01:00', lineLimit: 7 };
    const changed = versions.apply({ accounts: [elsewhere] });
    assert.deepEqual(expiries(changed), [paid, stated]);
    assert.equal(inForce().lineLimit, 7);
  });

  it('undo no recharge since their export, and change nothing with the latest one', () => {
    const old = inForce();
    const latest = '2032-01-01T00:00:00.000Z';
    extend(latest);
    assert.deepEqual([inForce().expiresAt, inForce().extendedFrom], [latest, stated]);
    const again = versions.apply({ accounts: [old] });
    assert.ok(again.kind === 'unchanged' && again.warnings.length === 1);
    const exported = versions.apply(versions.document(versions.current()));
    assert.ok(exported.kind === 'unchanged' && exported.warnings.length === 0);
  });

  it('shorten and lengthen by another time, and forget the recharges then', () => {
    const shorter = versions.apply({
      accounts: [{ ...account, expiresAt: '2030-06-01T00:00:00Z' }],
    });
    assert.deepEqual(shorter.kind === 'staged' && shorter.warnings, [
      'account "a": expiresAt "2030-06-01T00:00:00Z" is before "2031-01-01T00:00:00.000Z", to which recharges have extended it',
    ]);
    assert.deepEqual(expiries(shorter), ['2030-06-01T00:00:00Z', undefined]);
    const back = versions.apply({ accounts: [account] });
    assert.deepEqual(expiries(back), [stated, undefined]);
    extend(paid);
    const longer = versions.apply({
      accounts: [{ ...account, expiresAt: '2040-01-01T00:00:00Z' }],
    });
    assert.deepEqual(longer.kind === 'staged' && longer.warnings, []);
    assert.deepEqual(expiries(longer), ['2040-01-01T00:00:00Z', undefined]);
    extend('2041-01-01T00:00:00.000Z');
    const { expiresAt: _expiresAt, ...forever } = account;
    assert.deepEqual(expiries(versions.apply({ accounts: [forever] })), [undefined, undefined]);
  });

  it('keep what was paid for when they are gone back to', () => {
    put({ accounts: [{ ...account, lineLimit: 7 }] });
    const back = versions.rollbackTo(first);
    assert.deepEqual(back.kind === 'staged' && back.warnings, [kept]);
    assert.deepEqual(expiries(back), [paid, stated]);
    assert.equal(inForce().lineLimit, 0);
  });
});
