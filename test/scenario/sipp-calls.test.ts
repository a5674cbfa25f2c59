// SIPp calls SIPp through a real node, one behaviour a case: SIPp counts no failed call on either side,
// the CDRs say what happened, and every line is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import {
  assertPlayed,
  placeSippCalls,
  type SippGateway,
  type SippOutcome,
  scenarioWith,
  startSippGateway,
} from '../peers/sipp.ts';
import type { CallCase, GatewayCase } from './call-case.ts';
import { dialogCalls } from './dialog-calls.ts';
import { type NodeUnderTest, openNode, type StatusLine } from './node-under-test.ts';
import { refusalRateTables, refusedCalls } from './refused-calls.ts';
import { routedCalls } from './routed-calls.ts';

const callCases = [...dialogCalls, ...routedCalls, ...refusedCalls];

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
      prefix: `8${String(index).padStart(3, '0')}`,
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
    ...sectionsOf(cases),
  };
}

/** Every section of the configuration but the parameters. */
function sectionsOf(cases: readonly PlacedCase[]): Record<string, object[]> {
  const all: Record<string, object[]> = { rateTables: [...refusalRateTables] };
  const add = (section: string, ...items: readonly object[]): void => {
    all[section] ??= [];
    all[section].push(...items);
  };
  for (const placed of cases) {
    const { name, callerAddress, callerPort, transport, anyPort, neighbour } = placed;
    const known = transport === 'tcp' || anyPort ? callerAddress : `${callerAddress}:${callerPort}`;
    const limits = { lineLimit: 100, cpsLimit: 100 };
    if (placed.unknown !== true) {
      const customer = { name, auth: 'ip', addresses: [known], ...limits, ...placed.fields };
      add('mappingGateways', customer);
    }
    if (neighbour !== undefined) {
      const other = { name: `${name}-neighbour`, auth: 'ip', addresses: [callerAddress] };
      add('mappingGateways', { ...other, ...neighbour });
    }
    for (const [index, { transport = 'udp', longer = '', fields }] of placed.gateways.entries()) {
      add('routingGateways', {
        name: gatewayName(placed, index),
        address: `${transport}://127.0.0.1:${placed.gatewayPorts[index]}`,
        prefixes: [placed.prefix + longer],
        priority: index + 1,
        ...limits,
        ...fields,
      });
    }
    for (const [section, items] of Object.entries(placed.sections ?? {})) add(section, ...items);
  }
  return all;
}

interface Blanks {
  readonly status?: number | undefined;
  readonly padding?: number | undefined;
  readonly callerPrefix?: string | undefined;
}

const scenarioOf = (folder: string, scenario: string, blanks: Blanks): string =>
  scenarioWith(folder, scenario, {
    STATUS: blanks.status,
    PADDING: blanks.padding,
    '3910[call_number]':
      blanks.callerPrefix === undefined ? undefined : `${blanks.callerPrefix}[call_number]`,
  });

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
      scenarioOf(node.folder, gateway.scenario, {
        padding: placed.padding,
        status: gateway.status,
      }),
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
        ...(placed.holdMs === undefined ? {} : { holdMs: placed.holdMs }),
        patienceMs: placed.long === true ? 60_000 : 30_000,
        extra: ['-i', placed.callerAddress],
      });
    } finally {
      taken = await Promise.all(gateways.map((gateway) => gateway?.stop()));
    }
    assertPlayed(called, calls);
    for (const [index, { takes }] of placed.gateways.entries()) {
      const outcome = taken[index];
      if (outcome !== undefined) assertPlayed(outcome, takes === 'every call' ? calls : takes);
    }
  }

  async function checkCdrs(placed: PlacedCase): Promise<void> {
    const { name, prefix, unknown, numberless } = placed;
    const cdrs = await node.cdrsOf(unknown === true ? { calleePrefix: prefix } : { gateway: name });
    assert.equal(new Set(cdrs.map(({ callId }) => callId)).size, cdrs.length);
    if (placed.cdrs !== undefined) {
      assert.deepEqual(cdrs.map(({ endReason }) => endReason).sort(), placed.cdrs);
      return;
    }
    assert.equal(cdrs.length, callsOf(placed));
    const tried = placed.gateways
      .map(({ takes }, index) => (takes === 0 ? '' : gatewayName(placed, index)))
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
      if (numberless === true) assert.equal(cdr.calleeAccess, '');
      else assert.ok(cdr.calleeAccess.startsWith(prefix));
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
    describe('a call of each kind', { concurrency: 6 }, () =>
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
    const written = callCases.map((one) => one.cdrs?.length ?? callsOf(one));
    assert.equal(
      (await node.cdrs()).length,
      written.reduce((sum, count) => sum + count, 0),
    );
  });
});
