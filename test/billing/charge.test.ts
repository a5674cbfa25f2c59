// What each party of a call pays: packages, gift money, agents, vendors, reservations. Amounts by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { billingRules } from '../../core/billing/billing-rules.ts';
import {
  type BillingState,
  chargeCall,
  findPayers,
  findVendor,
  isUnrecorded,
  type Payer,
  ratedNumber,
} from '../../core/billing/call-billing.ts';
import {
  affordableSeconds,
  chargeFor,
  type PayerTerms,
  payerTerms,
  reservationFor,
} from '../../core/billing/charge.ts';
import { fullPackages, minimumShortfall, type PackageBalance } from '../../core/billing/gifts.ts';
import { holdSeconds } from '../../core/billing/hold-time.ts';
import { defaultParameters } from '../../core/configuration/model.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import { moneyText } from '../../core/money.ts';
import { isListed } from '../../workers/cdr/row-rules.ts';
import { failedCdr } from '../cdr/sample-records.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import { money, termsWith } from './terms.ts';

const at = Date.parse('2026-06-01T12:00:00Z');
const unit = 10n;
const rules = billingRules(defaultParameters);

function packagesOf(order: object[], packages: object[], when = at): PackageBalance[] {
  const snapshot = snapshotOf({
    packages: packages.map((each) => ({ timeZone: 'UTC', ...each })),
    accounts: [{ name: 'a', kind: 'customer', packages: order }],
  });
  return fullPackages(snapshot.billing, accountAt(snapshot, 0), when);
}

function payer(balances: readonly PackageBalance[], fields: object = {}): PayerTerms {
  return payerTerms(termsWith(fields), false, balances, {
    number: '442079460000',
    at,
    feeUnit: unit,
  });
}

describe('packages', () => {
  it('give their seconds before money, in whole cycles; the rest is rated from there', () => {
    const gift = { prefixes: ['44'], seconds: 100, cycleSeconds: 30 };
    const terms = payer(packagesOf([{ package: 'p' }], [{ name: 'p', gifts: [gift] }]), {
      firstIncrementSeconds: 60,
      connectionFee: money('0.05'),
    });
    // 61 s are three cycles of 30 s.
    const covered = chargeFor(terms, 61, unit);
    assert.deepEqual([covered.fee, covered.packageSeconds, covered.billedSeconds], [0n, 90, 0]);
    assert.deepEqual(covered.giftUses, [{ packageName: 'p', gift: 0, seconds: 90 }]);
    // 100 s hold three whole cycles; the 31 s left are 60 s for 0.01, and the connection fee.
    const beyond = chargeFor(terms, 121, unit);
    assert.equal(moneyText(beyond.fee), '0.06');
    assert.deepEqual([beyond.packageSeconds, beyond.billedSeconds], [90, 60]);
  });

  it('count in order of priority, then expiry, within their terms, prefixes and windows', () => {
    const seconds = (name: string, fields: object = {}): object => ({
      name,
      gifts: [{ prefixes: ['44'], seconds: 10, ...fields }],
    });
    const packages = [
      seconds('late'),
      seconds('early'),
      seconds('first'),
      seconds('over'),
      seconds('other-prefix', { prefixes: ['43'] }),
      seconds('night', { from: '22:00', to: '06:00' }),
      seconds('noon', { from: '12:00', to: '12:01' }),
    ];
    const order = [
      { package: 'late', expiresAt: '2027-01-01T00:00:00Z' },
      { package: 'early', expiresAt: '2026-12-01T00:00:00Z' },
      { package: 'first', priority: 1 },
      { package: 'over', expiresAt: '2026-06-01T12:00:00Z' },
      { package: 'other-prefix' },
      { package: 'night' },
      { package: 'noon' },
    ];
    const { giftUses } = chargeFor(payer(packagesOf(order, packages)), 1000, unit);
    assert.deepEqual(
      giftUses.map(({ packageName }) => packageName),
      ['first', 'early', 'late', 'noon'],
    );
  });

  it('pay with gift money before the balance, and only once enough was spent', () => {
    const gift = { name: 'p', giftMoney: '0.004', lowerConsumption: '5' };
    const full = packagesOf([{ package: 'p' }], [gift])[0]!;
    const early = chargeFor(payer([full]), 60, unit);
    assert.equal(moneyText(early.fromBalance), '0.01');
    const spent = { ...full, spent: money('5') };
    const late = chargeFor(payer([spent]), 60, unit);
    assert.equal(moneyText(late.fee), '0.01');
    assert.equal(moneyText(late.fromBalance), '0.006');
    assert.deepEqual(late.giftMoneyUses, [{ packageName: 'p', money: money('0.004') }]);
  });

  it('ask for what is missing to their minimum', () => {
    assert.equal(moneyText(minimumShortfall(money('20'), money('12.5'))), '7.5');
    assert.equal(minimumShortfall(money('20'), money('20')), 0n);
  });
});

