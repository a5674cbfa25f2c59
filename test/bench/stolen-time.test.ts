// Stolen time read from what /proc/stat would say.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { watchStolenTime } from '../../bench/stolen-time.ts';

const stat = (first: number, second: number): string =>
  `cpu  1 2 3 4 5 6 7 ${first + second} 0 0\ncpu0 1 2 3 4 5 6 7 ${first} 0 0\n` +
  `cpu1 1 2 3 4 5 6 7 ${second} 0 0\nintr 9\n`;

it('is the most of one processor in two samples on end, not what was taken before', () => {
  const said = [stat(90, 5), stat(90, 5), stat(92, 6), stat(93, 8), stat(93, 8), stat(94, 8)];
  const stolen = watchStolenTime(() => said.shift() ?? stat(94, 8));
  try {
    assert.equal(stolen.longestMs(), 0);
    assert.equal(stolen.longestMs(), 20);
    assert.equal(stolen.longestMs(), 40); // 2 ticks, then 2 of the other processor
    for (let sample = 0; sample < 4; sample++) assert.equal(stolen.longestMs(), 40);
  } finally {
    stolen.stop();
  }
});

it('is 0 where the system does not say', () => {
  const stolen = watchStolenTime(() => '');
  assert.equal(stolen.longestMs(), 0);
  stolen.stop();
});
