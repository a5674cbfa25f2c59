// A recharge moves the expiry of its account in the configuration, undoes nothing that comes in between, and is
// made good where it could not at first.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type AccountService, createAccountService } from '../../admin/account-service.ts';
import {
  type ConfigurationService,
  createConfigurationService,
} from '../../admin/configuration-service.ts';
import { createExtensionNotes, type ExtensionNotes } from '../../admin/extension-notes.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway, type LedgerStore, PaymentRefused } from '../../workers/ledger/ledger-store.ts';

const options = { replace: false, dryRun: false };
const acme = { name: 'acme', kind: 'customer', expiresAt: '2030-01-01T00:00:00Z' };
const recharge = { kind: 'recharge', amount: '1', reason: '', by: 'jo' } as const;

let dataDir: string;
let store: ConfigurationStore;
let ledger: LedgerStore;
let configuration: ConfigurationService;
let notes: ExtensionNotes;
let nowMs = Date.UTC(2026, 0, 1);

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tandem-accounts-'));
  store = await openConfigurationStore(dataDir);
  ledger = await openEmbeddedLedger(dataDir);
  configuration = createConfigurationService(new ConfigurationVersions(store));
  notes = newNotes();
  await configuration.apply({ accounts: [acme] }, options);
});
after(async () => {
  await ledger.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

/** Of a process that has just begun. */
function newNotes(): ExtensionNotes {
  return createExtensionNotes(
    async (use) => use(store),
    () => nowMs,
  );
}

const settle = (by: ExtensionNotes): Promise<string[]> =>
  by.settle({ ledger, extend: configuration.extendExpiry });
const noteKeys = (): string[] => store.keys('extension/');

/** `meanwhile` is applied when the account has been read, and before its payment is stored. */
function serviceWith(meanwhile: object): AccountService {
  return createAccountService({
    ledger: {
      ...ledger,
      pay: async (order) => {
        await configuration.apply({ accounts: [meanwhile] }, options);
        return ledger.pay(order);
      },
    },
    configuration: () => configuration.inForce(),
    extendExpiry: configuration.extendExpiry,
    notes,
  });
}

const accountInForce = (): object => configuration.inForce().accounts[0]!;

it('keeps what is applied while the payment is stored', async () => {
  const paid = await serviceWith({ ...acme, locked: true, lineLimit: 7 }).pay('acme', recharge);
  assert.deepEqual(paid.warnings, []);
  const { expiresAt, locked, lineLimit } = accountInForce() as Record<string, unknown>;
  assert.deepEqual([expiresAt, locked, lineLimit], ['2031-01-01T00:00:00.000Z', true, 7]);
});

it('sets no expiry where it was taken away meanwhile, and brings none forward', async () => {
  const { expiresAt: _expiresAt, ...forever } = acme;
  await serviceWith(forever).pay('acme', recharge);
  assert.equal('expiresAt' in accountInForce(), false);
  await configuration.apply({ accounts: [acme] }, options);
  const later = '2099-01-01T00:00:00Z';
  await serviceWith({ ...acme, expiresAt: later }).pay('acme', recharge);
  assert.equal((accountInForce() as { expiresAt: string }).expiresAt, later);
});

describe('a recharge whose extension does not come into force', () => {
  const billed = { ...acme, name: 'billed' };
  const expiryInForce = (): string | undefined =>
    configuration.inForce().accounts.find(({ name }) => name === 'billed')?.expiresAt;

  function billedService(changes: {
    notes: ExtensionNotes;
    pay?: LedgerStore['pay'];
    extendExpiry?: () => Promise<unknown>;
  }): AccountService {
    const { pay = ledger.pay, extendExpiry = configuration.extendExpiry } = changes;
    return createAccountService({
      ledger: { ...ledger, pay },
      configuration: () => configuration.inForce(),
      extendExpiry,
      notes: changes.notes,
    });
  }

  beforeEach(async () => {
    await configuration.apply({ accounts: [{ ...billed, locked: true }] }, options);
    // What earlier recharges have extended is the ledger's; here each test begins there.
    const expiresAt = (await ledger.account('billed'))?.expiresAt;
    if (typeof expiresAt === 'number') {
      await configuration.extendExpiry('billed', new Date(expiresAt).toISOString());
    }
    assert.deepEqual(noteKeys(), []);
  });

  it('is told, and settled when it can be', async () => {
    const before = expiryInForce()!;
    const refuse = async (): Promise<never> => {
      throw new Error('another change is under way');
    };
    const failing = billedService({ notes, extendExpiry: refuse });
    const paid = await failing.pay('billed', recharge);
    const after = paid.expiresAt!;
    assert.ok(Date.parse(after) > Date.parse(before));
    assert.deepEqual(paid.warnings, [
      `expiresAt stays ${before}: another change is under way; a running node makes it ${after} within a minute of being able to`,
    ]);
    await assert.rejects(notes.settle({ ledger, extend: refuse }), /under way/);
    assert.equal(noteKeys().length, 1);
    assert.deepEqual(await settle(notes), ['billed']);
    assert.equal(expiryInForce(), after);
    assert.deepEqual([noteKeys(), await settle(notes)], [[], []]);
  });

  it('is settled by the next process where this one died behind the payment', async () => {
    let paid = '';
    const dying = billedService({
      notes,
      pay: async (order) => {
        const payment = await ledger.pay(order);
        paid = new Date(payment.expiresAt!).toISOString();
        return await new Promise<never>(() => {});
      },
    });
    void dying.pay('billed', recharge);
    while (paid === '') await setImmediate();
    // It is under way: the process that lives leaves it alone.
    assert.deepEqual(await settle(notes), []);
    assert.notEqual(expiryInForce(), paid);
    assert.deepEqual(await settle(newNotes()), ['billed']);
    assert.equal(expiryInForce(), paid);
  });

  it('is looked for while a lost commit may yet take place, and then no more', async () => {
    const before = expiryInForce();
    const away = billedService({
      notes,
      pay: async () => {
        throw new LedgerAway('no answer');
      },
    });
    await assert.rejects(away.pay('billed', recharge), LedgerAway);
    assert.deepEqual(await settle(notes), []);
    assert.equal(noteKeys().length, 1);
    nowMs += 600_000;
    assert.deepEqual([await settle(notes), noteKeys()], [[], []]);
    assert.equal(expiryInForce(), before);
  });

  it('leaves no note where the payment is refused, or extends nothing', async () => {
    const service = billedService({ notes });
    const most = { ...recharge, amount: '45000000000' };
    await assert.rejects(service.pay('billed', most), PaymentRefused);
    await service.pay('billed', { ...recharge, kind: 'deduction' });
    await service.pay('billed', recharge);
    assert.deepEqual(noteKeys(), []);
  });
});

describe('a recharge behind an expiry that the configuration has shortened', () => {
  const dayMs = 86_400_000;
  const stated = '2030-01-01T00:00:00Z';
  const inForce = (name: string): string | undefined =>
    configuration.inForce().accounts.find((account) => account.name === name)?.expiresAt;

  /** Recharged up to 2035 at `paidAt`, then set to 2030 by a document. */
  async function shorten(name: string, paidAt: number): Promise<void> {
    await configuration.apply({ accounts: [{ ...acme, name, expiresAt: stated }] }, options);
    await ledger.openAccounts([{ name, units: 0n, expiresAt: Date.parse(stated) }], 0);
    await ledger.pay({
      account: name,
      kind: 'recharge',
      units: 1n,
      at: paidAt,
      by: 'jo',
      reason: '',
      extendDays: 1826,
      expiresAt: Date.parse(stated),
    });
  }

  const service = (): AccountService =>
    createAccountService({
      ledger,
      configuration: () => configuration.inForce(),
      extendExpiry: configuration.extendExpiry,
      notes,
    });

  it('counts from what was stated', async () => {
    await shorten('shortened', Date.now() - dayMs);
    const { expiresAt, warnings } = await service().pay('shortened', recharge);
    assert.deepEqual([expiresAt, warnings], ['2031-01-01T00:00:00.000Z', []]);
    assert.equal(inForce('shortened'), '2031-01-01T00:00:00.000Z');
    // From there on as ever, as it may not be in force everywhere.
    const again = await service().pay('shortened', recharge);
    assert.equal(again.expiresAt, '2032-01-01T00:00:00.000Z');
  });

  it('counts from the ledger while the last one may not be in force yet', async () => {
    await shorten('recent', Date.now() - 60_000);
    assert.equal((await service().pay('recent', recharge)).expiresAt, '2036-01-01T00:00:00.000Z');
    await shorten('noted', Date.now() - dayMs);
    const other = await notes.open('noted', 0);
    assert.equal((await service().pay('noted', recharge)).expiresAt, '2036-01-01T00:00:00.000Z');
    await other.done();
  });

  it('is settled though the ledger then knows an earlier expiry than before', async () => {
    await shorten('late', Date.now() - dayMs);
    const failing = createAccountService({
      ledger,
      configuration: () => configuration.inForce(),
      extendExpiry: () => Promise.reject(new Error('another change is under way')),
      notes,
    });
    assert.equal((await failing.pay('late', recharge)).warnings.length, 1);
    assert.equal(inForce('late'), stated);
    assert.deepEqual(await settle(notes), ['late']);
    assert.equal(inForce('late'), '2031-01-01T00:00:00.000Z');
  });
});

it('shows the expiry that calls go by, whatever opened the books', async () => {
  await configuration.apply({ accounts: [{ ...acme, name: 'called' }] }, options);
  // As the engine opens them.
  await ledger.openAccounts([{ name: 'called', units: 0n, expiresAt: null }], 0);
  const shown = await serviceWith(acme).read('called');
  assert.equal(shown.expiresAt, acme.expiresAt);
});
