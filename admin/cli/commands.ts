// Which file has which command. One that is asked for is loaded alone: it begins sooner, and a node, which runs
// in the process of its `start`, carries no modules of the others.
import type { Command } from 'commander';

type Add = (tandem: Command) => void;

/** In the order of the help. */
const files: readonly { readonly names: readonly string[]; load(): Promise<readonly Add[]> }[] = [
  { names: ['start'], load: async () => [(await import('./start.ts')).addStartCommand] },
  { names: ['apply'], load: async () => [(await import('./apply.ts')).addApplyCommand] },
  { names: ['export'], load: async () => [(await import('./export.ts')).addExportCommand] },
  { names: ['status'], load: async () => [(await import('./status.ts')).addStatusCommand] },
  { names: ['cdr'], load: async () => [(await import('./cdr.ts')).addCdrCommand] },
  { names: ['route'], load: async () => [(await import('./route.ts')).addRouteCommand] },
  {
    names: ['listed', 'unlist'],
    load: async () => [(await import('./listed.ts')).addListedCommands],
  },
  { names: ['rate'], load: async () => [(await import('./rate.ts')).addRateCommand] },
  { names: ['rates'], load: async () => [(await import('./rates.ts')).addRatesCommand] },
  {
    names: ['pay', 'audit'],
    load: async () => {
      const { addPayCommand, addAuditCommand } = await import('./pay.ts');
      return [addPayCommand, addAuditCommand];
    },
  },
  {
    names: ['backup', 'restore'],
    load: async () => [(await import('./backup.ts')).addBackupCommands],
  },
  { names: ['config'], load: async () => [(await import('./config.ts')).addConfigCommand] },
];

/** All of them where `asked` is none: for the help, and for what is misspelt. */
export async function addCommands(tandem: Command, asked: string | undefined): Promise<void> {
  if (asked === '--version') return;
  const found = files.filter(({ names }) => names.includes(asked ?? ''));
  for (const file of found.length > 0 ? found : files) {
    for (const add of await file.load()) add(tandem);
  }
}
