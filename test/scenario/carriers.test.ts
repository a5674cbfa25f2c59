// SIPp as several carriers of one number: they refuse, stay silent, answer late, ring or send a session and then
// fail. The gateway that took the call and each attempt (code, time, delay) are in the CDR; routing analysis of
// that CDR names the same gateway.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import type { CdrJson } from '../../core/cdr/cdr-json.ts';
import { logIdText } from '../../core/cdr/cdr-json.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import {
  assertPlayed,
  placeSippCalls,
  type SippGateway,
  scenarioWith,
  startSippGateway,
} from '../peers/sipp.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';

interface Carrier {
  readonly name: string;
  readonly scenario: string;
  /** Replaces STATUS in its scenario. */
  readonly status?: number;
  readonly fields?: object;
  /** Of its attempt; absent: no call reaches it. */
  readonly attempt?: Attempt;
}

interface Attempt {
  readonly sipCode: number;
  readonly endReason: string;
  /** Least time that it takes, ms. */
  readonly tookMs: number;
  /** Least time from the end of the attempt before to this one, ms; default 0. */
  readonly waitedMs?: number;
}

interface CarrierCase {
  readonly title: string;
  readonly caller: string;
  readonly status?: number;
  /** Of the customer. */
  readonly fields?: object;
  /** In the order in which they are to be tried. */
  readonly carriers: readonly Carrier[];
  readonly answered: boolean;
  readonly sipCode: number;
}

const calls = 3;
/** SS_SIP_TIMEOUT_INVITE and SS_SIP_TIMEOUT_TRYING. */
const inviteSeconds = 1;
const tryingSeconds = 2;
/** Clocks of two threads and the wheel's step. */
const toleranceMs = 25;
/** On a machine that is busy with other tests. */
const lateMs = 4000;

const answers = { sipCode: 200, endReason: 'Normal release', tookMs: 50 };
const refused = (status: number, text: string, tookMs = 0): Attempt => ({
  sipCode: status,
  endReason: `SIP ${status} ${text}`,
  tookMs,
});

const cases: readonly CarrierCase[] = [
  {
    title: 'one refuses, one is silent, one stays at 100, one answers late',
    caller: 'caller-answer',
    carriers: [
      {
        name: 'refuses',
        scenario: 'gateway-refuses',
        status: 503,
        attempt: refused(503, 'Service Unavailable'),
      },
      {
        name: 'silent',
        scenario: 'gateway-silent',
        attempt: { sipCode: 0, endReason: 'InviteTimeout', tookMs: inviteSeconds * 1000 },
      },
      {
        name: 'trying',
        scenario: 'gateway-stays-at',
        status: 100,
        // The answer to our CANCEL.
        attempt: { sipCode: 487, endReason: 'Response timeout', tookMs: tryingSeconds * 1000 },
      },
      {
        name: 'late',
        scenario: 'gateway-answers-late',
        attempt: { ...answers, tookMs: 1200 },
      },
      { name: 'spare', scenario: 'gateway-answer' },
    ],
    answered: true,
    sipCode: 200,
  },
  {
    title: 'one sends a session and fails: nobody else is tried',
    caller: 'caller-refused-early',
    status: 503,
    carriers: [
      {
        name: 'early',
        scenario: 'gateway-fails-early',
        status: 503,
        attempt: refused(503, 'Service Unavailable', 200),
      },
      { name: 'spare', scenario: 'gateway-answer' },
    ],
    answered: false,
    sipCode: 503,
  },
  {
    title: 'one sends a session and fails, with switchAllowSdp: the next one answers',
    caller: 'caller-any-ringing',
    carriers: [
      {
        name: 'early',
        scenario: 'gateway-fails-early',
        status: 480,
        fields: { switchAllowSdp: true, switchAllowRing: true },
        attempt: refused(480, 'Temporarily Unavailable', 200),
      },
      { name: 'next', scenario: 'gateway-answer', attempt: answers },
    ],
    answered: true,
    sipCode: 200,
  },
  {
    title: 'one rings and fails, with switchUntilConnect: the next one answers',
    caller: 'caller-any-ringing',
    carriers: [
      {
        name: 'rings',
        scenario: 'gateway-fails-ringing',
        status: 500,
        fields: { switchUntilConnect: true },
        attempt: refused(500, 'Server Internal Error', 200),
      },
      { name: 'next', scenario: 'gateway-answer', attempt: answers },
    ],
    answered: true,
    sipCode: 200,
  },
  {
    title: 'one rings and fails: nobody else is tried',
    caller: 'caller-refused',
    status: 500,
    carriers: [
      {
        name: 'rings',
        scenario: 'gateway-fails-ringing',
        status: 500,
        attempt: refused(500, 'Server Internal Error', 200),
      },
      { name: 'spare', scenario: 'gateway-answer' },
    ],
    answered: false,
    sipCode: 500,
  },
  {
    title: 'all fail: a protect route answers after its delay',
    caller: 'caller-answer',
    fields: { protectRouteDelaySeconds: 1 },
    carriers: [
      {
        name: 'first',
        scenario: 'gateway-refuses',
        status: 500,
        attempt: refused(500, 'Server Internal Error'),
      },
      {
        name: 'second',
        scenario: 'gateway-refuses',
        status: 404,
        attempt: refused(404, 'Not Found'),
      },
      {
        name: 'protect',
        scenario: 'gateway-answer',
        fields: { protect: true },
        attempt: { ...answers, waitedMs: 1000 },
      },
    ],
    answered: true,
    sipCode: 200,
  },
];

