// A carrier that sends 180 and 200 in one breath: no caller may get them the other way round. SIPp's
// caller expects 180 before 200 and counts a call as failed where it is not so.
import { it } from 'node:test';
import { checkOrder } from './order.ts';

// One call worker takes its datagrams itself, several have the main thread in front of them.
for (const callWorkers of [1, 2]) {
  it(`180 comes before 200 in each of 1,000 calls, ${callWorkers} call workers`, () =>
    checkOrder({ calls: 1000, rate: 500, callWorkers }));
}
