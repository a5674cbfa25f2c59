// Dial plans: the cases of an operator's handbook, bad rules by their place, and a slow reading of the same
// grammar by regular expressions as the oracle.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DialPlan } from '../../core/configuration/number-rules.ts';
import {
  dialRuleOf,
  dialRuleText,
  dialTargetCount,
  randomBelow,
  rewriteNumber,
} from '../../core/number/dial-plan.ts';
import { parseDialPlan } from '../../core/number/dial-plan-grammar.ts';
import { compileDialPlan } from '../../workers/configuration/compile-dial-plans.ts';
import { dialPlanCases } from './dial-plan-cases.ts';

const usual = { strict: false, inclusiveL: false };

/** A sequence that looks random and is the same in every run. */
function words(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (Math.imul(state ^ (state >>> 13), 0x297a2d39) ^ state) >>> 0;
  };
}

function rewrite(plan: string, number: string, random = words(1)): string {
  return rewriteNumber(compileDialPlan(plan, usual), number, random);
}

function faultOf(plan: string): string {
  const parsed = parseDialPlan(plan);
  assert.ok(!parsed.ok, plan);
  return `${parsed.rule}: ${parsed.reason}`;
}

describe('dial plan', () => {
  for (const [title, plan, number, expected] of dialPlanCases) {
    it(`${title}: ${plan} makes ${String(expected)} of ${number}`, () => {
      for (let seed = 1; seed <= 50; seed++) {
        const result = rewrite(plan, number, words(seed));
        if (typeof expected === 'string') assert.equal(result, expected);
        else assert.match(result, expected);
      }
    });
  }

  it('takes every target, digit and number of a range', () => {
    const seen = (plan: string): number =>
      new Set(Array.from({ length: 2000 }, (_, seed) => rewrite(plan, '5', words(seed)))).size;
    assert.equal(seen('5:1;2;3'), 3);
    assert.equal(seen('5:?'), 10);
    assert.equal(seen('5:098-107'), 10);
    assert.equal(seen('5:000000000000000-999999999999999'), 2000);
  });

  it('pads a range to the width of its low end', () => {
    assert.equal(rewrite('*:007-007', '1'), '007');
    assert.equal(
      rewrite('*:98-102', '1', () => 0xffffffff),
      '102',
    );
  });

  it('reads "*" as the whole number where plans are strict', () => {
    const strict = { strict: true, inclusiveL: false };
    const plan = compileDialPlan('025*:010,13:86', strict);
    assert.equal(rewriteNumber(plan, '02584316146', words(1)), '010');
    assert.equal(rewriteNumber(plan, '1312', words(1)), '8612');
    assert.equal(rewriteNumber(compileDialPlan('025*:010*', strict), '0259', words(1)), '0109');
  });

  it('reads L as "at most" where that is wished', () => {
    const plan = compileDialPlan('13L9:9', { strict: false, inclusiveL: true });
    assert.equal(rewriteNumber(plan, '13123456789', words(1)), '9123456789');
    assert.equal(rewriteNumber(plan, '131234567890', words(1)), '131234567890');
  });

  it('takes every character after a backslash as itself', () => {
    assert.equal(rewrite('\\*99\\,:\\*\\;\\:\\?\\$\\\\', '*99,123'), '*;:?$\\123');
    assert.equal(rewrite('\\?1:2', '?15'), '25');
    assert.equal(rewrite('\\?1:2', '915'), '915');
    assert.equal(rewrite('1:\\1-2', '15'), '1-25');
  });

  it('reads characters beyond ASCII byte by byte', () => {
    const bytes = Buffer.from('ü', 'utf8').toString('latin1');
    assert.equal(rewrite('ü:9', `${bytes}1`), '91');
    assert.equal(rewrite('9:ü', '91'), `${bytes}1`);
  });

  it('makes a number of an empty one only by rules that match it', () => {
    assert.equal(rewrite('*:5551234', ''), '5551234');
    assert.equal(rewrite(':5', ''), '5');
    assert.equal(rewrite('E0:7', ''), '7');
    assert.equal(rewrite('?:7', ''), '');
  });

  it('says which rule applied, as it was written', () => {
    const plan = compileDialPlan(' 00: , *:1;2 ', usual);
    assert.equal(dialRuleText(plan, dialRuleOf(plan, '0044')), '00:');
    const rest = dialRuleOf(plan, '7');
    assert.equal(dialRuleText(plan, rest), '*:1;2');
    assert.equal(dialTargetCount(plan, rest), 2);
    assert.equal(dialRuleOf(compileDialPlan('1:2', usual), '7'), -1);
  });

  it('names the rule that cannot be read', () => {
    assert.match(faultOf('0:1,025'), /^2: has 0 colons/);
    assert.match(faultOf('0:1:2'), /^1: has 2 colons/);
    assert.match(faultOf('0:1,,1:2'), /^2: is empty/);
    assert.match(faultOf('0:1, '), /^2: is empty/);
    assert.match(faultOf('0*1:2'), /"\*" inside/);
    assert.match(faultOf('0L:2'), /"L" without a number/);
    assert.match(faultOf('GW1:2'), /"G" without a number/);
    assert.match(faultOf('0E71:2,0E7x:2'), /^2: has "E7x" before the colon/);
    assert.match(faultOf('0$:2'), /"\$" before the colon/);
    assert.match(faultOf('0;1:2'), /";" before the colon/);
    assert.match(faultOf('0:1\\'), /ends in "\\"/);
    assert.match(faultOf('0\\'), /has 0 colons/);
    assert.match(faultOf('0:**'), /two "\*"/);
    assert.match(faultOf('0:20-10'), /ends before it begins/);
    assert.match(faultOf('0:1234567890123456-2'), /more than 15 digits/);
    assert.match(faultOf('0:1 2'), /space/);
    assert.match(faultOf(`${'1'.repeat(65)}:2`), /65 characters/);
    assert.match(faultOf(`1:${'1'.repeat(65)}`), /65 characters/);
    assert.match(faultOf(`1:${'1;'.repeat(1000)}`), /1001 targets/);
    assert.match(faultOf('1:2,'.repeat(1001)), /^0: has 1002 rules/);
    assert.match(faultOf('1:2,'.repeat(9000)), /^0: is 36000 bytes/);
    assert.deepEqual(parseDialPlan(''), { ok: true, rules: [] });
  });

  it('draws whole numbers below a count, its ends among them', () => {
    assert.equal(
      randomBelow(7, () => 0),
      0,
    );
    assert.equal(
      randomBelow(7, () => 0xffffffff),
      6,
    );
    assert.equal(
      randomBelow(2 ** 53, () => 0xffffffff),
      2 ** 53 - 1,
    );
  });

  it('is what its rules say, by a slow reading of them', () => {
    fc.assert(
      fc.property(planArbitrary, numberArbitrary, fc.integer(), (plan, number, seed) => {
        const expected = slowRewrite(plan, number, words(seed));
        const compiled: DialPlan = compileDialPlan(plan.join(','), usual);
        assert.equal(rewriteNumber(compiled, number, words(seed)), expected);
      }),
      { numRuns: 3000 },
    );
  });
});