interface PlacedCase extends CarrierCase {
  readonly customer: string;
  readonly prefix: string;
  readonly callerPort: number;
  readonly ports: readonly number[];
}

async function placeCases(): Promise<PlacedCase[]> {
  const ports = await freePorts(cases.reduce((sum, { carriers }) => sum + 1 + carriers.length, 0));
  return cases.map((one, index) => ({
    ...one,
    customer: `customer-${index}`,
    prefix: `70${index}`,
    callerPort: ports.pop()!,
    ports: one.carriers.map(() => ports.pop()!),
  }));
}

const gatewayName = ({ customer }: PlacedCase, { name }: Carrier): string => `${customer}-${name}`;

function documentOf(placed: readonly PlacedCase[]): {
  readonly parameters: object;
  readonly mappingGateways: readonly object[];
  readonly routingGateways: readonly object[];
} {
  return {
    parameters: {
      SS_MAXCPS: 0,
      SS_SIP_TIMEOUT_INVITE: inviteSeconds,
      SS_SIP_TIMEOUT_TRYING: tryingSeconds,
    },
    mappingGateways: placed.map(({ customer, callerPort, fields }) => ({
      name: customer,
      addresses: [`127.0.0.1:${callerPort}`],
      ...fields,
    })),
    routingGateways: placed.flatMap((one) =>
      one.carriers.map((carrier, index) => ({
        name: gatewayName(one, carrier),
        address: `127.0.0.1:${one.ports[index]}`,
        prefixes: [one.prefix],
        priority: index + 1,
        ...carrier.fields,
      })),
    ),
  };
}

