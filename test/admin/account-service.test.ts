// A recharge moves the expiry of its account in the configuration, and undoes nothing that comes in between.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { type AccountService, createAccountService } from '../../admin/account-service.ts';
import {
  type ConfigurationService,
  createConfigurationService,
} from '../../admin/configuration-service.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';

const options = { replace: false, dryRun: false };
const acme = { name: 'acme', kind: 'customer', expiresAt: '2030-01-01T00:00:00Z' };
const recharge = { kind: 'recharge', amount: '1', reason: '', by: 'jo' } as const;

let dataDir: string;
let store: ConfigurationStore;
let ledger: LedgerStore;
let configuration: ConfigurationService;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tandem-accounts-'));
  store = await openConfigurationStore(dataDir);
  ledger = await openEmbeddedLedger(dataDir);
  configuration = createConfigurationService(new ConfigurationVersions(store));
  await configuration.apply({ accounts: [acme] }, options);
});
after(async () => {
  await ledger.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

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
