// SIPp calls SIPp through a real node, one behaviour a case: SIPp counts no failed call on either side,
// the CDRs say what happened, and every line is back.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import { projectPath } from '../../bench/peers/project-path.ts';
import {
  assertPlayed,
  placeSippCalls,
  type SippGateway,
  type SippOutcome,
  startSippGateway,
} from '../peers/sipp.ts';
import type { CallCase, GatewayCase } from './call-case.ts';
import { type NodeUnderTest, openNode, type StatusLine } from './node-under-test.ts';
import { callCases } from './sipp-calls.ts';

const callsOf = (one: CallCase): number => one.calls ?? 5;

/** A case with its names and ports: its own customer and carriers, so that cases can run side by side. */
interface PlacedCase extends CallCase {
  readonly name: string;
  readonly prefix: string;
  readonly callerPort: number;
  /** A caller on TCP comes from a port of the kernel's: it is known by an address of its own. */
  readonly callerAddress: string;
  readonly gatewayPorts: readonly number[];
}

const gatewayName = (placed: PlacedCase, index: number): string =>
  `${placed.name}-gateway-${index}`;

async function placeCases(): Promise<PlacedCase[]> {
  const count = callCases.reduce((sum, one) => sum + 1 + one.gateways.length, 0);
  const ports = await freePorts(count);
  return callCases.map((one, index) => {
    const callerPort = ports.pop()!;
    return {
      ...one,
      name: `customer-${index}`,
      // One prefix no beginning of another, also with the number of the call after it.
      prefix: `8${String(index).padStart(2, '0')}`,
      callerPort,
      callerAddress: `127.0.1.${index + 1}`,
      gatewayPorts: one.gateways.map(() => ports.pop()!),
    };
  });
}

function documentOf(cases: readonly PlacedCase[], parameters: CallCase['parameters'] = {}): object {
  return {
    parameters: {
      SS_MAXCPS: 0,
      SS_MAX_CALL_DURATION: 8,
      SS_SIP_TIMEOUT_INVITE: 2,
      SS_SIP_TIMEOUT_TRYING: 2,
      SS_SIP_TIMEOUT_SESSION_PROGRESS: 2,
      SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: 2,
      SS_SIP_TIMEOUT_RINGING: 2,
      ...parameters,
    },
    mappingGateways: cases
      .filter(({ customer }) => customer !== 'unknown')
      .map(({ name, customer, callerAddress, callerPort, transport, limits }) => ({
        name,
        auth: 'ip',
        addresses: [transport === 'tcp' ? callerAddress : `${callerAddress}:${callerPort}`],
        locked: customer === 'locked',
        lineLimit: 100,
        cpsLimit: 100,
        ...limits,
      })),
    routingGateways: cases.flatMap((placed) =>
      placed.gateways.map(({ transport = 'udp', longer = '', limits, timeouts }, index) => ({
        name: gatewayName(placed, index),
        address: `${transport}://127.0.0.1:${placed.gatewayPorts[index]}`,
        prefixes: [placed.prefix + longer],
        priority: index + 1,
        lineLimit: 100,
        cpsLimit: 100,
        ...limits,
        ...timeoutFields(timeouts),
      })),
    ),
  };
}

function timeoutFields(seconds: number | undefined): object {
  if (seconds === undefined) return {};
  return {
    timeoutInvite: seconds,
    timeoutTrying: seconds,
    timeoutSessionProgress: seconds,
    timeoutSessionProgressSdp: seconds,
    timeoutRinging: seconds,
  };
}

interface Blanks {
  readonly status?: number | undefined;
  readonly padding?: number | undefined;
}

/** The name of a scenario, or the path of a copy with its blanks filled in. */
function scenarioOf(folder: string, scenario: string, { status, padding }: Blanks): string {
  if (status === undefined && padding === undefined) return scenario;
  const text = readFileSync(projectPath(`test/scenario/sipp/${scenario}.xml`), 'utf8');
  const copy = join(folder, `${basename(scenario)}-${status ?? padding}.xml`);
  const filled = text.replaceAll('STATUS', String(status));
  writeFileSync(copy, filled.replaceAll('PADDING', String(padding)));
  return copy;
}

const sippTransport = (transport: 'udp' | 'tcp' | undefined): 'u1' | 't1' =>
  transport === 'tcp' ? 't1' : 'u1';

