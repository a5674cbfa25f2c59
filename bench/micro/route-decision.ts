// A whole routing decision of a large plan: 1,000,000 prefixes over 200 gateways with rates of their own, ASR, ACD
// and least cost on, in shared memory as call workers have it; once with the price as first key, once with the ASR, so
// that the windows of all candidates are read. Prints one JSON line: microseconds a decision, nanoseconds for the longest
// prefix alone, and bytes a prefix of the prefix tables.
//   node dist/bench/micro/route-decision.js [prefixes] [gateways]
import { linesUsed } from '../../core/admission/line-limits.ts';
import { billingRules } from '../../core/billing/billing-rules.ts';
import { vendorMinutePrice } from '../../core/call/route-prices.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { mappingGatewayAt, openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { PrefixTable, Snapshot } from '../../core/configuration/snapshot.ts';
import { longestPrefix } from '../../core/number/prefix-table.ts';
import { candidateGateways, type RouteQuestion } from '../../core/routing/candidate-gateways.ts';
import { gatewayEffects, StateWord, stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';
import {
  allocateSharedMemory,
  gatewayWords,
  lineLedger,
} from '../../workers/memory/shared-memory.ts';

const prefixCount = Number(process.argv[2] ?? 1_000_000);
const gatewayCount = Number(process.argv[3] ?? 200);
const gatewaysPerPrefix = 3;
const ratesPerGateway = 2_000;
const numberCount = 65_536;
const decisions = 200_000;
const warmUp = 50_000;
const lookups = 1_000_000;
/** Rows of the mapping gateways. */
const mappings = [0, 1];

let randomState = 0x2545f491;

/** xorshift32: the same plan in every run. */
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

function randomPrefixes(): string[] {
  const known = new Set<string>();
  // Rate decks are of 3 to 9 digits, most of them long.
  while (known.size < prefixCount) known.add(digits(3 + Math.max(random(7), random(7), random(7))));
  return [...known];
}

function plan(): ConfigurationDocument {
  const names = Array.from({ length: gatewayCount }, (_, index) => `carrier-${index}`);
  const rates = (name: string): object[] => {
    const prefixes = new Set(['']);
    while (prefixes.size < ratesPerGateway) prefixes.add(digits(2 + random(4)));
    return [...prefixes].map((prefix) => ({
      prefix,
      ratePerMinute: `0.${String(1000 + ((name.length * 7 + random(8999)) % 8999))}`,
    }));
  };
  const parsed = parseDocument({
    parameters: {
      SS_GATEWAY_ASR_CALCULATE: 'On',
      SS_GATEWAY_ACD_CALCULATE: 'On',
      SS_GATEWAY_FEE_RATE_CALCULATE: 'On',
    },
    rateTables: names.map((name) => ({ name, rates: rates(name) })),
    accounts: names.map((name) => ({ name, kind: 'clearing', rateTable: name })),
    mappingGateways: [
      {
        name: 'in',
        addresses: ['192.0.2.1'],
        firstRoutePolicy: 'rate',
        secondRoutePolicy: 'asr',
        maxRatePerMinute: '0.95',
      },
      {
        name: 'in-by-asr',
        addresses: ['192.0.2.2'],
        firstRoutePolicy: 'asr',
        secondRoutePolicy: 'acd',
        maxRatePerMinute: '0.95',
      },
    ],
    routingGateways: names.map((name, index) => ({
      name,
      account: name,
      address: `192.0.2.${index % 250}:${5060 + index}`,
      prefixes: [''],
      priority: index % 4,
      lineLimit: 1000,
    })),
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ text }) => text).join('\n'));
  const { document } = parsed;
  for (const gateway of document.routingGateways) gateway.prefixes = [];
  for (const prefix of randomPrefixes()) {
    const first = random(gatewayCount);
    const count = 1 + random(gatewaysPerPrefix * 2 - 1);
    for (let index = 0; index < count; index++) {
      document.routingGateways[(first + index * 7) % gatewayCount]!.prefixes.push(prefix);
    }
  }
  return document;
}

function prefixBytes({ slots, entries, lists, keys, lengthMasks }: PrefixTable): number {
  return [slots, entries, lists, keys, lengthMasks].reduce((sum, each) => sum + each.byteLength, 0);
}

