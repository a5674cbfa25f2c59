// tandem cdr --rejected: records of the CDR log that no table takes, with a running node or from the ledger
// of the data directory.
import { existsSync } from 'node:fs';
import { logIdText, parseLogId } from '../../core/cdr/cdr-json.ts';
import { type RejectedJson, rejectedToJson } from '../cdr-text.ts';
import { ask, findNode, type NodeOptions } from './node-client.ts';
import { print } from './output.ts';

/** The page behind the record of this identity. */
type ReadPage = (after: string | undefined) => Promise<readonly RejectedJson[]>;

/** One JSON object a line. @throws CommandFailed */
export async function printRejected(options: NodeOptions, limit: number): Promise<void> {
  const node = await findNode(options);
  if (node !== undefined) {
    await printPages(limit, async (after) => {
      const query = after === undefined ? '' : `?${new URLSearchParams({ after })}`;
      const response = await ask(node, `/api/v1/cdrs/rejected${query}`);
      return ((await response.json()) as { rejected: RejectedJson[] }).rejected;
    });
    return;
  }
  // Nothing is made where nothing was.
  if (!existsSync(options.data)) return;
  const { withOfflineLedger } = await import('./offline-ledger.ts');
  await withOfflineLedger(options.data, (ledger) =>
    printPages(limit, async (after) => {
      const place = after === undefined ? {} : { after: parseLogId(after) };
      return (await ledger.rejectedRows(place)).map(rejectedToJson);
    }),
  );
}

async function printPages(limit: number, readPage: ReadPage): Promise<void> {
  let after: string | undefined;
  for (let left = limit; left > 0; ) {
    const page = (await readPage(after)).slice(0, left);
    const last = page.at(-1);
    if (last === undefined) return;
    await print(page.map((record) => `${JSON.stringify(record)}\n`).join(''));
    left -= page.length;
    after = logIdText(last.logId);
  }
}
