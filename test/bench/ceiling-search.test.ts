// The search for the highest clean rate, against systems whose limits are known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CeilingSearch, noteStep, openSearch } from '../../bench/ceiling-search.ts';

type Phase = CeilingSearch['phase'];

function run(isClean: (rate: number, phase: Phase, step: number) => boolean, rateMax = 30_000) {
  const search = openSearch(rateMax);
  const steps: [rate: number, phase: Phase][] = [];
  while (search.phase !== 'over') {
    steps.push([search.rate, search.phase]);
    assert.ok(steps.length < 60, 'it ends');
    noteStep(search, isClean(search.rate, search.phase, steps.length));
  }
  return { clean: search.clean, confirmed: search.confirmed, steps };
}

describe('the search for the highest clean rate', () => {
  it('comes within 5 % of the limit, and confirms it with one step', () => {
    for (const limit of [120, 990, 1000, 4321, 7777, 20_000]) {
      const { clean, confirmed, steps } = run((rate) => rate <= limit);
      assert.ok(clean <= limit && clean >= limit * 0.95 - 50, `${clean} of ${limit}`);
      assert.ok(confirmed);
      assert.deepEqual(
        steps.filter(([, phase]) => phase === 'confirm'),
        [[clean, 'confirm']],
      );
    }
  });

  it('goes down by 5 % where a long step is not clean twice', () => {
    const { clean, confirmed, steps } = run((rate, phase) =>
      phase === 'confirm' ? rate <= 4000 : rate <= 4150,
    );
    assert.ok(confirmed && clean <= 4000 && clean >= 3800, `${clean}`);
    const rates = steps.filter(([, phase]) => phase === 'confirm').map(([rate]) => rate);
    assert.deepEqual(rates, [rates[0], rates[0], clean]);
  });

  it('says that no long step was clean, after four rates', () => {
    const { clean, confirmed, steps } = run((rate, phase) => phase === 'search' && rate <= 4300);
    assert.equal(confirmed, false);
    assert.ok(clean > 3000 && clean < 3600, `${clean}`);
    assert.equal(steps.filter(([, phase]) => phase === 'confirm').length, 8);
  });

  it('repeats an unclean step once', () => {
    const hiccup = run((rate, _phase, step) => step !== 2 && rate <= 4300);
    assert.deepEqual(hiccup.steps.slice(0, 3), [
      [1000, 'search'],
      [1500, 'search'],
      [1500, 'search'],
    ]);
    assert.ok(hiccup.clean >= 4050, `${hiccup.clean}`);
  });

  it('finds nothing where nothing is clean, and stops at the highest rate asked for', () => {
    assert.deepEqual([run(() => false).clean, run(() => false).confirmed], [0, false]);
    const { clean, confirmed } = run(() => true, 2000);
    assert.deepEqual([clean, confirmed], [1500, true]);
  });
});
