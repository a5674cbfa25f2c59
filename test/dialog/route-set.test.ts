// Where a request inside a dialog goes (RFC 3261 12.2.1.1): to a literal address, else where it went before.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { confirmRoute, type Dialog, refreshTarget } from '../../core/dialog/dialog.ts';
import { type RouteSet, requestHop } from '../../core/dialog/route-set.ts';
import type { Hop } from '../../core/sip/hop.ts';

const noRoutes: RouteSet = { lines: '', first: '', strictTarget: '' };
const current: Hop = { transport: 0, listener: 1, connection: 0, address: '192.0.2.7', port: 5070 };

/** target -> the address and port it leads to; undefined: the current hop itself. */
const targets: readonly [string, [string, number] | undefined][] = [
  ['sip:192.0.2.7:5070', undefined],
  ['sip:100@192.0.2.7:5070', undefined],
  ['sip:192.0.2.7:05070', undefined],
  ['sip:100@192.0.2.7:5070;transport=udp', undefined],
  ['sip:100@192.0.2.7', ['192.0.2.7', 5060]],
  ['sip:100@192.0.2.7:5071', ['192.0.2.7', 5071]],
  ['sip:100@192.0.2.77:5070', ['192.0.2.77', 5070]],
  ['sip:192.0.2.7@198.51.100.1:5070', ['198.51.100.1', 5070]],
  ['sip:100@192.0.2.7:50701', ['192.0.2.7', 50_701]],
  ['sip:100@pbx.example.com:5071', undefined],
  ['sip:100@192.0.2.7:port', undefined],
  ['tel:+442071234567', undefined],
  ['', undefined],
];

describe('request hop', () => {
  for (const [target, wanted] of targets) {
    it(`to "${target}"`, () => {
      const hop = requestHop(noRoutes, target, current);
      if (wanted === undefined) assert.equal(hop, current);
      else assert.deepEqual(hop, { ...current, address: wanted[0], port: wanted[1] });
    });
  }

  it('the port 5060 may be left out (RFC 3261 19.1.2)', () => {
    const usual = { ...current, port: 5060 };
    assert.equal(requestHop(noRoutes, 'sip:100@192.0.2.7', usual), usual);
  });

  it('the first route counts, not the target', () => {
    const routes = { ...noRoutes, first: 'sip:198.51.100.9:5080;lr' };
    const { address, port } = requestHop(routes, 'sip:192.0.2.7:5070', current);
    assert.deepEqual([address, port], ['198.51.100.9', 5080]);
  });
});

function dialogTo(remoteTarget: string, hop: Hop): Dialog {
  return {
    callId: 'c',
    localTag: 'l',
    remoteTag: 'r',
    local: '<sip:a@h>;tag=l',
    remote: '<sip:b@h>;tag=r',
    remoteTarget,
    routeSet: noRoutes,
    hop,
    peerAddress: hop.address,
    localSeq: 1,
    remoteSeq: -1,
  };
}

describe('the route of a confirmed dialog (RFC 3261 13.2.2.4)', () => {
  it('without a Contact the target of the early dialog stays', () => {
    const dialog = dialogTo('sip:192.0.2.7:5070', current);
    confirmRoute(dialog, noRoutes, '', current);
    assert.equal(dialog.remoteTarget, 'sip:192.0.2.7:5070');
    assert.equal(dialog.hop, current);
  });

  it('the Contact of the 2xx, also where a provisional named another', () => {
    const dialog = dialogTo('sip:192.0.2.7:5070', current);
    refreshTarget(dialog, 'sip:198.51.100.1:5080');
    assert.equal(dialog.hop.address, '198.51.100.1');
    confirmRoute(dialog, noRoutes, 'sip:192.0.2.7:5070', current);
    assert.equal(dialog.hop, current);
  });

  it('the same Contact by another route', () => {
    const dialog = dialogTo('sip:192.0.2.7:5070', current);
    const first = 'sip:198.51.100.9:5080;lr';
    confirmRoute(dialog, { ...noRoutes, first, lines: `Route: <${first}>\r\n` }, '', current);
    assert.equal(dialog.hop.address, '198.51.100.9');
  });

  it('a host name leads to where the INVITE went, not to where a provisional led', () => {
    const dialog = dialogTo('sip:192.0.2.7:5070', current);
    refreshTarget(dialog, 'sip:198.51.100.1:5080');
    refreshTarget(dialog, 'sip:pbx.example.com');
    assert.equal(dialog.hop.address, '198.51.100.1');
    confirmRoute(dialog, noRoutes, 'sip:pbx.example.com', current);
    assert.equal(dialog.hop, current);
  });
});
