// Rules about numbers on a real node of two workers: what a carrier is shown, what a CDR and `tandem route` say
// of it, limits of pool numbers and dynamic lists over both workers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { field, uriOf, userOf } from '../../bench/peers/sip-text.ts';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import type { ListedNumber, ListedNumbers } from '../../workers/admin-messages.ts';
import { type CdrLine, type NodeUnderTest, openNode, until } from './node-under-test.ts';

type NumbersCdr = CdrLine & Readonly<Record<'callerOut' | 'calleeOut' | 'callerAccess', string>>;

interface Route {
  readonly calleeRouted: string;
  readonly order: readonly string[];
  readonly candidates: readonly { readonly calleeOut: string; readonly callerOut: string }[];
}

describe('numbers on a real node', () => {
  let node: NodeUnderTest;
  let customer: UserAgent;
  let carrier: UserAgent;
  /** Callers that the carrier was shown. */
  const shown: string[] = [];

  before(async () => {
    [node, customer, carrier] = await Promise.all([
      openNode({ drainSeconds: 20 }),
      startUserAgent(),
      startUserAgent(),
    ]);
    carrier.onCall = (call) => {
      shown.push(userOf(uriOf(field(call.requests[0]!, 'from'))));
      call.reply(200);
    };
  });
  after(async () => {
    await node.close();
    await Promise.all([customer.close(), carrier.close()]);
  });

  const apply = (more: {
    readonly parameters?: object;
    readonly mapping?: object;
    readonly routing?: object;
  }): Promise<void> =>
    node.apply({
      parameters: { SS_MAXCPS: 0, ...more.parameters },
      numberGroups: [{ name: 'pool', numbers: ['4401', '4402', '4403'] }],
      mappingGateways: [
        { name: 'customer', addresses: [`127.0.0.1:${customer.port}`], ...more.mapping },
      ],
      routingGateways: [
        {
          name: 'carrier',
          address: `127.0.0.1:${carrier.port}`,
          prefixes: ['44'],
          ...more.routing,
        },
      ],
    });

  async function answered(count: number): Promise<SipCall[]> {
    shown.length = 0;
    const calls = Array.from({ length: count }, (_, n) =>
      customer.place(node.target, { callee: `77004420${n}`, caller: '15550100' }),
    );
    for (const call of calls) assert.equal(await call.answered, 200);
    return calls;
  }

  async function hangUp(calls: readonly SipCall[]): Promise<void> {
    await Promise.all(calls.map((call) => call.hangUp()));
    await node.quiet();
  }

  it('leave as the rules say; the CDR and routing analysis agree', async () => {
    await apply({
      mapping: { techPrefix: '77', calleeDialPlan: '00:' },
      routing: { calleeDialPlan: '44:0', calleePrefix: '*99', callerDialPlan: '1:001' },
    });
    await hangUp(await answered(1));
    const [cdr] = (await node.cdrs()) as NumbersCdr[];
    assert.deepEqual(
      [cdr!.callerAccess, cdr!.callerOut, cdr!.calleeAccess, cdr!.calleeOut],
      ['15550100', '0015550100', '770044200', '*990200'],
    );
    assert.deepEqual(shown, ['0015550100']);
    const asked = ['--gateway', 'customer', '--callee', '770044200', '--caller', '15550100'];
    const route = JSON.parse(await node.command('route', ...asked)) as Route;
    assert.equal(route.calleeRouted, '44200');
    assert.deepEqual(route.order, ['carrier']);
    const [out] = route.candidates;
    assert.deepEqual([out!.calleeOut, out!.callerOut], ['*990200', '0015550100']);
  });

  it('of a pool are in no more calls than multiplexes over both workers, and come back', async () => {
    await apply({
      mapping: { techPrefix: '77', calleeDialPlan: '00:' },
      routing: { callerPool: { group: 'pool', mode: 'poll', multiplexes: 2 } },
    });
    const expected = ['15550100', '15550100', '4401', '4401', '4402', '4402', '4403', '4403'];
    for (let round = 0; round < 2; round++) {
      const calls = await answered(8);
      assert.deepEqual(shown.toSorted(), expected);
      await hangUp(calls);
    }
  });

  it('of a malicious caller are refused by both workers', async () => {
    await apply({
      mapping: { techPrefix: '77', calleeDialPlan: '00:' },
      parameters: { SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT: 4 },
    });
    await hangUp(await answered(4));
    const refused = Array.from({ length: 6 }, (_, n) =>
      customer.place(node.target, { callee: `77004420${n}`, caller: '15550100' }),
    );
    for (const call of refused) assert.equal(await call.answered, 403);
    const other = customer.place(node.target, { callee: '770044209', caller: '15550101' });
    assert.equal(await other.answered, 200);
    await hangUp([other]);
    const reasons = (await node.cdrs()).map(({ endReason }) => endReason);
    assert.equal(reasons.filter((reason) => reason === 'Caller blacklisted').length, 6);
  });

  it('of a malicious caller are shown, and carried again once an operator took them off', async () => {
    const { listed, total } = JSON.parse(await node.command('listed')) as ListedNumbers;
    assert.equal(total, 1);
    const [{ since, until: end, ...one }] = listed as [ListedNumber];
    assert.deepEqual(one, { number: '15550100', side: 'caller', kind: 'malicious' });
    const listedMs = Date.parse(end) - Date.parse(since);
    assert.ok(listedMs >= 3600_000 && listedMs < 3700_000, `${since} to ${end}`);
    assert.ok(Math.abs(Date.now() - Date.parse(since)) < 60_000, since);
    const unlist = async (...args: string[]): Promise<unknown> =>
      JSON.parse(await node.command('unlist', ...args));
    assert.deepEqual(await unlist('15550100', '--side', 'callee'), { cleared: 0 });
    assert.deepEqual(await unlist('15550100'), { cleared: 1 });
    assert.deepEqual(JSON.parse(await node.command('listed')), { total: 0, listed: [] });
    // Four are carried before the fifth is refused, as at first.
    await hangUp(await answered(4));
    const refused = customer.place(node.target, { callee: '770044200', caller: '15550100' });
    assert.equal(await refused.answered, 403);
    assert.deepEqual(await unlist('--all'), { cleared: 1 });
    const unlisted = async (): Promise<boolean> =>
      (await node.status()).counters.numbersUnlisted === 2;
    await until(unlisted, 'both that were taken off are counted');
    await hangUp(await answered(1));
  });
});