describe('a reservation', () => {
  it('is what the call would be charged, and says until when it lasts', () => {
    const terms = payer([], { firstIncrementSeconds: 60, nextIncrementSeconds: 6 });
    const first = reservationFor(terms, 1, rules);
    assert.equal(moneyText(first.money), '0.01');
    // Hold time is cut off to whole seconds: 60.999 s are still 60 s.
    assert.equal(first.untilMs, 60_999);
    assert.equal(reservationFor(terms, 61, rules).untilMs, 66_999);
    const free = { ...terms, free: true };
    const nothing = reservationFor(free, 60, rules);
    assert.deepEqual([nothing.money, nothing.untilMs], [0n, Number.POSITIVE_INFINITY]);
  });

  it('covers every end up to that millisecond, and none after it', () => {
    const anyRules = fc.record({
      carryMs: fc.integer({ min: 1, max: 1000 }),
      freeSeconds: fc.integer({ min: 0, max: 9 }),
    });
    const anyTerms = fc.record({
      firstIncrementSeconds: fc.integer({ min: 1, max: 70 }),
      nextIncrementSeconds: fc.integer({ min: 1, max: 70 }),
      connectionFee: fc.bigInt({ min: 0n, max: money('1') }),
      price: fc.bigInt({ min: money('0.6'), max: money('60') }),
    });
    const gifts = packagesOf(
      [{ package: 'p' }],
      [{ name: 'p', gifts: [{ prefixes: ['44'], seconds: 50, cycleSeconds: 20 }] }],
    );
    fc.assert(
      fc.property(anyRules, anyTerms, fc.integer({ min: 1, max: 300 }), (some, fields, seconds) => {
        const own = { ...rules, ...some };
        const terms = payer(gifts, fields);
        const { money: reserved, untilMs } = reservationFor(terms, seconds, own);
        const last = chargeFor(terms, holdSeconds(untilMs, own), own.feeUnit);
        const next = chargeFor(terms, holdSeconds(untilMs + 1, own), own.feeUnit);
        assert.equal(last.fromBalance, reserved);
        // The next step costs money, or another cycle of a gift.
        assert.ok(next.fromBalance > reserved || next.packageSeconds > last.packageSeconds);
      }),
    );
  });

  it('caps the charge of a call that the server ended', () => {
    const terms = payer([], { taxPercent: money('25') });
    // 120 s with 25 % are 0.025; 0.0125 was reserved: 0.01 and 0.0025 of tax.
    const cut = chargeFor(terms, 120, unit, money('0.0125'));
    assert.deepEqual([moneyText(cut.fee), moneyText(cut.tax)], ['0.0125', '0.0025']);
    const within = chargeFor(terms, 60, unit, money('0.0125'));
    assert.equal(moneyText(within.fee), '0.0125');
  });

  it('can last as long as gifts and money do', () => {
    const gifts = packagesOf(
      [{ package: 'p' }],
      [{ name: 'p', giftMoney: '0.01', gifts: [{ prefixes: ['44'], seconds: 30 }] }],
    );
    // 30 s free; 0.01 of gift money and 0.02 of balance at 0.01 a minute are 180 s.
    assert.equal(affordableSeconds(payer(gifts), money('0.02'), unit, 86_400), 210);
    assert.equal(affordableSeconds(payer(gifts), money('-0.02'), unit, 86_400), 30);
    assert.equal(affordableSeconds(payer(gifts), money('0.02'), unit, 20), 20);
    assert.equal(affordableSeconds(payer([]), -1n, unit, 20), 0);
  });
});

