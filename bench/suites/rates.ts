// A rate deck of 1,000,000 rates imported into a running node while calls run: time from the command's start
// to the version in force, the longest stall of a call worker and of the main thread, memory; the same as a
// workbook, without calls; and the lookup in what was compiled.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rateRowOf } from '../../core/billing/rate-table.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { emptyDocument } from '../../workers/configuration/merge-document.ts';
import { round } from '../load.ts';
import { runTandemCommand, type Tandem } from '../peers/tandem.ts';
import { processTree } from '../process-usage.ts';
import { deckRandom, largeDeck, writeDeckFile } from '../rate-deck.ts';
import type { RatesResult } from '../results.ts';
import { startLoad, tandemOf, watchStalls } from './node-figures.ts';
import { onStage, type SuiteContext } from './suite.ts';

const rateDefault = 500;
const lookups = 2_000_000;
const numberCount = 65_536;

export async function measureRates(context: SuiteContext): Promise<RatesResult> {
  const rates = context.quick ? 100_000 : 1_000_000;
  const random = deckRandom();
  const deck = largeDeck(rates, random);
  const imported = await onStage(context, 'tandem', 'rates', async (stage) => {
    const tandem = tandemOf(stage);
    const rate = context.options['swap-cps'] ?? rateDefault;
    const files = [0, 7].map((dearer) => {
      const file = join(stage.folder, `deck-files-${dearer}.csv`);
      writeDeckFile(file, deck, dearer);
      return file;
    });
    const seconds = context.quick ? 20 : 40;
    // The gauge forgets the stall of the first configuration after a minute.
    if (!context.quick) await delay(61_000);
    const load = await startLoad(stage, rate, seconds);
    const stalls = watchStalls(tandem, seconds);
    const importSeconds: number[] = [];
    for (const file of files) {
      await delay(3000);
      importSeconds.push(await timeCommand(tandem, 'rates', 'import', file, '--table', 'deck'));
    }
    const longest = await stalls;
    const { failed, retransmissions } = await load();
    const [engineHighBytes, adminHighBytes] = highWater(tandem);
    const workbook = join(stage.folder, 'deck-files.xlsx');
    const exported = await timeCommand(
      tandem,
      'rates',
      'export',
      '--table',
      'deck',
      '--output',
      workbook,
    );
    const read = await timeCommand(tandem, 'rates', 'import', workbook, '--table', 'other');
    context.say(
      `import of ${rates} rates: ${importSeconds.join(', ')} s, stalls ${JSON.stringify(longest)}`,
    );
    return {
      rates,
      rate,
      fileBytes: statSync(files[0]!).size,
      importSeconds,
      ...longest,
      failed,
      retransmissions,
      engineHighBytes: engineHighBytes ?? 0,
      adminHighBytes: adminHighBytes ?? 0,
      workbookExportSeconds: exported,
      workbookImportSeconds: read,
    };
  });
  return { ...imported, ...measureLookup(deck, random) };
}

async function timeCommand(tandem: Tandem, ...args: string[]): Promise<number> {
  const before = performance.now();
  await runTandemCommand(tandem.dataDir, ...args);
  return round((performance.now() - before) / 1000, 1);
}

/** Most memory that each process had so far: the engine first, then what it started. */
function highWater(tandem: Tandem): number[] {
  return processTree(tandem.child.pid).map((pid) => {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  });
}

function measureLookup(
  deck: ReturnType<typeof largeDeck>,
  random: ReturnType<typeof deckRandom>,
): Pick<RatesResult, 'bytesPerRate' | 'lookupNs' | 'compileMs'> {
  const document = { ...emptyDocument(), rateTables: [{ name: 'deck', rates: deck }] };
  const started = performance.now();
  const compiled = compileSnapshot(document, 1, new Map());
  const arena = new SharedArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  const compileMs = Math.round(performance.now() - started);
  const { rates } = openSnapshot(arena).billing;
  const numbers = Array.from({ length: numberCount }, () => random.digits(8 + random.below(6)));
  const now = 1_780_000_000;
  let found = 0;
  let lookupNs = 0;
  // The first round warms up.
  for (let repeat = 0; repeat < 2; repeat++) {
    const before = performance.now();
    for (let at = 0; at < lookups; at++) {
      if (rateRowOf(rates, 0, numbers[at & (numberCount - 1)]!, now) >= 0) found++;
    }
    lookupNs = Math.round(((performance.now() - before) * 1e6) / lookups);
  }
  if (found === 0) throw new Error('no number had a rate');
  return { bytesPerRate: round(compiled.bytesNeeded / deck.length, 1), lookupNs, compileMs };
}
