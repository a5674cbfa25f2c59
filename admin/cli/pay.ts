// tandem pay | audit: money of accounts, with a running node or on the ledger of the data directory.
import { type Command, InvalidArgumentError } from 'commander';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openDataDirectory } from '../../workers/data-directory.ts';
import { StartRefused } from '../../workers/start-refused.ts';
import {
  type AccountService,
  createAccountService,
  type WantedPayment,
} from '../account-service.ts';
import { createExtensionNotes, type WithStore } from '../extension-notes.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, jsonBody, type NodeOptions, withNodeOptions } from './node-client.ts';
import { changeLocked, readOffline } from './offline-configuration.ts';
import { withOfflineLedger } from './offline-ledger.ts';
import { printJson } from './output.ts';

interface PayOptions extends NodeOptions {
  reason: string;
  by: string;
}

const kinds = ['recharge', 'deduction', 'zeroing'] as const;
type Kind = (typeof kinds)[number];

export function addPayCommand(tandem: Command): void {
  withNodeOptions(tandem.command('pay'))
    .description('book a payment of an account, and print it as JSON')
    .argument('<account>', 'name of the account')
    .argument('<kind>', 'recharge, deduction, or zeroing (which takes no amount)', kindArgument)
    .argument('[amount]', 'decimal number above 0')
    .option('--reason <text>', 'why', '')
    .option('--by <name>', 'who', 'administrator')
    .addHelpText(
      'after',
      `
Examples:
  tandem pay acme recharge 100 --reason "transfer 4711" --by jane
  tandem pay acme zeroing --reason "contract ended"`,
    )
    .action(
      async (account: string, kind: Kind, amount: string | undefined, options: PayOptions) => {
        const { reason, by } = options;
        const wanted: WantedPayment = { kind, amount, reason, by };
        const node = await findNode(options);
        if (node === undefined) {
          await printJson(
            await withOfflineAccounts(options.data, (accounts) => accounts.pay(account, wanted)),
          );
          return;
        }
        const path = `/api/v1/accounts/${encodeURIComponent(account)}/payments`;
        await printJson(await (await ask(node, path, jsonBody(wanted))).json());
      },
    );
}

export function addAuditCommand(tandem: Command): void {
  withNodeOptions(tandem.command('audit'))
    .description('recompute every balance from payments and CDRs; ends with 1 where one differs')
    .addHelpText(
      'after',
      `
Examples:
  tandem audit && echo "the books are right"`,
    )
    .action(async (options: NodeOptions) => {
      const node = await findNode(options);
      const report =
        node === undefined
          ? await withOfflineAccounts(options.data, (accounts) => accounts.audit())
          : ((await (await ask(node, '/api/v1/ledger/audit')).json()) as {
              difference?: string | null;
            });
      await printJson({ ...report, difference: report.difference ?? null });
      if (typeof report.difference === 'string') throw new CommandFailed(1, report.difference);
    });
}

/** Holds the lock of the directory: no node starts in the middle of it. */
async function withOfflineAccounts<Result>(
  dataDir: string,
  use: (accounts: AccountService) => Promise<Result>,
): Promise<Result> {
  const { accounts, parameters } = await readOffline(dataDir, (configuration) =>
    configuration.inForce(),
  );
  const directory = await openDataDirectory(dataDir).catch((error: unknown) => {
    throw error instanceof StartRefused ? new CommandFailed(1, error.message) : error;
  });
  try {
    return await withOfflineLedger(dataDir, (ledger) =>
      use(
        createAccountService({
          ledger,
          configuration: () => ({ accounts, parameters }),
          extendExpiry: (account, expiresAt) =>
            changeLocked(dataDir, {}, (configuration) =>
              configuration.extendExpiry(account, expiresAt),
            ),
          // The next node on the directory settles what this leaves.
          notes: createExtensionNotes(withStoreOf(dataDir)),
        }),
      ),
    );
  } finally {
    await directory.close();
  }
}

function withStoreOf(dataDir: string): WithStore {
  return async (use) => {
    const store = await openConfigurationStore(dataDir);
    try {
      return use(store);
    } finally {
      await store.close();
    }
  };
}

function kindArgument(text: string): Kind {
  const kind = kinds.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new InvalidArgumentError(`expected ${kinds.join(', ')}`);
}
