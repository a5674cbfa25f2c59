// Whole calls by the routing rules: groups and reserved lines, protect routes, pauses, counts, local address.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CounterName } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { datagramBytesMax } from '../../core/sip/message-size.ts';
import {
  cancelText,
  createStage,
  inviteText,
  offer,
  type Peer,
  plainDocument,
  responseTo,
  type Seen,
  type SentInvite,
  type Stage,
} from '../doubles/switch-stage.ts';

interface Gateways {
  alpha?: object;
  beta?: object;
  mapping?: object;
  parameters?: object;
  gatewayGroups?: object[];
  /** Of the account that alpha is paid from, and its rates; without them it is not paid. */
  account?: object;
  rates?: object[];
}

/** Gateway alpha is carrier A, beta is carrier B; alpha has the smaller priority. */
function stageOf(gateways: Gateways): Stage {
  const { alpha, beta, mapping, parameters, gatewayGroups, account, rates = [] } = gateways;
  const { mappingGateways, routingGateways, accounts, rateTables } = plainDocument as {
    [collection: string]: object[];
  };
  const stage = createStage({
    rateTables: [...rateTables!, { name: 'buy', rates }],
    accounts: [accounts![0], { ...accounts![1], rateTable: 'buy', ...account }],
    parameters: { SS_MAXCPS: 0, ...parameters },
    ...(gatewayGroups === undefined ? {} : { gatewayGroups }),
    mappingGateways: [{ ...mappingGateways![0], ...mapping }],
    routingGateways: [
      { ...routingGateways![0], ...alpha },
      { ...routingGateways![1], ...beta },
    ],
  });
  stage.effects.countsLines = true;
  return stage;
}

function call(stage: Stage): SentInvite {
  const invite = inviteText();
  stage.caller.send(invite.text);
  return invite;
}

/** Slots of the document's gateways: the mapping gateway is 1, alpha 2, beta 3, and accounts lie between. */
const alphaSlot = 2;
const alphaAccountSlot = 5;
const buyRate = { prefix: '', ratePerMinute: '0.01' };

function begins(peer: Peer): Seen {
  return peer.takeOne('INVITE');
}

describe('where no gateway takes a call', () => {
  const emptied = { calleeDialPlan: '*:' };
  const reasonOf = (stage: Stage): [string, number] => {
    const { endReason, sipCode } = stage.effects.ends.at(-1)!;
    return [endReason, sipCode];
  };

  it('a number that no plan leaves anything of is at fault', () => {
    const stage = stageOf({ alpha: emptied, beta: emptied });
    call(stage);
    assert.deepEqual(reasonOf(stage), ['Number empty after transform', 484]);
  });

  it('but not where one was full: a moment later it would go', () => {
    const stage = stageOf({ alpha: emptied, beta: { lineLimit: 1 } });
    call(stage);
    begins(stage.carrierB);
    call(stage);
    assert.deepEqual(reasonOf(stage), ['AllGatewayBusy', 503]);
  });

  it('nor a carrier that cannot be paid', () => {
    const poorly = (beta: object): Stage => {
      const stage = stageOf({ rates: [buyRate], beta });
      stage.effects.money.set(alphaAccountSlot, 0n);
      call(stage);
      return stage;
    };
    const reason = reasonOf(poorly({ calleeDialPlan: '*:' }));
    assert.deepEqual(reason, ['Clearing account insufficient', 503]);
    const full = poorly({ lineLimit: 1 });
    begins(full.carrierB);
    call(full);
    assert.deepEqual(reasonOf(full), ['AllGatewayBusy', 503]);
  });
});

