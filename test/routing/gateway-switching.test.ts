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

const noStopAfterSdp = { SS_SIP_STOP_SWITCH_AFTER_SDP: false };

describe('after a failed attempt', () => {
  it('the next gateway is tried on timeouts and transport errors', () => {
    assert.equal(decide({ kind: 'timeout', sipCode: 0 }), true);
    assert.equal(decide({ kind: 'transport', sipCode: 0 }), true);
  });

  it('and on 3xx, challenges, 4xx, 5xx and 6xx', () => {
    for (const sipCode of [300, 302, 400, 401, 403, 404, 407, 408, 480, 487, 488, 500, 503, 580]) {
      assert.equal(decide({ sipCode }), true, String(sipCode));
    }
    for (const sipCode of [603, 604, 606, 607, 699]) {
      assert.equal(decide({ sipCode }), true, String(sipCode));
    }
  });

  it('but not on busy, unless the parameter is off', () => {
    for (const sipCode of [486, 600]) {
      assert.equal(decide({ sipCode }), false);
      const off = { SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: false };
      assert.equal(decide({ sipCode }, {}, off), true);
    }
  });

  it('nor on a stop code of the gateway', () => {
    assert.equal(decide({ sipCode: 404 }, { stopCodes: [403, 404] }), false);
    assert.equal(decide({ sipCode: 603 }, { stopCodes: [603] }), false);
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

  /** Outcome, the gateway's own word and the parameters; may the next gateway be tried. */
  const rows: [string, Partial<AttemptOutcome>, object, Partial<Parameters>, boolean][] = [];
  const overrides = [
    [undefined, false],
    [false, false],
    [true, true],
  ] as const;
  for (const [own, goesOn] of overrides) {
    const busy = own === undefined ? {} : { switchAllowBusy: own };
    const ring = own === undefined ? {} : { switchAllowRing: own };
    const sdp = own === undefined ? {} : { switchAllowSdp: own };
    rows.push(
      ['486', { sipCode: 486 }, busy, {}, goesOn],
      ['cause 17', { sipCode: 480, cause: 17 }, busy, {}, goesOn],
      ['600', { sipCode: 600 }, busy, {}, goesOn],
      ['600 with cause 17', { sipCode: 600, cause: 17 }, busy, {}, goesOn],
      ['603 with cause 17', { sipCode: 603, cause: 17 }, busy, {}, goesOn],
      ['a 486 that is a stop code', { sipCode: 486 }, { ...busy, stopCodes: [486] }, {}, false],
      ['a failure after ringing', { ringing: true }, ring, {}, goesOn],
      ['a silence after ringing', { kind: 'timeout', sipCode: 0, ringing: true }, ring, {}, goesOn],
      ['a failure after SDP', { sdpSeen: true }, sdp, {}, goesOn],
    );
    // The gateway's own word, or with none of it the parameter's.
    const otherwise = own ?? true;
    const notBusy = { SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: false };
    const untilConnect = { SS_GATEWAY_SWITCH_UNTIL_CONNECT: true };
    rows.push(
      ['486, the parameter off', { sipCode: 486 }, busy, notBusy, otherwise],
      ['cause 17, the parameter off', { sipCode: 500, cause: 17 }, busy, notBusy, otherwise],
      ['600, the parameter off', { sipCode: 600 }, busy, notBusy, otherwise],
      ['ringing, until connect', { ringing: true }, ring, untilConnect, otherwise],
      ['SDP, the parameter off', { sdpSeen: true }, sdp, noStopAfterSdp, otherwise],
    );
  }
  for (const [what, outcome, gateway, parameters, goesOn] of rows) {
    const own = JSON.stringify(gateway);
    it(`${what} ${own}: ${goesOn ? 'goes on' : 'stops'}`, () => {
      assert.equal(decide(outcome, gateway, parameters), goesOn);
    });
  }

  it('with SS_GATEWAY_SWITCH_STRICT only by a flag to go on until connect', () => {
    const strict = { SS_GATEWAY_SWITCH_STRICT: true };
    const all = { ...strict, SS_GATEWAY_SWITCH_UNTIL_CONNECT: true };
    for (const kind of ['response', 'timeout', 'transport'] as const) {
      assert.equal(decide({ kind }, {}, strict), false, kind);
      assert.equal(decide({ kind }, { switchUntilConnect: true }, strict), true, kind);
      assert.equal(decide({ kind }, {}, all), true, kind);
    }
    const allowing = { switchAllowRing: true, switchAllowSdp: true, switchAllowBusy: true };
    assert.equal(decide({ ringing: true }, allowing, strict), false);
    assert.equal(decide({ sipCode: 486 }, { switchUntilConnect: true }, strict), false);
    assert.equal(decide({ sipCode: 486 }, { ...allowing, switchUntilConnect: true }, strict), true);
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