describe('carriers played by SIPp', () => {
  let node: NodeUnderTest;
  let placed: PlacedCase[];
  before(async () => {
    node = await openNode();
    placed = await placeCases();
    await node.apply(documentOf(placed));
  });
  after(() => node.close());

  const scenarioOf = (scenario: string, status: number | undefined): string =>
    scenarioWith(node.folder, scenario, { STATUS: status });

  async function play(one: PlacedCase): Promise<void> {
    const gateways: SippGateway[] = [];
    try {
      for (const [index, { scenario, status }] of one.carriers.entries()) {
        const port = one.ports[index]!;
        gateways.push(await startSippGateway(node.folder, scenarioOf(scenario, status), { port }));
      }
      const called = await placeSippCalls(node.folder, {
        scenario: scenarioOf(one.caller, one.status),
        port: one.callerPort,
        targetPort: node.port,
        service: one.prefix,
        rate: 10,
        calls,
      });
      assertPlayed(called, calls);
    } finally {
      const taken = await Promise.all(gateways.map((gateway) => gateway.stop()));
      for (const [index, { attempt }] of one.carriers.entries()) {
        assertPlayed(taken[index]!, attempt === undefined ? 0 : calls);
      }
    }
  }

  function checkAttempts(one: PlacedCase, { attempts }: CdrJson): void {
    const tried = one.carriers.filter(({ attempt }) => attempt !== undefined);
    assert.deepEqual(
      attempts.map(({ gateway, sipCode, endReason }) => ({ gateway, sipCode, endReason })),
      tried.map((carrier) => ({
        gateway: gatewayName(one, carrier),
        sipCode: carrier.attempt!.sipCode,
        endReason: carrier.attempt!.endReason,
      })),
    );
    let endedAt = 0;
    for (const [index, { startedAt, tookMs, gateway }] of attempts.entries()) {
      const { tookMs: least, waitedMs = 0 } = tried[index]!.attempt!;
      const at = Date.parse(startedAt);
      const took = `${gateway} took ${tookMs} ms`;
      assert.ok(tookMs >= least - toleranceMs && tookMs < least + lateMs, took);
      if (index > 0) {
        const waited = at - endedAt;
        const what = `${gateway} began ${waited} ms after the one before`;
        assert.ok(waited >= waitedMs - toleranceMs && waited < waitedMs + lateMs, what);
      }
      endedAt = at + tookMs;
    }
  }

  async function checkExplained(cdr: CdrJson): Promise<void> {
    const ask = async (id: string): Promise<RouteExplanation & { recorded: CdrJson }> =>
      JSON.parse(await node.command('route', '--cdr', id));
    const explained = await ask(cdr.callId);
    assert.equal(explained.winner, cdr.routingGateway);
    assert.equal(explained.calleeAccess, cdr.calleeAccess);
    assert.equal(explained.configurationVersion, cdr.configurationVersion);
    assert.deepEqual(explained.recorded, cdr);
    // All are listed that would be tried while each one fails; those that were are the first of them.
    const tried = cdr.attempts.map(({ gateway }) => gateway);
    assert.deepEqual([...explained.order, ...explained.protect].slice(0, tried.length), tried);
    assert.deepEqual(await ask(logIdText(cdr.logId)), explained);
  }

  describe('a call of each kind', { concurrency: 3 }, () => {
    for (const [index, { title }] of cases.entries()) {
      it(title, async () => {
        const one = placed[index]!;
        await play(one);
        const cdrs = (await node.cdrs('--gateway', one.customer)) as unknown as CdrJson[];
        assert.equal(cdrs.length, calls);
        for (const cdr of cdrs) {
          assert.equal(cdr.answeredAt !== null, one.answered);
          assert.equal(cdr.sipCode, one.sipCode);
          checkAttempts(one, cdr);
          assert.equal(cdr.routingGateway, cdr.attempts.at(-1)!.gateway);
        }
        await checkExplained(cdrs[0]!);
      });
    }
  });

  it('what a call ran on is asked after the configuration has changed', async () => {
    const one = placed[0]!;
    const [cdr] = (await node.cdrs('--gateway', one.customer)) as unknown as CdrJson[];
    const document = documentOf(placed);
    // Longer prefixes of another carrier come first now.
    const prefixes = Array.from({ length: 10 }, (_, digit) => `${one.prefix}${digit}`);
    const routingGateways = [
      ...document.routingGateways,
      { name: 'new', address: `127.0.0.1:${one.ports[0]!}`, prefixes },
    ];
    await node.apply({ ...document, routingGateways }, 'changed');
    const now = await node.command(
      'route',
      '--gateway',
      one.customer,
      '--callee',
      cdr!.calleeAccess,
    );
    assert.equal((JSON.parse(now) as RouteExplanation).winner, 'new');
    await checkExplained(cdr!);
  });
});
