// The switching table, row by row.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParameters, type Parameters } from '../../core/configuration/model.ts';
import { routingGatewayAt } from '../../core/configuration/open-snapshot.ts';
import type { RoutingGateway } from '../../core/configuration/snapshot.ts';
import { type AttemptOutcome, mayTryNext } from '../../core/routing/gateway-switching.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function gatewayWith(fields: object): RoutingGateway {
  const routingGateways = [{ name: 'g', address: '192.0.2.1', prefixes: [''], ...fields }];
  return routingGatewayAt(snapshotOf({ routingGateways }), 0);
}

function decide(
  outcome: Partial<AttemptOutcome>,
  gateway: object = {},
  parameters: Partial<Parameters> = {},
): boolean {
  return mayTryNext(
    {
      kind: 'response',
      sipCode: 503,
      cause: 0,
      ringing: false,
      sdpSeen: false,
      attemptsMade: 1,
      ...outcome,
    },
    gatewayWith(gateway),
    { ...defaultParameters, ...parameters },
  );
}

describe('after a failed attempt', () => {
  it('the next gateway is tried on timeouts and transport errors', () => {
    assert.equal(decide({ kind: 'timeout', sipCode: 0 }), true);
    assert.equal(decide({ kind: 'transport', sipCode: 0 }), true);
  });

  it('and on 3xx, challenges, 4xx and 5xx', () => {
    for (const sipCode of [300, 302, 400, 401, 403, 404, 407, 408, 480, 487, 488, 500, 503, 580]) {
      assert.equal(decide({ sipCode }), true, String(sipCode));
    }
  });

  it('but not on 6xx', () => {
    for (const sipCode of [600, 603, 604, 606, 699]) {
      assert.equal(decide({ sipCode }), false, String(sipCode));
    }
  });

  it('nor on busy, unless the parameter is off', () => {
    assert.equal(decide({ sipCode: 486 }), false);
    const off = { SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: false };
    assert.equal(decide({ sipCode: 486 }, {}, off), true);
    assert.equal(decide({ sipCode: 600 }, {}, off), false);
  });

  it('nor on a stop code of the gateway', () => {
    assert.equal(decide({ sipCode: 404 }, { stopCodes: [403, 404] }), false);
    assert.equal(decide({ sipCode: 503 }, { stopCodes: [403, 404] }), true);
    assert.equal(decide({ kind: 'timeout', sipCode: 0 }, { stopCodes: [408] }), true);
  });

  it('after ringing only with switchUntilConnect, of the gateway or of the system', () => {
    for (const kind of ['response', 'timeout'] as const) {
      assert.equal(decide({ kind, ringing: true }), false);
      assert.equal(decide({ kind, ringing: true }, { switchUntilConnect: true }), true);
      assert.equal(
        decide({ kind, ringing: true }, {}, { SS_GATEWAY_SWITCH_UNTIL_CONNECT: true }),
        true,
      );
    }
    assert.equal(decide({ sipCode: 486, ringing: true }, { switchUntilConnect: true }), false);
  });

  it('after SDP not at all while SS_SIP_STOP_SWITCH_AFTER_SDP is on', () => {
    const outcome = { kind: 'timeout', ringing: true, sdpSeen: true } as const;
    assert.equal(decide(outcome, { switchUntilConnect: true }), false);
    const off = { SS_SIP_STOP_SWITCH_AFTER_SDP: false };
    assert.equal(decide(outcome, { switchUntilConnect: true }, off), true);
    assert.equal(decide(outcome, {}, off), false);
  });

  it('at most SS_GATEWAY_SWITCH_LIMIT attempts are made; 0 is no limit', () => {
    const limit = { SS_GATEWAY_SWITCH_LIMIT: 3 };
    assert.equal(decide({ attemptsMade: 2 }, {}, limit), true);
    assert.equal(decide({ attemptsMade: 3 }, {}, limit), false);
    assert.equal(decide({ attemptsMade: 31 }), true);
  });

  it('nothing is tried for a caller who gave up', () => {
    assert.equal(decide({ kind: 'cancelled', sipCode: 487 }), false);
  });
});