describe('a call', () => {
  const document = {
    parameters: {
      SERVER_BILLING_FREE_E164S: '112,0800*',
      SERVER_BILLING_NO_CDR_E164S: ['00?'],
    },
    rateTables: [
      { name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.05' }] },
      {
        name: 'agent',
        rates: [{ prefix: '44', ratePerMinute: '0.04', firstIncrementSeconds: 60 }],
      },
      { name: 'top', rates: [{ prefix: '', ratePerMinute: '0.03' }] },
      {
        name: 'buy',
        rates: [
          { prefix: '44', ratePerMinute: '0.02' },
          { prefix: '99#44', ratePerMinute: '0.025', connectionFee: '0.001' },
        ],
      },
    ],
    accounts: [
      { name: 'acme', kind: 'customer', rateTable: 'retail', agent: 'seller' },
      { name: 'seller', kind: 'agent', rateTable: 'agent', agent: 'wholesaler' },
      { name: 'wholesaler', kind: 'agent', rateTable: 'top' },
      { name: 'carrier', kind: 'clearing', rateTable: 'buy' },
    ],
  };
  const snapshot = snapshotOf(document);
  const state: BillingState = {
    snapshot,
    rules: billingRules(snapshot.parameters),
    packagesOf: () => [],
  };
  const row = (name: string): number => accountRowByName(snapshot, name);
  const payersOf = (callee: string): readonly Payer[] => {
    const payers = findPayers(state, row('acme'), { callee, at });
    assert.ok(!('sipCode' in payers));
    return payers;
  };
  const vendorOf = (callee: string, calleeOut?: string): Payer => {
    const vendor = findVendor(state, row('carrier'), { callee, at }, calleeOut);
    assert.ok(!('sipCode' in vendor));
    return vendor;
  };

  it('is charged to the customer and every agent above, and the vendor gets its own', () => {
    const vendor = vendorOf('442079460000');
    const charges = chargeCall(payersOf('442079460000'), vendor, 30_000, state);
    // 30 s at 0.05, one first minute at 0.04, 30 s at 0.03; the vendor's 30 s at 0.02.
    assert.deepEqual(
      charges.payers.map(({ fee }) => moneyText(fee)),
      ['0.025', '0.04', '0.015'],
    );
    assert.equal(moneyText(charges.vendor!.fee), '0.01');
    assert.equal(moneyText(charges.profit), '0.015');
  });

  it('is rated for the vendor by the number that was sent, where it wants that', () => {
    const vendor = vendorOf('442079460000', '99#442079460000');
    // 60 s at 0.025 and 0.001; the customer's 60 s at 0.05.
    const charges = chargeCall(payersOf('442079460000'), vendor, 60_000, state);
    assert.equal(moneyText(charges.vendor!.fee), '0.026');
    assert.equal(moneyText(charges.profit), '0.024');
  });

  it('is refused where an agent has no rate for it, or the vendor none', () => {
    const refusal = findPayers(state, row('acme'), { callee: '33123', at });
    assert.equal('sipCode' in refusal && refusal.key, 'No matching rate');
    const vendor = findVendor(state, row('carrier'), { callee: '33123', at });
    assert.equal('sipCode' in vendor && vendor.key, 'No matching rate');
  });

  it('is charged at most what each payer had reserved when the server ended it', () => {
    const reserved = [money('0.02'), money('0.04'), money('0.01')];
    const ending = { rules: state.rules, reserved };
    const charges = chargeCall(payersOf('442079460000'), null, 30_000, ending);
    assert.deepEqual(
      charges.payers.map(({ fee }) => moneyText(fee)),
      ['0.02', '0.04', '0.01'],
    );
    assert.equal(charges.vendor, null);
  });

  it('is free to free numbers, but not for the vendor', () => {
    const free = { ...state, rules: { ...state.rules, freeNumbers: ['4420*'] } };
    const payers = findPayers(free, row('acme'), { callee: '442079460000', at });
    assert.ok(!('sipCode' in payers));
    const charges = chargeCall(payers, vendorOf('442079460000'), 60_000, free);
    assert.deepEqual(
      charges.payers.map(({ fee }) => fee),
      [0n, 0n, 0n],
    );
    assert.equal(moneyText(charges.profit), '-0.02');
    const numbers = ['112', '1120', '08001', '0800', '001', '0012'];
    const isFree = (callee: string): boolean => {
      const found = findPayers(state, row('wholesaler'), { callee, at });
      return !('sipCode' in found) && found[0]!.terms.free;
    };
    assert.deepEqual(numbers.map(isFree), [true, false, true, true, true, false]);
    assert.deepEqual(
      numbers.map((number) => isUnrecorded(number, state.rules)),
      [false, false, false, false, true, false],
    );
  });

  it('is free without a row by one number, whatever leading digits rates do not see', () => {
    for (const ignored of [0, 2]) {
      const parameters = {
        ...defaultParameters,
        SERVER_BILLING_NO_CDR_E164S: ['800*'],
        SERVER_BILLING_GATEWAY_ROUTE_PREFIX: ignored,
      };
      const billing = { ...state, rules: billingRules(parameters) };
      for (const callee of ['800555', '99800555', '44800555', '80800555']) {
        const found = findPayers(billing, row('wholesaler'), { callee, at });
        assert.ok(!('sipCode' in found));
        const calleeBilling = ratedNumber(callee, billing.rules);
        const cdr = { ...failedCdr('any'), calleeAccess: callee, calleeBilling };
        assert.equal(isListed(cdr, parameters), !found[0]!.terms.free, `${callee}, ${ignored}`);
      }
    }
  });
});
