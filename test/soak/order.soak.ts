import { it } from 'node:test';
import { checkOrder } from '../scenario/order.ts';

for (const callWorkers of [1, 2]) {
  it(`180 comes before 200 in each of 50,000 calls, ${callWorkers} call workers`, () =>
    checkOrder({ calls: 50_000, rate: 500, callWorkers }));
}
