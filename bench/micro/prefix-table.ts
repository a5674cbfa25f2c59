// The whole way of a large routing table: 1,000,000 prefixes over 200 gateways validated, stored, compiled,
// opened, and numbers looked up in it. Prints one JSON line with the figures.
//   node dist/bench/micro/prefix-table.js [prefixes] [gateways]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, do_not_optimize, run } from 'mitata';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { longestPrefix } from '../../core/number/prefix-table.ts';
import { candidatesOf } from '../../test/doubles/route-question.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { createSlotRegistry } from '../../workers/configuration/slot-registry.ts';
import { compileConfiguration } from '../../workers/tasks/compile-configuration.ts';

const prefixCount = Number(process.argv[2] ?? 1_000_000);
const gatewayCount = Number(process.argv[3] ?? 200);
const numberCount = 65_536;

let randomState = 0x2545f491;

/** xorshift32: the same table in every run. */
function random(below: number): number {
  randomState ^= randomState << 13;
  randomState ^= randomState >>> 17;
  randomState ^= randomState << 5;
  return (randomState >>> 0) % below;
}

function digits(length: number): string {
  let text = String(1 + random(9));
  while (text.length < length) text += String(random(10));
  return text;
}

function largeDocument(): string {
  const known = new Set<string>();
  // Rate decks are of 3 to 9 digits, most of them long.
  while (known.size < prefixCount) known.add(digits(3 + Math.max(random(7), random(7), random(7))));
  const all = [...known];
  const share = Math.ceil(prefixCount / gatewayCount);
  const routingGateways = Array.from({ length: gatewayCount }, (_, index) => ({
    name: `carrier-${index}`,
    address: `192.0.2.${index % 250}:${5060 + index}`,
    prefixes: all.slice(index * share, (index + 1) * share),
    priority: index % 4,
  }));
  return JSON.stringify({ routingGateways });
}

async function measure(dataDir: string): Promise<Snapshot> {
  const text = largeDocument();
  const figures: Record<string, number> = { prefixCount, gatewayCount, jsonBytes: text.length };
  const timed = <Result>(name: string, work: () => Result): Result => {
    const started = performance.now();
    const result = work();
    figures[name] = Math.round((performance.now() - started) * 100) / 100;
    return result;
  };
  const store = await openConfigurationStore(dataDir);
  const versions = new ConfigurationVersions(store);
  const document = timed('parseJsonMs', () => JSON.parse(text) as unknown);
  timed('validateMs', () => versions.apply(document, { dryRun: true }));
  const staged = timed('validateAndStageMs', () => versions.apply(document));
  if (staged.kind !== 'staged') throw new Error(`the document was not staged: ${staged.kind}`);
  timed('commitMs', () => versions.commit(staged.version));
  const slots = createSlotRegistry(() => true).assign(versions.slotNames(staged.version) ?? [])!;
  const { version } = staged;
  const request = { dataDir, version, slots, arena: null, behindCalls: false };
  const answer = await compileConfiguration(request);
  figures.compileReadMs = Math.round(answer.readMs);
  figures.compileMs = Math.round(answer.compileMs);
  figures.compileWriteMs = Math.round(answer.writeMs);
  figures.bytesPerPrefix = Math.round((answer.bytesUsed / prefixCount) * 10) / 10;
  const snapshot = timed('openMs', () => openSnapshot(answer.arena));
  timed('firstLookupMs', () => candidatesOf(snapshot, '442071838750'));
  figures.rssMegabytes = Math.round(process.memoryUsage().rss / 1e6);
  console.log(JSON.stringify(figures));
  await store.close();
  return snapshot;
}

const dataDir = mkdtempSync(join(tmpdir(), 'tandem-prefix-bench-'));
try {
  const snapshot = await measure(dataDir);
  const numbers = Array.from({ length: numberCount }, () => digits(8 + random(6)));
  let at = 0;
  const nextNumber = (): string => numbers[at++ & (numberCount - 1)]!;
  bench('no lookup', () => do_not_optimize(nextNumber()));
  bench('longest prefix', () => do_not_optimize(longestPrefix(snapshot.prefixes, nextNumber())));
  bench('candidates', () => do_not_optimize(candidatesOf(snapshot, nextNumber())));
  await run();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
