// A carrier that sends 180 and 200 in one breath: no caller may get them the other way round. SIPp's
// caller expects 180 before 200 and counts a call as failed where it is not so.
import { it } from 'node:test';
import { checkOrder } from './order.ts';

it('180 comes before 200 in each of 2,000 calls', () => checkOrder({ calls: 2000, rate: 500 }));