function questionsOn(snapshot: Snapshot): (mapping: number, callee: string) => RouteQuestion {
  const memory = allocateSharedMemory({ workers: 1 });
  const words = gatewayWords(memory);
  const ledger = lineLedger(memory);
  for (let slot = 1; slot <= gatewayCount + mappings.length; slot++) {
    words[slot * stateWordsPerSlot + StateWord.asr] = 1 + random(10_000);
    words[slot * stateWordsPerSlot + StateWord.acd] = 1 + random(3000);
    words[slot * stateWordsPerSlot + StateWord.callsToday] = random(100_000);
  }
  const state = {
    ...gatewayEffects(words, () => 0),
    linesUsed: (slot: number) => linesUsed(ledger, slot),
  };
  const rules = billingRules(snapshot.parameters);
  const minutePrice: RouteQuestion['minutePrice'] = (gateway, question) =>
    vendorMinutePrice(rules, gateway, question);
  const at = Date.UTC(2026, 0, 1);
  return (mapping, callee) => ({
    snapshot,
    mapping: mappingGatewayAt(snapshot, mapping),
    callee,
    emergency: false,
    at,
    state,
    minutePrice,
    sellPrice: Number.NaN,
  });
}

const document = plan();
const slots = new Map(slotNames(document).map((name, index) => [name, index + 1]));
const compiled = compileSnapshot(document, 1, slots);
const arena = new SharedArrayBuffer(compiled.bytesNeeded);
compiled.writeInto(arena);
const snapshot = openSnapshot(arena);
const questionOf = questionsOn(snapshot);
const numbers = Array.from({ length: numberCount }, () => digits(8 + random(6)));

interface Decisions {
  readonly candidatesMean: number;
  readonly routedPercent: number;
  /** Of the loop as a whole, so that a busy machine does not tell. */
  readonly meanCpuUs: number;
  readonly medianUs: number;
  readonly p95Us: number;
  readonly p99Us: number;
}

function decide(mapping: number): Decisions {
  const tookUs = new Float64Array(decisions);
  let candidates = 0;
  let routed = 0;
  let cpuBefore = process.cpuUsage();
  for (let n = 0; n < warmUp + decisions; n++) {
    const question = questionOf(mapping, numbers[n & (numberCount - 1)]!);
    const startedMs = performance.now();
    const { normal } = candidateGateways(question);
    const us = (performance.now() - startedMs) * 1000;
    if (n === warmUp) cpuBefore = process.cpuUsage();
    if (n < warmUp) continue;
    tookUs[n - warmUp] = us;
    candidates += normal.length;
    if (normal.length > 0) routed++;
  }
  const cpu = process.cpuUsage(cpuBefore);
  tookUs.sort();
  const quantile = (share: number): number =>
    rounded(tookUs[Math.floor((decisions - 1) * share)]!, 2);
  return {
    candidatesMean: rounded(candidates / decisions, 1),
    routedPercent: Math.round((routed * 100) / decisions),
    meanCpuUs: rounded((cpu.user + cpu.system) / decisions, 2),
    medianUs: quantile(0.5),
    p95Us: quantile(0.95),
    p99Us: quantile(0.99),
  };
}

/** Nanoseconds of CPU. */
function lookUp(): number {
  let found = 0;
  const before = process.cpuUsage();
  for (let n = 0; n < lookups; n++) {
    if (longestPrefix(snapshot.prefixes, numbers[n & (numberCount - 1)]!) >= 0) found++;
  }
  const { user, system } = process.cpuUsage(before);
  if (found === 0) throw new Error('no number has a prefix');
  return Math.round(((user + system) * 1000) / lookups);
}

function rounded(value: number, digitsKept: number): number {
  return Number(value.toFixed(digitsKept));
}

const [byRate, byAsr] = mappings.map(decide);
console.log(
  JSON.stringify({
    prefixCount,
    gatewayCount,
    prefixBytesEach: rounded(prefixBytes(snapshot.prefixes) / prefixCount, 1),
    lookupNs: lookUp(),
    byRate,
    byAsr,
  }),
);