const numberArbitrary = fc.string({ unit: fc.constantFrom(...'0012345678'), maxLength: 7 });
const originalArbitrary = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'001?'), maxLength: 4 }),
    fc.constantFrom('', '', 'L3', 'E2', 'G1'),
    fc.constantFrom('', '', '*'),
  )
  .map((parts) => parts.join(''));
const targetArbitrary = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'1234$'), maxLength: 4 }),
  fc.string({ unit: fc.constantFrom(...'12?$'), maxLength: 3 }),
  fc.constantFrom('*', '9*', '*9', '1*2', '07-12'),
);
const ruleArbitrary = fc
  .tuple(originalArbitrary, fc.array(targetArbitrary, { minLength: 1, maxLength: 3 }))
  .map(([original, targets]) => `${original}:${targets.join(';')}`);
const planArbitrary = fc.array(ruleArbitrary, { minLength: 1, maxLength: 6 });

/** Every rule is tried as a regular expression; the best of those that match is found by sorting. */
function slowRewrite(plan: readonly string[], number: string, random: () => number): string {
  const fitting = plan
    .map((rule, place) => ({ place, ...slowRule(rule) }))
    .filter((rule) => rule.pattern.test(number))
    .sort((left, right) => {
      if (left.bare !== right.bare) return left.bare ? 1 : -1;
      if (left.head.length !== right.head.length) return right.head.length - left.head.length;
      const literals = (head: string): number => head.replaceAll('?', '').length;
      const more = literals(right.head) - literals(left.head);
      if (more !== 0) return more;
      if ((left.test === '') !== (right.test === '')) return left.test === '' ? 1 : -1;
      return left.place - right.place;
    });
  const best = fitting[0];
  if (best === undefined) return number;
  const { targets } = best;
  const target = targets.length === 1 ? targets[0]! : targets[randomBelow(targets.length, random)]!;
  const tail = number.slice(best.head.length);
  const isRange = target === '07-12';
  const text = isRange
    ? String(7 + randomBelow(6, random)).padStart(2, '0')
    : [...target]
        .map((char, place) => {
          if (char === '?') return String(randomBelow(10, random));
          if (char === '$') return number[place] ?? '';
          return char === '*' ? tail : char;
        })
        .join('');
  const chance = isRange || target.includes('?') || targets.length > 1;
  if (target.includes('*') || best.bare || (best.star && chance)) return text;
  return text + tail;
}

interface SlowRule {
  readonly head: string;
  readonly test: string;
  readonly star: boolean;
  readonly bare: boolean;
  readonly pattern: RegExp;
  readonly targets: readonly string[];
}

function slowRule(rule: string): SlowRule {
  const [original, target] = rule.split(':') as [string, string];
  const [, head, test, star] = /^([0-9?]*)([LEG][0-9])?(\*?)$/.exec(original)!;
  const count = Number(test?.slice(1));
  let rest = '.*';
  if (test?.startsWith('L')) rest = `.{0,${count - 1}}`;
  if (test?.startsWith('E')) rest = `.{${count}}`;
  if (test?.startsWith('G')) rest = `.{${count + 1},}`;
  const pattern = new RegExp(`^${head!.replaceAll('?', '.')}${rest}$`);
  const isStar = star === '*';
  return {
    head: head!,
    test: test ?? '',
    star: isStar,
    bare: original === '*',
    pattern,
    targets: target.split(';'),
  };
}
