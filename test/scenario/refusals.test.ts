// What the node says no to, as its neighbours hear it: unknown sources, line and rate limits, a drain.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { field } from '../../bench/peers/sip-text.ts';
import { ping, startUserAgent, UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { type NodeUnderTest, openNode, until } from './node-under-test.ts';

interface Limits {
  readonly parameters?: object;
  readonly lineLimit?: number;
  readonly cpsLimit?: number;
  readonly carrierLineLimit?: number;
}

const retryAfter = (call: SipCall): string => field(call.responses.at(-1)!, 'retry-after');

/** A user agent at an address that no gateway has. */
async function startStranger(): Promise<UserAgent> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.9');
  await listening;
  return new UserAgent(socket);
}

describe('refusals', () => {
  let node: NodeUnderTest;
  let customer: UserAgent;
  let carrier: UserAgent;
  let stranger: UserAgent;
  /** `tandem cdr` since the start; each test reads what is new. */
  let cdrsRead = 0;

  before(async () => {
    [node, customer, carrier, stranger] = await Promise.all([
      openNode({ drainSeconds: 20 }),
      startUserAgent(),
      startUserAgent(),
      startStranger(),
    ]);
    carrier.onCall = (call) => {
      call.reply(180);
      call.reply(200);
    };
  });
  after(async () => {
    await node.close();
    await Promise.all([customer, carrier, stranger].map((agent) => agent.close()));
  });

  const limit = (limits: Limits): Promise<void> =>
    node.apply({
      parameters: { SS_MAXCPS: 0, ...limits.parameters },
      mappingGateways: [
        {
          name: 'customer',
          auth: 'ip',
          addresses: [`127.0.0.1:${customer.port}`],
          lineLimit: limits.lineLimit ?? 0,
          cpsLimit: limits.cpsLimit ?? 0,
        },
      ],
      routingGateways: [
        {
          name: 'carrier',
          address: `127.0.0.1:${carrier.port}`,
          prefixes: ['44'],
          lineLimit: limits.carrierLineLimit ?? 0,
        },
      ],
    });

  const place = (count: number): SipCall[] =>
    Array.from({ length: count }, (_, index) =>
      customer.place(node.target, { callee: `4420${String(index).padStart(4, '0')}` }),
    );

  async function newEndReasons(): Promise<string[]> {
    const cdrs = await node.cdrs();
    const reasons = cdrs.slice(cdrsRead).map(({ endReason }) => endReason);
    cdrsRead = cdrs.length;
    return reasons.sort();
  }

  /** Places calls, holds those that are answered, hangs them up; the final status of each, and the
   *  Retry-After that refused ones were given. */
  async function placeAndEnd(count: number): Promise<{ statuses: number[]; retryAfter: string }> {
    const calls = place(count);
    const statuses = await Promise.all(calls.map((call) => call.answered));
    const up = calls.filter((_, index) => statuses[index] === 200);
    await Promise.all(up.map((call) => call.hangUp()));
    await node.quiet();
    const waits = new Set(
      calls.filter((call) => !up.includes(call)).map((call) => retryAfter(call)),
    );
    return { statuses: statuses.sort(), retryAfter: [...waits].join() };
  }

  it('an unknown source gets 403, whatever it sends, and leaves no CDR', async () => {
    await limit({});
    const call = stranger.place(node.target, { callee: '44201' });
    assert.equal(await call.answered, 403);
    assert.equal(await ping(stranger, node.target), 403);
    assert.deepEqual(await newEndReasons(), []);
    assert.equal(carrier.callsUp, 0);
  });

  it('an unknown source hears nothing while SS_REPLY_UNAUTHORIZED is off', async () => {
    await limit({ parameters: { SS_REPLY_UNAUTHORIZED: 'Off' } });
    const before = (await node.status()).counters.refusedUnknownSource!;
    const call = stranger.place(node.target, { callee: '44202' });
    let refused = before;
    await until(() => {
      void node.status().then(({ counters }) => {
        refused = counters.refusedUnknownSource!;
      });
      return refused > before;
    }, 'the refused INVITE is counted');
    assert.deepEqual(call.responses, []);
  });

  it('a line more than lineLimit allows: 503', async () => {
    await limit({ lineLimit: 3 });
    // A line may come free any moment.
    const full = { statuses: [200, 200, 200, 503, 503], retryAfter: '' };
    assert.deepEqual(await placeAndEnd(5), full);
    // and again: what was given back may be taken again, no more
    assert.deepEqual((await placeAndEnd(4)).statuses, [200, 200, 200, 503]);
    const normal = Array<string>(6).fill('Normal release');
    const refused = Array<string>(3).fill('Connection limit exceeded');
    assert.deepEqual(await newEndReasons(), [...refused, ...normal]);
  });

  it('a line more than the only carrier has: 503', async () => {
    await limit({ carrierLineLimit: 2 });
    assert.deepEqual((await placeAndEnd(3)).statuses, [200, 200, 503]);
    assert.deepEqual(await newEndReasons(), ['AllGatewayBusy', 'Normal release', 'Normal release']);
  });

  it('more calls in a second than cpsLimit allows: 503', async () => {
    await limit({ cpsLimit: 4 });
    const full = { statuses: [200, 200, 200, 200, 503, 503], retryAfter: '1' };
    assert.deepEqual(await placeAndEnd(6), full);
    assert.deepEqual((await newEndReasons()).slice(0, 2), [
      'Call rate limited',
      'Call rate limited',
    ]);
  });

  it('more calls in a second than SS_MAXCPS allows: 503', async () => {
    await limit({ parameters: { SS_MAXCPS: 4 } });
    const full = { statuses: [200, 200, 200, 200, 503, 503], retryAfter: '1' };
    assert.deepEqual(await placeAndEnd(6), full);
    assert.deepEqual((await newEndReasons()).slice(0, 2), [
      'Call rate limited',
      'Call rate limited',
    ]);
  });

  it('SIGTERM: new calls get 503, the call that is up goes on to its end, exit 0', async () => {
    await limit({});
    const [up] = place(1);
    assert.equal(await up!.answered, 200);
    const exit = node.stop();
    let refused: SipCall | undefined;
    for (let attempt = 0; refused === undefined && attempt < 100; attempt++) {
      const [call] = place(1);
      if ((await call!.answered) === 503) refused = call;
      else await call!.hangUp();
    }
    assert.match(retryAfter(refused!), /^[1-9]\d*$/);
    assert.equal((await up!.request('INFO'))?.status, 200);
    assert.equal(await up!.hangUp(), 200);
    assert.equal(await exit, 0);
    const reasons = await newEndReasons();
    assert.ok(reasons.length >= 1 && reasons.every((reason) => reason === 'Normal release'));
  });
});