describe('a gateway group', () => {
  const gatewayGroups = [{ name: 'g', lineLimit: 2 }];

  it('gives its lines to all members together, and gets each back once', () => {
    const groups = { groups: ['g'] };
    const stage = stageOf({ alpha: groups, beta: groups, gatewayGroups });
    const { caller, carrierA, carrierB, effects } = stage;
    call(stage);
    const first = begins(carrierA);
    call(stage);
    begins(carrierA);
    caller.take();
    call(stage);
    assert.equal(carrierA.take().length + carrierB.take().length, 0);
    assert.deepEqual(
      caller.take().map(({ status }) => status),
      [100, 503],
    );
    assert.equal(effects.ends.at(-1)!.endReason, 'AllGatewayBusy');
    carrierA.send(responseTo(first, 404, { tag: 'g' }));
    // The call that failed there goes on to beta, by the same group.
    begins(carrierB);
    const held = effects.lines.length;
    stage.pass(60_000);
    assert.ok(held > 0);
    assert.deepEqual(effects.lines, []);
  });

  it('keeps reserved lines from the member that leaves them to others', () => {
    const stage = stageOf({
      alpha: { groups: ['g'], reservedLines: 1 },
      beta: { groups: ['g'] },
      gatewayGroups,
    });
    call(stage);
    begins(stage.carrierA);
    call(stage);
    begins(stage.carrierB);
  });

  it('has no reserve for protect routes', () => {
    const stage = stageOf({
      alpha: { groups: ['g'], reservedLines: 2 },
      beta: { groups: ['g'], reservedLines: 2, protect: true },
      gatewayGroups,
    });
    call(stage);
    begins(stage.carrierB);
    assert.deepEqual(stage.carrierA.take(), []);
  });

  it('of mapping gateways refuses the call that finds no line', () => {
    const stage = stageOf({ mapping: { groups: ['g'] }, gatewayGroups });
    for (let n = 0; n < 2; n++) call(stage);
    stage.caller.take();
    call(stage);
    stage.caller.takeOne('SIP/2.0 503');
    assert.equal(stage.effects.ends.at(-1)!.endReason, 'Connection limit exceeded');
    assert.equal(stage.effects.counted('refusedGroupLines'), 1);
    stage.pass(60_000);
    assert.deepEqual(stage.effects.lines, []);
  });
});

