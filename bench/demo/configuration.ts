// The demo's network: three customers, four carriers, and what each kind of call dials.

export const customerNames = ['alpha-telecom', 'bravo-voice', 'charlie-cloud'] as const;
export const carrierNames = [
  'carrier-north',
  'carrier-south',
  'carrier-east',
  'carrier-faulty',
] as const;
export type CustomerName = (typeof customerNames)[number];
export type CarrierName = (typeof carrierNames)[number];

export const callKindNames = ['answered', 'busy', 'no answer', 'rerouted', 'cancelled'] as const;
export type CallKindName = (typeof callKindNames)[number];

/** The last two digits of a called number decide what the called party does. */
const busyEnding = '86';
const silentEnding = '99';

export function endingOf(kind: CallKindName): string {
  if (kind === 'busy') return busyEnding;
  return kind === 'no answer' || kind === 'cancelled' ? silentEnding : '00';
}

export function partyOf(callee: string): 'busy' | 'silent' | 'answers' {
  if (callee.endsWith(busyEnding)) return 'busy';
  return callee.endsWith(silentEnding) ? 'silent' : 'answers';
}

/** Country codes: 33 goes to the faulty carrier first, so a call there is refused and rerouted. */
export const plainCountries: readonly string[] = ['44', '49', '39', '61'];
export const reroutedCountry = '33';

export function demoDocument(
  customerPorts: Readonly<Record<CustomerName, number>>,
  carrierPorts: Readonly<Record<CarrierName, number>>,
): object {
  const routes: Readonly<Record<CarrierName, { prefixes: string[]; priority: number }>> = {
    'carrier-north': { prefixes: ['44', '49'], priority: 1 },
    'carrier-south': { prefixes: ['33', '39', '44'], priority: 2 },
    'carrier-east': { prefixes: ['61', '49'], priority: 3 },
    'carrier-faulty': { prefixes: [reroutedCountry], priority: 1 },
  };
  return {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: customerNames.map((name) => ({
      name,
      auth: 'ip',
      addresses: [`127.0.0.1:${customerPorts[name]}`],
      lineLimit: 200,
      cpsLimit: 0,
    })),
    routingGateways: carrierNames.map((name) => ({
      name,
      address: `127.0.0.1:${carrierPorts[name]}`,
      ...routes[name],
      lineLimit: 500,
      cpsLimit: 0,
    })),
  };
}
