import { it } from 'node:test';
import { checkOrder } from '../scenario/order.ts';

it('180 comes before 200 in each of 50,000 calls', () => checkOrder({ calls: 50_000, rate: 500 }));
