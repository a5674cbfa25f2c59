// SIPp calls SIPp through a real node, one behaviour a case: SIPp counts no failed call on either side,
// the CDRs say what happened, and every line is back.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { projectPath } from '../../bench/peers/project-path.ts';
import { assertPlayed, placeSippCalls, type SippGateway, startSippGateway } from '../peers/sipp.ts';
import { freePorts, type NodeUnderTest, openNode, type StatusLine } from './node-under-test.ts';
import { type CallCase, callCases, type GatewayCase } from './sipp-calls.ts';

const calls = 5;

/** A case with its names and ports: its own customer and carriers, so that cases can run side by side. */
interface PlacedCase extends CallCase {
  readonly customer: string;
  readonly prefix: string;
  readonly callerPort: number;
  /** A caller on TCP comes from a port of the kernel's: it is known by an address of its own. */
  readonly callerAddress: string;
  readonly gatewayPorts: readonly number[];
}

const gatewayName = (placed: PlacedCase, index: number): string =>
  `${placed.customer}-gateway-${index}`;

async function placeCases(): Promise<PlacedCase[]> {
  const count = callCases.reduce((sum, one) => sum + 1 + one.gateways.length, 0);
  const ports = await freePorts(count);
  return callCases.map((one, index) => {
    const callerPort = ports.pop()!;
    return {
      ...one,
      customer: `customer-${index}`,
      prefix: `8${String(index).padStart(2, '0')}`,
      callerPort,
      callerAddress: `127.0.1.${index + 1}`,
      gatewayPorts: one.gateways.map(() => ports.pop()!),
    };
  });
}

function documentOf(cases: readonly PlacedCase[]): object {
  return {
    parameters: { SS_MAXCPS: 0, SS_SIP_TIMEOUT_RINGING: 2 },
    mappingGateways: cases.map(({ customer, callerAddress, callerPort, transport }) => ({
      name: customer,
      auth: 'ip',
      addresses: [transport === 'tcp' ? callerAddress : `${callerAddress}:${callerPort}`],
      lineLimit: 100,
      cpsLimit: 100,
    })),
    routingGateways: cases.flatMap((placed) =>
      placed.gateways.map(({ transport = 'udp' }, index) => ({
        name: gatewayName(placed, index),
        address: `${transport}://127.0.0.1:${placed.gatewayPorts[index]}`,
        prefixes: [placed.prefix],
        priority: index + 1,
        lineLimit: 100,
        cpsLimit: 100,
      })),
    ),
  };
}

/** The name of a scenario, or the path of a copy with its status filled in. */
function scenarioOf(folder: string, scenario: string, status: number | undefined): string {
  if (status === undefined) return scenario;
  const text = readFileSync(projectPath(`test/scenario/sipp/${scenario}.xml`), 'utf8');
  const copy = join(folder, `${basename(scenario)}-${status}.xml`);
  writeFileSync(copy, text.replaceAll('STATUS', String(status)));
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
    startSippGateway(node.folder, scenarioOf(node.folder, gateway.scenario, gateway.status), {
      port: placed.gatewayPorts[index]!,
      transport: sippTransport(gateway.transport),
    });

  async function play(placed: PlacedCase): Promise<void> {
    const gateways: SippGateway[] = [];
    for (const [index, gateway] of placed.gateways.entries()) {
      gateways.push(await startGateway(placed, gateway, index));
    }
    const called = await placeSippCalls(node.folder, {
      scenario: scenarioOf(node.folder, placed.caller, placed.status),
      port: placed.callerPort,
      targetPort: node.port,
      service: placed.prefix,
      rate: 20,
      calls,
      transport: sippTransport(placed.transport),
      extra: ['-i', placed.callerAddress],
    });
    const taken = await Promise.all(gateways.map((gateway) => gateway.stop()));
    assertPlayed(called, calls);
    for (const [index, { takes }] of placed.gateways.entries()) {
      assertPlayed(taken[index]!, takes === 'none' ? 0 : calls);
    }
  }

  async function checkCdrs(placed: PlacedCase): Promise<void> {
    const cdrs = await node.cdrs('--gateway', placed.customer);
    assert.equal(cdrs.length, calls);
    assert.equal(new Set(cdrs.map(({ callId }) => callId)).size, calls);
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
      assert.ok(cdr.calleeAccess.startsWith(placed.prefix));
    }
  }

  describe('a call of each kind', { concurrency: 4 }, () => {
    for (const [index, { title }] of callCases.entries()) {
      it(title, async () => {
        const placed = cases[index]!;
        await play(placed);
        await checkCdrs(placed);
      });
    }
  });

  it('every line is back, and every call has one CDR', async () => {
    await node.quiet();
    const status = JSON.parse(await node.command('status')) as StatusLine;
    assert.equal(status.callsUp, 0);
    assert.equal(status.counters.bugs, 0);
    assert.equal(status.counters.dropNoCallId, 0);
    assert.equal((await node.cdrs()).length, calls * callCases.length);
  });
});
