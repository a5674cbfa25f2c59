// Whole calls by the routing rules: groups and reserved lines, protect routes, pauses, counts, local address.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cancelText,
  createStage,
  inviteText,
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
}

/** Gateway alpha is carrier A, beta is carrier B; alpha has the smaller priority. */
function stageOf({ alpha, beta, mapping, parameters, gatewayGroups }: Gateways): Stage {
  const { mappingGateways, routingGateways, ...rest } = plainDocument as {
    mappingGateways: object[];
    routingGateways: object[];
  };
  const stage = createStage({
    ...rest,
    parameters: { SS_MAXCPS: 0, ...parameters },
    ...(gatewayGroups === undefined ? {} : { gatewayGroups }),
    mappingGateways: [{ ...mappingGateways[0], ...mapping }],
    routingGateways: [
      { ...routingGateways[0], ...alpha },
      { ...routingGateways[1], ...beta },
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

function begins(peer: Peer): Seen {
  return peer.takeOne('INVITE');
}

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