describe('a protect route', () => {
  const beta = { protect: true };
  const delay = { SS_TRY_PROTECT_ROUTE_DELAY: 30 };

  it('waits for its delay once all normal gateways have failed', () => {
    const stage = stageOf({ beta, parameters: { ...delay, SS_SIP_TIMEOUT_INVITE: 12 } });
    call(stage);
    begins(stage.carrierA);
    stage.pass(12_000 + 29_900);
    assert.deepEqual(stage.carrierB.take(), []);
    stage.pass(200);
    begins(stage.carrierB);
    assert.equal(stage.effects.counted('protectTurns'), 1);
  });

  it('has its turn at once without a delay, or with the one of the mapping gateway', () => {
    const fails = (stage: Stage): void => {
      call(stage);
      stage.carrierA.send(responseTo(begins(stage.carrierA), 503, { tag: 'g' }));
    };
    const atOnce = stageOf({ beta });
    fails(atOnce);
    begins(atOnce.carrierB);
    const own = stageOf({ beta, parameters: delay, mapping: { protectRouteDelaySeconds: 5 } });
    fails(own);
    own.pass(4900);
    assert.deepEqual(own.carrierB.take(), []);
    own.pass(200);
    begins(own.carrierB);
  });

  it('is chosen by what is in use when its turn comes, not when the call came', () => {
    const protect = { protect: true, priority: 1, lineLimit: 10 };
    const stage = stageOf({ alpha: protect, beta: protect, parameters: delay });
    call(stage);
    // Both were empty; while the call waits another one is up at alpha.
    stage.effects.acquireLine(alphaSlot, 0);
    stage.pass(30_000);
    begins(stage.carrierB);
    assert.deepEqual(stage.carrierA.take(), []);
  });

  it('leaves the turn to a normal gateway that was full and has room again', () => {
    const stage = stageOf({ alpha: { lineLimit: 1 }, beta, parameters: delay });
    const { caller, carrierA, carrierB } = stage;
    const first = call(stage);
    const carried = begins(carrierA);
    carrierA.send(responseTo(carried, 180, { tag: 'g' }));
    call(stage);
    assert.deepEqual(carrierA.take(), []);
    stage.pass(5000);
    caller.send(cancelText(first));
    carrierA.take();
    stage.pass(1100);
    assert.deepEqual(carrierA.take().filter(({ method }) => method === 'INVITE').length, 1);
    assert.deepEqual(carrierB.take(), []);
  });

  const waiting = { beta: { protect: true }, parameters: { SS_TRY_PROTECT_ROUTE_DELAY: 10 } };

  it('leaves it to one that was away, or whose account had no line', () => {
    const away = stageOf({ ...waiting });
    away.pass(10);
    away.effects.closeGateway(alphaSlot, 4);
    call(away);
    away.pass(3900);
    assert.deepEqual(away.carrierA.take(), []);
    away.pass(1500);
    assert.ok(away.carrierA.take().some(({ method }) => method === 'INVITE'));

    const full = stageOf({ ...waiting, account: { lineLimit: 1 }, rates: [buyRate] });
    const first = call(full);
    full.carrierA.send(responseTo(begins(full.carrierA), 180, { tag: 'g' }));
    call(full);
    assert.deepEqual(full.carrierA.take(), []);
    full.caller.send(cancelText(first));
    full.carrierA.take();
    full.pass(1100);
    assert.equal(full.carrierA.take().filter(({ method }) => method === 'INVITE').length, 1);
  });

  const unfit: [string, Gateways, CounterName][] = [
    ['has no listener', { alpha: { localIp: '127.0.0.77' } }, 'skippedListener'],
    ['does not take the number', { alpha: { calleeLengths: [3] } }, 'skippedNumber'],
    ['is left no number', { alpha: { calleeDialPlan: '*:' } }, 'skippedNumber'],
    ['has a locked account', { account: { locked: true } }, 'skippedVendorRate'],
    ['has a locked rate', { rates: [{ ...buyRate, locked: true }] }, 'skippedVendorRate'],
    ['cannot be paid', { rates: [buyRate] }, 'skippedVendorBalance'],
  ];
  for (const [what, gateways, counter] of unfit) {
    it(`does not wait for one that ${what}: it is looked at once`, () => {
      const stage = stageOf({ ...waiting, ...gateways });
      stage.effects.money.set(alphaAccountSlot, 0n);
      call(stage);
      stage.pass(9900);
      assert.equal(stage.effects.counted(counter), 1);
      assert.deepEqual([...stage.carrierA.take(), ...stage.carrierB.take()], []);
      stage.pass(200);
      begins(stage.carrierB);
      assert.equal(stage.effects.counted(counter), 1);
      assert.equal(stage.effects.ends.length, 0);
    });
  }

  it('does not wait for one that the INVITE is too long for: one attempt, within the limit', () => {
    const stage = stageOf({
      ...waiting,
      parameters: { ...waiting.parameters, SS_GATEWAY_SWITCH_LIMIT: 3 },
      // Its prefix stands in the Request-URI and in To.
      alpha: { calleePrefix: '0'.repeat(20) },
      beta: { ...waiting.beta, address: 'tcp://127.0.0.4:5060' },
    });
    const usual = stageOf({});
    call(usual);
    const head = begins(usual.carrierA).text.length - offer.length;
    const hop: Hop = { ...stage.caller.hop, transport: Transport.tcp, listener: 1, connection: 7 };
    const body = `${`${offer}a=x-padding:`.padEnd(datagramBytesMax - head - 10, 'p')}\r\n`;
    stage.deliver(inviteText({ body }).text, hop);
    stage.pass(10_100);
    begins(stage.carrierB);
    const words = stage.effects.gatewayWords;
    assert.deepEqual([...words.slice(alphaSlot * 32, alphaSlot * 32 + 2)], [1, 1]);
    stage.pass(60_000);
    const [cdr] = stage.effects.ends;
    assert.deepEqual(
      cdr!.attempts.map(({ gateway }) => gateway),
      ['alpha', 'beta'],
    );
  });

  it('is not tried for a caller who gave up while he waited', () => {
    const stage = stageOf({ beta, parameters: delay });
    const invite = call(stage);
    stage.carrierA.send(responseTo(begins(stage.carrierA), 503, { tag: 'g' }));
    stage.pass(1000);
    stage.caller.take();
    stage.caller.send(cancelText(invite));
    assert.deepEqual(
      stage.caller.take().map(({ status }) => status),
      [200, 487],
    );
    stage.pass(60_000);
    assert.deepEqual(stage.carrierB.take(), []);
    assert.deepEqual(stage.effects.lines, []);
    assert.equal(stage.shard.callsUp, 0);
  });

  it('counts towards the limit of attempts', () => {
    const stage = stageOf({ beta, parameters: { SS_GATEWAY_SWITCH_LIMIT: 1 } });
    call(stage);
    stage.carrierA.send(responseTo(begins(stage.carrierA), 503, { tag: 'g' }));
    assert.deepEqual(stage.carrierB.take(), []);
    assert.equal(stage.effects.ends.length, 1);
  });

  it('carries the call when no normal gateway has a matching prefix', () => {
    const stage = stageOf({ alpha: { prefixes: ['1'] }, beta });
    call(stage);
    begins(stage.carrierB);
  });
});

