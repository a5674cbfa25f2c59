// Rating at size: 1,000,000 rates compiled, numbers looked up in them, a call charged. Prints one JSON line
// with the figures.
//   node dist/bench/micro/rate-table.js [rates]
import { bench, do_not_optimize, run } from 'mitata';
import { billingRules } from '../../core/billing/billing-rules.ts';
import { type BillingState, chargeCall, findPayers } from '../../core/billing/call-billing.ts';
import { rateRowOf } from '../../core/billing/rate-table.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { emptyDocument } from '../../workers/configuration/merge-document.ts';
import { deckRandom, largeDeck } from '../rate-deck.ts';

const rateCount = Number(process.argv[2] ?? 1_000_000);
const numberCount = 65_536;
const random = deckRandom();

const document: ConfigurationDocument = {
  ...emptyDocument(),
  rateTables: [{ name: 'deck', rates: largeDeck(rateCount, random) }],
  accounts: [
    {
      name: 'acme',
      kind: 'customer',
      balance: '0',
      creditLimit: '0',
      rateTable: 'deck',
      callLevel: 'international',
      packages: [],
      fraudLimits: [],
      lineLimit: 0,
      locked: false,
    },
  ],
};
const started = performance.now();
const compiled = compileSnapshot(document, 1, new Map());
const arena = new SharedArrayBuffer(compiled.bytesNeeded);
compiled.writeInto(arena);
const compileMs = Math.round(performance.now() - started);
const bytesPerRate = Math.round((compiled.bytesNeeded / rateCount) * 10) / 10;
console.log(JSON.stringify({ rateCount, compileMs, bytesPerRate }));

const snapshot = openSnapshot(arena);
const numbers = Array.from({ length: numberCount }, () => random.digits(8 + random.below(6)));
let at = 0;
const nextNumber = (): string => numbers[at++ & (numberCount - 1)]!;
const now = 1_780_000_000;
const state: BillingState = {
  snapshot,
  rules: billingRules(snapshot.parameters),
  packagesOf: () => [],
};
const chargeNext = (): unknown => {
  const payers = findPayers(state, 0, { callee: nextNumber(), at: now * 1000 });
  return 'sipCode' in payers ? payers : chargeCall(payers, null, 61_500, state);
};
bench('no lookup', () => do_not_optimize(nextNumber()));
bench('rate row', () => do_not_optimize(rateRowOf(snapshot.billing.rates, 0, nextNumber(), now)));
bench('rate and charge a call', () => do_not_optimize(chargeNext()));
await run();
