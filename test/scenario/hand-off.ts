// A node under calls that writes hourly files and pushes its CDRs to a real HTTP receiver, while the node is
// killed and the receiver misbehaves: at the end every CDR is one line of the files, and came to the receiver.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startUserAgent, type UserAgent } from '../../bench/peers/sip-user-agent.ts';
import {
  type CdrReceiver,
  type Manner,
  startCdrReceiver,
  taken,
} from '../hand-off/cdr-receiver.ts';
import { assertBooks } from './audited-node.ts';
import { type CdrLine, type NodeUnderTest, openNode } from './node-under-test.ts';

export interface HandOffRun {
  readonly kills: number;
  /** New calls a second. */
  readonly rate: number;
  /** Between a start and the next kill. */
  readonly upMs: number;
}

export interface HandOffResult {
  readonly byesAnswered: number;
  readonly cdrs: number;
  /** POSTs beyond the first of a CDR. */
  readonly repeats: number;
}

const holdMs = 100;
const handOffMs = 60_000;
export const handOffToken = 'receiver-token';

export interface HandOffStage {
  readonly node: NodeUnderTest;
  readonly receiver: CdrReceiver;
  readonly customer: UserAgent;
  /** Call-IDs whose BYE was answered. */
  readonly answered: readonly string[];
  /** Until the function that it answers is called. */
  load(rate: number): () => void;
  /** CDRs, once the files and the receiver have all of them. */
  handedOff(): Promise<CdrLine[]>;
  close(): Promise<void>;
}

export async function openHandOffStage(): Promise<HandOffStage> {
  const receiver = await startCdrReceiver();
  const push = { url: receiver.url, token: handOffToken, batchRecords: 20, timeoutSeconds: 1 };
  const [node, customer, carrier] = await Promise.all([
    openNode({ nodeFile: { cdrPush: push } }),
    startUserAgent(),
    startUserAgent(),
  ]);
  carrier.onCall = (call) => {
    call.reply(180);
    call.reply(call.callee.startsWith('4499') ? 486 : 200);
  };
  await node.apply({
    parameters: {
      SS_MAXCPS: 0,
      SS_CDR_RECORD_TO_FILE: 'On',
      SS_CDR_RECORD_NONCONNECT: 'On',
      // Any part of a second is charged.
      SERVER_BILLING_HOLD_TIME_PRECISION: 1,
    },
    rateTables: [{ name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.6' }] }],
    accounts: [{ name: 'acme', kind: 'customer', balance: '1000', rateTable: 'retail' }],
    mappingGateways: [
      { name: 'in', account: 'acme', auth: 'ip', addresses: [`127.0.0.1:${customer.port}`] },
    ],
    routingGateways: [{ name: 'out', address: `127.0.0.1:${carrier.port}`, prefixes: ['44'] }],
  });
  const answered: string[] = [];
  const playOne = async (): Promise<void> => {
    const call = customer.place(node.target, { callee: '442071234567' });
    if ((await call.answered) !== 200) return;
    await new Promise<void>((resolve) => customer.after(holdMs, resolve));
    if (!call.isOver && (await call.hangUp()) === 200) answered.push(call.callId);
  };
  return {
    ...{ node, receiver, customer, answered },
    load: (rate) => {
      const timer = setInterval(() => void playOne(), 1000 / rate);
      return () => clearInterval(timer);
    },
    handedOff: () => untilHandedOff(node, receiver),
    close: async () => {
      await node.close();
      await Promise.all([customer.close(), carrier.close(), receiver.close()]);
    },
  };
}

export async function handOffUnderCalls(run: HandOffRun): Promise<HandOffResult> {
  const stage = await openHandOffStage();
  const { node, receiver, answered } = stage;
  const stop = stage.load(run.rate);
  try {
    let posts = 0;
    receiver.manner = () => manners[posts++ % manners.length]!;
    for (let kill = 0; kill < run.kills; kill++) {
      await delay(run.upMs);
      await node.crash();
    }
    await delay(run.upMs);
    stop();
    await delay(5 * holdMs);
    receiver.manner = () => taken;
    const cdrs = await stage.handedOff();
    const byCallId = new Set(cdrs.map(({ callId }) => callId));
    const missing = answered.filter((callId) => !byCallId.has(callId));
    assert.deepEqual(missing, [], 'calls whose BYE was answered, without CDR');
    await assertBooks(node, ['acme']);
    const sent = pushedCdrs(receiver).length;
    return { byesAnswered: answered.length, cdrs: cdrs.length, repeats: sent - cdrs.length };
  } finally {
    stop();
    await stage.close();
  }
}

const manners: readonly Manner[] = [
  taken,
  taken,
  { kind: 'answer', status: 500 },
  taken,
  { kind: 'closeWithinAnswer' },
  taken,
  { kind: 'hang' },
];

/** All that came, also what was not confirmed. */
export function pushedCdrs({ posts }: CdrReceiver): CdrLine[] {
  return posts.flatMap(({ body }) => JSON.parse(body) as CdrLine[]);
}

/** The id of each line, file by file. */
export function filedIds(node: NodeUnderTest): string[] {
  const directory = path.join(node.tandem().dataDir, 'cdr-files');
  if (!fs.existsSync(directory)) return [];
  return fs.readdirSync(directory).flatMap((name) => {
    assert.match(name, /^\d{10}(-\d+)?\.txt(\.part)?$/);
    const text = fs.readFileSync(path.join(directory, name), 'utf8');
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => line.slice(line.lastIndexOf('|') + 1));
  });
}

async function untilHandedOff(node: NodeUnderTest, receiver: CdrReceiver): Promise<CdrLine[]> {
  const endMs = performance.now() + handOffMs;
  for (;;) {
    const cdrs = await node.cdrs();
    const byId = new Map(pushedCdrs(receiver).map((cdr) => [cdr.id, cdr]));
    const filed = filedIds(node);
    const lacking = cdrs.filter(({ id }) => !byId.has(id) || !filed.includes(id));
    if (lacking.length === 0) {
      assert.deepEqual(filed.sort(), cdrs.map(({ id }) => id).sort(), 'each line once');
      for (const cdr of cdrs) assert.deepEqual(byId.get(cdr.id), cdr, 'as `tandem cdr` prints it');
      assert.equal(byId.size, cdrs.length);
      return cdrs;
    }
    assert.ok(performance.now() < endMs, `${lacking.length} of ${cdrs.length} are not handed off`);
    await delay(200);
  }
}