describe('SIPp through a real node', () => {
  let node: NodeUnderTest;
  let cases: PlacedCase[];
  before(async () => {
    node = await openNode({ tcp: true });
    cases = await placeCases();
    await node.apply(documentOf(cases));
  });
  after(() => node.close());

  const startGateway = (placed: PlacedCase, gateway: GatewayCase, index: number) =>
    startSippGateway(
      node.folder,
      scenarioOf(node.folder, gateway.scenario, { ...placed, status: gateway.status }),
      {
        port: placed.gatewayPorts[index]!,
        transport: sippTransport(gateway.transport),
      },
    );

  async function play(placed: PlacedCase): Promise<void> {
    const calls = callsOf(placed);
    const gateways: (SippGateway | undefined)[] = [];
    let called: SippOutcome;
    let taken: (SippOutcome | undefined)[] = [];
    try {
      for (const [index, gateway] of placed.gateways.entries()) {
        const { absent } = gateway;
        gateways.push(absent === true ? undefined : await startGateway(placed, gateway, index));
      }
      called = await placeSippCalls(node.folder, {
        scenario: scenarioOf(node.folder, placed.caller, placed),
        port: placed.callerPort,
        targetPort: node.port,
        service: placed.prefix + (placed.digits ?? ''),
        rate: 20,
        calls,
        transport: sippTransport(placed.transport),
        patienceMs: placed.long === true ? 60_000 : 30_000,
        extra: ['-i', placed.callerAddress],
      });
    } finally {
      taken = await Promise.all(gateways.map((gateway) => gateway?.stop()));
    }
    assertPlayed(called, calls);
    for (const [index, { takes }] of placed.gateways.entries()) {
      const outcome = taken[index];
      if (outcome !== undefined) assertPlayed(outcome, takes === 'none' ? 0 : calls);
    }
  }

  async function checkCdrs(placed: PlacedCase): Promise<void> {
    if (placed.customer === 'unknown') return;
    const cdrs = await node.cdrs('--gateway', placed.name);
    assert.equal(new Set(cdrs.map(({ callId }) => callId)).size, cdrs.length);
    if (placed.cdrs !== undefined) {
      assert.deepEqual(cdrs.map(({ endReason }) => endReason).sort(), placed.cdrs);
      return;
    }
    assert.equal(cdrs.length, callsOf(placed));
    const tried = placed.gateways
      .map(({ takes }, index) => (takes === 'none' ? '' : gatewayName(placed, index)))
      .filter((name) => name !== '');
    for (const cdr of cdrs) {
      const { endReason, endedBy, sipCode } = placed;
      assert.deepEqual(
        { endReason: cdr.endReason, endedBy: cdr.endedBy, sipCode: cdr.sipCode },
        { endReason, endedBy, sipCode },
      );
      assert.deepEqual(
        cdr.attempts.map(({ gateway }) => gateway),
        tried,
      );
      assert.equal(cdr.routingGateway, tried.at(-1) ?? null);
      assert.equal(cdr.answeredAt !== null, placed.answered);
      assert.equal(cdr.holdTimeMs > 0, placed.answered, `holdTimeMs ${cdr.holdTimeMs}`);
      const { holdMsMin = 0 } = placed;
      // clocks of two threads, and the wheel's step
      assert.ok(cdr.holdTimeMs >= holdMsMin - 25, `holdTimeMs ${cdr.holdTimeMs}`);
      assert.ok(cdr.calleeAccess.startsWith(placed.prefix));
    }
  }

  const playThose = (isOne: (one: CallCase) => boolean): void => {
    for (const [index, one] of callCases.entries()) {
      if (!isOne(one)) continue;
      it(one.title, async () => {
        const placed = cases[index]!;
        const { parameters } = placed;
        if (parameters !== undefined) await node.apply(documentOf(cases, parameters), one.title);
        await play(placed);
        await checkCdrs(placed);
      });
    }
  };
  const isAlone = ({ parameters }: CallCase): boolean => parameters !== undefined;

  describe('side by side', { concurrency: true }, () => {
    describe('calls that last', { concurrency: true }, () =>
      playThose(({ long }) => long === true),
    );
    describe('a call of each kind', { concurrency: 4 }, () =>
      playThose((one) => one.long !== true && !isAlone(one)),
    );
  });

  describe('a call under parameters of its own', () => playThose(isAlone));

  it('every line is back, and every call has one CDR', async () => {
    await node.quiet();
    const status = JSON.parse(await node.command('status')) as StatusLine;
    assert.equal(status.callsUp, 0);
    assert.equal(status.counters.bugs, 0);
    assert.equal(status.counters.dropNoCallId, 0);
    const written = callCases.map((one) => (one.cdrs?.length ?? 1) * callsOf(one));
    assert.equal(
      (await node.cdrs()).length,
      written.reduce((sum, count) => sum + count, 0),
    );
  });
});
