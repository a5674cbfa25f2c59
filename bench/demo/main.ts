// `npm run demo`: a softswitch on embedded stores in a folder of its own, simulated customers and carriers
// on loopback that place calls through it, and live figures. Ctrl-C (or `--seconds N`) ends the calls,
// checks that every call left its CDR, and stops the switch.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EngineFigures } from '../../workers/admin-messages.ts';
import { type GatewayCounts, type GatewayScript, runGateway } from '../peers/scripted-gateway.ts';
import { startUserAgent, type UserAgent } from '../peers/sip-user-agent.ts';
import {
  applyDocument,
  chooseTandemOptions,
  runTandemCommand,
  startTandem,
  stopTandem,
  type Tandem,
} from '../peers/tandem.ts';
import {
  type CarrierName,
  type CustomerName,
  carrierNames,
  customerNames,
  demoDocument,
  partyOf,
} from './configuration.ts';
import { type Customers, runCustomers } from './customers.ts';
import { draw } from './screen.ts';

function scriptOf(carrier: CarrierName, callee: string): GatewayScript {
  if (carrier === 'carrier-faulty') return { status: 503, provisional: 0 };
  const party = partyOf(callee);
  if (party === 'busy') return { status: 486, ringMs: 200 };
  return party === 'silent' ? { status: 0 } : { status: 200, ringMs: 600 };
}

function portsOf<Name extends string>(
  names: readonly Name[],
  agents: readonly UserAgent[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name, i) => [name, agents[i]!.port])) as Record<
    Name,
    number
  >;
}

async function status(tandem: Tandem): Promise<EngineFigures> {
  const response = await fetch(`${tandem.adminUrl}/api/v1/status`, {
    headers: { authorization: `Bearer ${tandem.token}` },
  });
  if (!response.ok) throw new Error(`GET /api/v1/status: ${response.status}`);
  return (await response.json()) as EngineFigures;
}

/** Draws until `stop` aborts or the switch is gone. */
async function watch(tandem: Tandem, customers: Customers, stop: AbortSignal): Promise<void> {
  const dashboard = `${tandem.adminUrl}/#token=${tandem.token}`;
  console.log(`Dashboard: ${dashboard}`);
  while (!stop.aborted && tandem.child.running()) {
    draw({ figures: await status(tandem), counts: customers.counts, dashboard });
    await delay(1000, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Every call placed has exactly one CDR. */
async function checkCdrs(tandem: Tandem, customers: Customers): Promise<boolean> {
  const lines = (await runTandemCommand(tandem.dataDir, 'cdr'))
    .split('\n')
    .filter((line) => line !== '');
  const found = new Map<string, number>();
  for (const line of lines) {
    const { callId } = JSON.parse(line) as { callId: string };
    found.set(callId, (found.get(callId) ?? 0) + 1);
  }
  const wrong = customers.callIds.filter((callId) => found.get(callId) !== 1).length;
  console.log(
    `${customers.callIds.length} calls placed, ${lines.length} CDRs, ${wrong} calls without exactly one.`,
  );
  return wrong === 0 && lines.length === customers.callIds.length;
}

function summarize(customers: Customers, carriers: readonly GatewayCounts[]): void {
  console.log('');
  for (const [kind, { placed, asExpected, otherwise, cutShort }] of Object.entries(
    customers.counts,
  )) {
    console.log(
      `${kind}: ${placed} placed, ${asExpected} as expected, ${cutShort} cut short, ${otherwise} otherwise`,
    );
  }
  carrierNames.forEach((name, i) => {
    const { offered, answered, refused, cancelled } = carriers[i]!;
    console.log(
      `${name}: ${offered} offered, ${answered} answered, ${refused} refused, ${cancelled} cancelled`,
    );
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, cps: { type: 'string', default: '12' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'tandem-demo-'));
  const agents: UserAgent[] = [];
  for (let i = 0; i < customerNames.length + carrierNames.length; i++) {
    agents.push(await startUserAgent());
  }
  const callers = agents.slice(0, customerNames.length);
  const called = agents.slice(customerNames.length);
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());

  const options = await chooseTandemOptions(folder);
  const tandem = await startTandem({ ...options, drainSeconds: 5, ownGroup: true });
  let correct = false;
  try {
    const customerPorts: Record<CustomerName, number> = portsOf(customerNames, callers);
    const document = demoDocument(customerPorts, portsOf(carrierNames, called));
    await applyDocument(tandem, document, 'demo');
    const carriers = called.map((agent, i) =>
      runGateway(agent, (callee) => scriptOf(carrierNames[i]!, callee)),
    );
    const target = { address: '127.0.0.1', port: tandem.port };
    const customers = runCustomers(callers, target, Number(values.cps));
    if (values.seconds !== undefined) setTimeout(() => stop.abort(), Number(values.seconds) * 1000);
    await watch(tandem, customers, stop.signal);
    console.log('\nEnding the calls that are up ...');
    await customers.stop();
    summarize(customers, carriers);
    const asExpected = Object.values(customers.counts).every(({ otherwise }) => otherwise === 0);
    correct = (await checkCdrs(tandem, customers)) && asExpected;
  } finally {
    await stopTandem(tandem);
    for (const agent of agents) await agent.close();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = correct ? 0 : 1;
}

await main();
