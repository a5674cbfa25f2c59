// kill -9 of the node under calls, again and again: what was answered 200 at its BYE has exactly one
// CDR, and what was up is closed and hung up on both legs by the next start.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SipCall } from '../../bench/peers/sip-call.ts';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import { assertBooks } from './audited-node.ts';
import { type CdrLine, type NodeUnderTest, openNode } from './node-under-test.ts';

export interface CrashRun {
  readonly kills: number;
  /** New calls a second. */
  readonly rate: number;
  /** Between a start and the next kill. */
  readonly upMs: number;
}

export interface CrashResult {
  byesAnswered: number;
  forcedReleases: number;
}

interface HeldCall {
  readonly out: SipCall;
  readonly taken: SipCall;
}

const heldPerKill = 3;
const holdMs = 200;

export async function crashUnderCalls(run: CrashRun): Promise<CrashResult> {
  const [node, customer, carrier] = await Promise.all([
    openNode(),
    startUserAgent(),
    startUserAgent(),
  ]);
  const load = createLoad(node, customer, run.rate);
  try {
    await node.apply(documentOf(customer, carrier));
    answerEverything(carrier);
    load.start();
    const held: HeldCall[] = [];
    for (let kill = 0; kill < run.kills; kill++) {
      const up = await Promise.all(
        Array.from({ length: heldPerKill }, () => holdCall(node, customer, carrier)),
      );
      await delay(run.upMs);
      await node.crash();
      const ends = await Promise.all(up.flatMap(({ out, taken }) => [out.ended, taken.ended]));
      assert.deepEqual(ends, Array<string>(2 * heldPerKill).fill('hung up by peer'));
      held.push(...up);
    }
    await delay(run.upMs);
    load.stop();
    return await judge(node, load.byesAnswered(), held);
  } finally {
    load.stop();
    await node.close();
    await Promise.all([customer.close(), carrier.close()]);
  }
}

/** Any part of a second is charged. */
function documentOf(customer: UserAgent, carrier: UserAgent): object {
  const balance = '1000';
  const rates = (ratePerMinute: string): object[] => [{ prefix: '44', ratePerMinute }];
  return {
    parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
    rateTables: [
      { name: 'retail', rates: rates('0.6') },
      { name: 'buy', rates: rates('0.31234567') },
    ],
    accounts: [
      { name: 'acme', kind: 'customer', balance, rateTable: 'retail' },
      { name: 'vendor', kind: 'clearing', balance, rateTable: 'buy' },
    ],
    mappingGateways: [
      {
        name: 'customer',
        account: 'acme',
        auth: 'ip',
        addresses: [`127.0.0.1:${customer.port}`],
      },
    ],
    routingGateways: [
      {
        name: 'carrier',
        account: 'vendor',
        address: `127.0.0.1:${carrier.port}`,
        prefixes: ['44'],
      },
    ],
  };
}

function answerEverything(carrier: UserAgent): void {
  carrier.onCall = (call) => {
    call.reply(180);
    call.reply(200);
  };
}

async function holdCall(
  node: NodeUnderTest,
  customer: UserAgent,
  carrier: UserAgent,
): Promise<HeldCall> {
  const callee = `4499${Math.random().toString().slice(2, 10)}`;
  const before = carrier.onCall;
  const arrived = new Promise<SipCall>((resolve) => {
    carrier.onCall = (call) => {
      before?.(call);
      if (call.callee === callee) resolve(call);
    };
  });
  const out = customer.place(node.target, { callee });
  const taken = await arrived;
  assert.equal(await out.answered, 200);
  return { out, taken };
}

function createLoad(
  node: NodeUnderTest,
  customer: UserAgent,
  rate: number,
): { start: () => void; stop: () => void; byesAnswered: () => readonly string[] } {
  const answered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const playOne = async (): Promise<void> => {
    const call = customer.place(node.target, { callee: '442071234567' });
    if ((await call.answered) !== 200) return;
    await new Promise<void>((resolve) => customer.after(holdMs, resolve));
    if (call.isOver) return;
    if ((await call.hangUp()) === 200) answered.push(call.callId);
  };
  return {
    start: () => {
      timer = setInterval(() => void playOne(), 1000 / rate);
    },
    stop: () => clearInterval(timer),
    byesAnswered: () => [...answered],
  };
}

async function judge(
  node: NodeUnderTest,
  byesAnswered: readonly string[],
  held: readonly HeldCall[],
): Promise<CrashResult> {
  const cdrs = await node.cdrs();
  const byCallId = new Map<string, CdrLine[]>();
  for (const cdr of cdrs) byCallId.set(cdr.callId, [...(byCallId.get(cdr.callId) ?? []), cdr]);
  const wrong = byesAnswered.filter((callId) => byCallId.get(callId)?.length !== 1);
  const counts = wrong.map((callId) => `${callId}: ${byCallId.get(callId)?.length ?? 0}`);
  assert.deepEqual(counts, [], 'calls whose BYE was answered, and their CDRs');
  for (const { out } of held) {
    const own = byCallId.get(out.callId) ?? [];
    assert.deepEqual(
      own.map(({ endReason, endedBy }) => [endReason, endedBy]),
      [['Server forced release', 'server']],
    );
    assert.ok(own[0]!.answeredAt !== null);
  }
  await assertBooks(node, ['acme', 'vendor']);
  const forced = cdrs.filter(({ endReason }) => endReason === 'Server forced release');
  return { byesAnswered: byesAnswered.length, forcedReleases: forced.length };
}