describe('Retry-After', () => {
  const failing = (stage: Stage, status: number, seconds: string): void => {
    call(stage);
    const headers = `Retry-After: ${seconds}\r\n`;
    stage.carrierA.send(responseTo(begins(stage.carrierA), status, { tag: 'g', headers }));
    stage.carrierA.take();
    stage.carrierB.take();
  };

  it('of a 503 keeps a gateway out for its time', () => {
    const stage = stageOf({});
    failing(stage, 503, '20 (maintenance)');
    call(stage);
    assert.deepEqual(stage.carrierA.take(), []);
    begins(stage.carrierB);
    assert.equal(stage.effects.counted('skippedAway'), 1);
    stage.pass(21_000);
    stage.carrierB.take();
    call(stage);
    begins(stage.carrierA);
  });

  it('of a code that speaks of the called party does not', () => {
    const stage = stageOf({});
    failing(stage, 404, '20');
    call(stage);
    begins(stage.carrierA);
  });

  it('holds for an hour at most', () => {
    const stage = stageOf({});
    failing(stage, 503, '4000000000');
    assert.equal(stage.effects.closedSeconds(alphaSlot), 3600);
  });
});

describe('what a gateway did', () => {
  it('is counted once an attempt, whatever became of it', () => {
    const stage = stageOf({});
    const words = stage.effects.gatewayWords;
    const counts = (): number[] => [...words.slice(alphaSlot * 32, alphaSlot * 32 + 4)];
    call(stage);
    stage.carrierA.send(responseTo(begins(stage.carrierA), 503, { tag: 'g' }));
    assert.deepEqual(counts(), [1, 1, 0, 1]);
    stage.carrierA.take();
    call(stage);
    begins(stage.carrierA);
    stage.pass(40_000);
    assert.deepEqual(counts(), [2, 2, 0, 1]);
    stage.carrierA.take();
    const third = call(stage);
    stage.carrierA.send(responseTo(begins(stage.carrierA), 180, { tag: 'g' }));
    assert.deepEqual(counts(), [3, 2, 0, 1]);
    stage.caller.send(cancelText(third));
    stage.pass(60_000);
    assert.deepEqual(counts(), [3, 3, 0, 2]);
  });
});

describe('localIp', () => {
  it('chooses the listener, and a gateway whose address this node lacks is skipped', () => {
    const stage = stageOf({ alpha: { localIp: '127.0.0.77' }, beta: { localIp: '127.0.0.1' } });
    call(stage);
    begins(stage.carrierB);
    assert.equal(stage.effects.counted('skippedListener'), 1);
  });
});
