// A switch stage with accounts: a customer, an agent that may stand above it and a carrier that is paid, with as
// much money as the test says.
import type { Cdr } from '../../core/cdr/cdr.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import { snapshotOf } from './snapshot-of.ts';
import {
  type AnsweredCall,
  callerRequest,
  createStage,
  responseTo,
  type Stage,
} from './switch-stage.ts';

/** A hundredth, in units of 10^-8. */
export const cent = 1_000_000n;

type Fields = Record<string, unknown>;

/** 0.06 a minute by the second for acme, 0.03 for its agents; the carrier gets 0.6 a minute by six seconds. */
export interface Changes {
  readonly acme?: Fields;
  readonly north?: Fields;
  readonly alpha?: Fields;
  readonly rates?: readonly Fields[];
  readonly packages?: readonly Fields[];
  readonly parameters?: Fields;
  readonly mapping?: Fields;
  readonly routing?: Fields;
  /** Units, by account; others have plenty. */
  readonly money?: Readonly<Record<string, bigint>>;
}

export function documentOf(changes: Changes): Fields {
  return {
    parameters: { SS_MAXCPS: 0, ...changes.parameters },
    rateTables: [
      { name: 'retail', rates: changes.rates ?? [{ prefix: '44', ratePerMinute: '0.06' }] },
      { name: 'agents', rates: [{ prefix: '', ratePerMinute: '0.03' }] },
      {
        name: 'buy',
        rates: [
          {
            prefix: '44',
            ratePerMinute: '0.6',
            firstIncrementSeconds: 6,
            nextIncrementSeconds: 6,
          },
        ],
      },
    ],
    packages: changes.packages ?? [],
    accounts: [
      { name: 'acme', kind: 'customer', rateTable: 'retail', ...changes.acme },
      { name: 'north', kind: 'agent', rateTable: 'agents', ...changes.north },
      { name: 'alpha', kind: 'clearing', rateTable: 'buy', ...changes.alpha },
    ],
    mappingGateways: [
      { name: 'acme-in', account: 'acme', addresses: ['127.0.0.2'], ...changes.mapping },
    ],
    routingGateways: [
      {
        name: 'alpha',
        account: 'alpha',
        address: '127.0.0.3:5060',
        prefixes: ['44', '33'],
        priority: 1,
        ...changes.routing,
      },
      { name: 'beta', address: '127.0.0.4:5060', prefixes: ['44'], priority: 2 },
    ],
  };
}

export interface MoneyStage extends Stage {
  readonly slotOf: (account: string) => number;
  /** Units that this account has available. */
  readonly left: (account: string) => bigint | undefined;
  readonly put: (account: string, units: bigint) => void;
  readonly cdr: () => Cdr;
}

export function moneyStage(changes: Changes = {}): MoneyStage {
  const document = documentOf(changes);
  const stage = createStage(document);
  const snapshot = snapshotOf(document);
  const slotOf = (account: string): number =>
    accountAt(snapshot, accountRowByName(snapshot, account)).slot;
  const { effects } = stage;
  for (const [account, units] of Object.entries(changes.money ?? {})) {
    effects.money.set(slotOf(account), units);
  }
  return {
    ...stage,
    slotOf,
    left: (account) => effects.money.get(slotOf(account)),
    put: (account, units) => void effects.money.set(slotOf(account), units),
    cdr: () => effects.ends.at(-1)!,
  };
}

export function hangUp(stage: Stage, { invite, callerTag }: AnsweredCall): void {
  stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
  const [bye] = stage.carrierA.take();
  if (bye !== undefined) stage.carrierA.send(responseTo(bye, 200));
  stage.caller.take();
}
