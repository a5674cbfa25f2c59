// What a request must be before a call begins (RFC 3261 8.2), refusals with their reason and code, and
// calls that come back to us.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  begunCall,
  createStage,
  inviteText,
  plainDocument,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

function outOfDialog(method: string, headers = ''): string {
  return (
    `${method} sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKo${method}${headers.length}\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.2>;tag=o\r\nTo: <sip:127.0.0.1>\r\nCall-ID: o-${method}${headers.length}\r\n` +
    `CSeq: 1 ${method}\r\n${headers}Content-Length: 0\r\n\r\n`
  );
}

function lastStatus(stage: Stage): number {
  return stage.caller.take().at(-1)?.status ?? 0;
}

describe('out of a dialog', () => {
  const rows: [string, number][] = [
    ['OPTIONS', 200],
    ['DANCE', 501],
    ['REGISTER', 405],
    ['MESSAGE', 405],
    ['SUBSCRIBE', 405],
    ['PUBLISH', 405],
    ['REFER', 405],
    ['BYE', 481],
    ['UPDATE', 481],
    ['INFO', 481],
    ['PRACK', 481],
    ['NOTIFY', 481],
    ['CANCEL', 481],
  ];
  for (const [method, status] of rows) {
    it(`${method} gets ${status}`, () => {
      const stage = createStage();
      stage.caller.send(outOfDialog(method));
      const reply = stage.caller.takeOne(`SIP/2.0 ${status}`);
      if (status === 405 || status === 501) assert.ok(reply.header('Allow').includes('INVITE'));
      assert.equal(reply.header('User-Agent') + reply.header('Server'), '', 'no banner');
    });
  }

  it('a stranger gets 403 for every method alike, or silence with SS_REPLY_UNAUTHORIZED off', () => {
    const { deliver, stranger, effects } = createStage();
    for (const method of ['OPTIONS', 'REGISTER', 'MESSAGE', 'REFER', 'SUBSCRIBE', 'DANCE']) {
      deliver(outOfDialog(method).replaceAll('127.0.0.2', '127.0.0.9'), stranger.hop);
      stranger.takeOne('SIP/2.0 403');
    }
    deliver(inviteText().text.replace('127.0.0.2:5060;', '127.0.0.9:5060;'), stranger.hop);
    stranger.takeOne('SIP/2.0 403');
    assert.equal(effects.counted('refusedUnknownSource'), 7);
    assert.equal(effects.ends.length, 0);
    const silent = createStage({ ...plainDocument, parameters: { SS_REPLY_UNAUTHORIZED: false } });
    silent.deliver(
      inviteText().text.replace('127.0.0.2:5060;', '127.0.0.9:5060;'),
      silent.stranger.hop,
    );
    assert.deepEqual(silent.stranger.take(), []);
    assert.equal(silent.shard.transactionCount, 0);
  });

  it('a stranger hears no more of what cannot be read, comes twice or finds no room', () => {
    const good = outOfDialog('OPTIONS').replaceAll('127.0.0.2', '127.0.0.9');
    const faulty: [string, number][] = [
      [good.replace('CSeq: ', 'CSeq: x'), 400],
      [good.replace('OPTIONS sip:', `OPTIONS sip:${'1'.repeat(1100)}`), 414],
      [good.replace(' SIP/2.0\r\n', ' SIP/3.0\r\n'), 505],
    ];
    const stageOf = (answers: boolean) =>
      createStage({ ...plainDocument, parameters: { SS_REPLY_UNAUTHORIZED: answers } });
    const [open, silent] = [stageOf(true), stageOf(false)];
    for (const [text, status] of faulty) {
      open.caller.send(text);
      open.caller.takeOne(`SIP/2.0 ${status}`);
      open.carrierA.send(text);
      open.carrierA.takeOne(`SIP/2.0 ${status}`);
      open.stranger.send(text);
      open.stranger.takeOne('SIP/2.0 403');
      silent.stranger.send(text);
    }
    assert.equal(open.effects.counted('refusedUnknownSource'), 3);
    for (const stage of [open, silent]) {
      const { invite } = begunCall(stage);
      stage.stranger.send(invite.text.replace(`branch=${invite.branch}`, 'branch=z9hG4bKcopy'));
      assert.equal(stage.effects.counted('mergedRequests'), 1);
    }
    open.stranger.takeOne('SIP/2.0 403');
    assert.deepEqual(silent.stranger.take(), []);
    assert.equal(silent.effects.counted('refusedUnknownSource'), 4);
  });

  it('OPTIONS of a carrier is answered', () => {
    const stage = createStage();
    stage.carrierA.send(outOfDialog('OPTIONS').replaceAll('127.0.0.2', '127.0.0.3'));
    stage.carrierA.takeOne('SIP/2.0 200');
  });
});

describe('an INVITE is refused', () => {
  const rows: [string, () => string, number][] = [
    ['Max-Forwards 0', () => inviteText({ maxForwards: 0 }).text, 483],
    ['a required extension', () => inviteText({ headers: 'Require: replaces\r\n' }).text, 420],
    ['sips', () => inviteText().text.replace('INVITE sip:', 'INVITE sips:'), 416],
    ['another scheme', () => inviteText().text.replace('INVITE sip:', 'INVITE http:'), 416],
    ['another body', () => inviteText().text.replace('application/sdp', 'text/plain'), 415],
    ['an encoded body', () => inviteText({ headers: 'Content-Encoding: gzip\r\n' }).text, 415],
    ['answers we cannot give', () => inviteText({ headers: 'Accept: text/plain\r\n' }).text, 406],
    [
      'no called number',
      () => inviteText().text.replace('INVITE sip:442071234567@', 'INVITE sip:'),
      484,
    ],
    ['no route', () => inviteText({ callee: '999' }).text, 503],
  ];
  for (const [what, text, status] of rows) {
    it(`${what}: ${status}`, () => {
      const stage = createStage();
      stage.caller.send(text());
      assert.equal(lastStatus(stage), status);
      assert.deepEqual(stage.effects.lines, []);
      assert.equal(stage.shard.callsUp, 0);
    });
  }

  it('each with its end reason in the CDR', () => {
    // Only what refuses every call of the peer asks him to stay away.
    const reasons: [Partial<Stage['effects']>, string, string, string][] = [
      [{ grantsCps: false }, 'Call rate limited', 'refusedGatewayCps', '1'],
      [{ acquireCps: (slot) => slot !== 0 }, 'Call rate limited', 'refusedMaxCps', '1'],
      [{ grantsLines: false }, 'Connection limit exceeded', 'refusedLines', ''],
      [{ acceptsCdrs: false }, 'System overload', 'refusedDisk', '1'],
    ];
    for (const [changes, reason, counter, retryAfter] of reasons) {
      const stage = createStage();
      Object.assign(stage.effects, changes);
      stage.caller.send(inviteText().text);
      const reply = stage.caller.takeOne('SIP/2.0 503');
      assert.equal(reply.header('Retry-After'), retryAfter);
      assert.equal(stage.effects.ends[0]!.endReason, reason);
      assert.equal(stage.effects.ends[0]!.endedBy, 'server');
      assert.equal(stage.effects.counted(counter as 'refusedLines'), 1);
      assert.deepEqual(stage.effects.lines, []);
    }
  });

  it('without a Retry-After where other numbers may be called', () => {
    const [mapping] = plainDocument.mappingGateways as object[];
    const dear = createStage({
      ...plainDocument,
      routingGateways: [(plainDocument.routingGateways as object[])[0]],
      mappingGateways: [{ ...mapping, maxRatePerMinute: '0.01' }],
    });
    const rows: [Stage, string, string][] = [
      [createStage(), '999', 'NoAvailableRouter'],
      [dear, '442071234567', 'Profit limited'],
    ];
    for (const [stage, callee, reason] of rows) {
      stage.caller.send(inviteText({ callee }).text);
      assert.equal(stage.caller.takeOne('SIP/2.0 503').header('Retry-After'), '');
      assert.equal(stage.effects.ends[0]!.endReason, reason);
    }
  });

  it('when its gateway is locked: 403 Account locked', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.locked = true;
    const stage = createStage(document);
    stage.caller.send(inviteText().text);
    stage.caller.takeOne('SIP/2.0 403');
    assert.equal(stage.effects.ends[0]!.endReason, 'Account locked');
  });

  it('after waiting over 500 ms, and while draining: 503 with Retry-After, never served late', () => {
    const stage = createStage();
    stage.deliver(inviteText().text, stage.caller.hop, 501);
    assert.ok(stage.caller.takeOne('SIP/2.0 503').header('Retry-After') !== '');
    stage.deliver(inviteText().text, stage.caller.hop, 499);
    stage.caller.takeOne('SIP/2.0 100');
    stage.shard.drain();
    stage.caller.send(inviteText().text);
    stage.caller.takeOne('SIP/2.0 503');
    assert.equal(stage.effects.counted('refusedOverload'), 2);
  });

  it('not when it waited long or we drain, and a repeat is what waited: its call goes on', () => {
    const stage = createStage();
    const invite = inviteText();
    stage.caller.send(invite.text);
    stage.caller.takeOne('SIP/2.0 100');
    stage.deliver(invite.text, stage.caller.hop, 501);
    stage.caller.takeOne('SIP/2.0 100');
    stage.shard.drain();
    stage.deliver(invite.text, stage.caller.hop, 501);
    stage.caller.takeOne('SIP/2.0 100');
    assert.equal(stage.shard.callsUp, 1);
    assert.equal(stage.effects.counted('refusedOverload'), 0);
  });

  it('as merged when it comes again by another path (RFC 3261 8.2.2.2)', () => {
    const stage = createStage();
    const invite = inviteText();
    stage.caller.send(invite.text);
    stage.caller.take();
    stage.caller.send(invite.text.replace(invite.branch, 'z9hG4bKotherpath'));
    stage.caller.takeOne('SIP/2.0 482');
    assert.equal(stage.shard.callsUp, 1);
  });
});

describe('numbers and identities', () => {
  it('takes the number of a tel URI and of an escaped user, and escapes it on the way out', () => {
    const stage = createStage();
    stage.caller.send(
      inviteText().text.replace('INVITE sip:442071234567@127.0.0.1', 'INVITE tel:44-20-7123'),
    );
    assert.ok(stage.carrierA.takeOne('INVITE').startLine.startsWith('INVITE sip:44207123@'));
    stage.caller.send(inviteText().text.replace('INVITE sip:442071234567@', 'INVITE sip:44%2320@'));
    assert.ok(stage.carrierA.takeOne('INVITE').startLine.startsWith('INVITE sip:44%2320@'));
  });

  it('calleePrefix goes before the number', () => {
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways[0]!.calleePrefix = '*99';
    const stage = createStage(document);
    stage.caller.send(inviteText().text);
    assert.ok(stage.carrierA.takeOne('INVITE').startLine.startsWith('INVITE sip:*99442071234567@'));
  });

  it('identity headers cross only from a trusted gateway, with our host', () => {
    const headers =
      'P-Asserted-Identity: "Ann" <sip:15551234@phone.example>\r\nPrivacy: id\r\nP-Asserted-Identity\x01: <sip:evil@x>\r\n';
    const plain = createStage();
    plain.caller.send(inviteText({ headers }).text);
    assert.equal(plain.carrierA.takeOne('INVITE').header('P-Asserted-Identity'), '');
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.trusted = true;
    const trusted = createStage(document);
    trusted.caller.send(inviteText({ headers }).text);
    const carried = trusted.carrierA.takeOne('INVITE');
    assert.deepEqual(carried.headers('P-Asserted-Identity'), ['"Ann" <sip:15551234@127.0.0.1>']);
    assert.equal(carried.header('Privacy'), 'id');
    assert.ok(!carried.text.includes('evil'));
  });

  it('of a list of identities each value crosses on a line of its own, none with its host', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.trusted = true;
    const carriedOf = (headers: string) => {
      const stage = createStage(document);
      stage.caller.send(inviteText({ headers }).text);
      return stage.carrierA.takeOne('INVITE');
    };
    const asserted = carriedOf(
      'P-Asserted-Identity: "Ann, <b>" <sip:+1408@10.9.8.1;user=phone>, sip:+2@10.9.8.2;maddr=10.9.8.3\r\n' +
        'P-Asserted-Identity: <tel:+1-408-55>,<TEL:+3;phone-context=+4>\r\n',
    );
    assert.deepEqual(asserted.headers('P-Asserted-Identity'), [
      '"Ann, <b>" <sip:+1408@127.0.0.1>',
      '<sip:+2@127.0.0.1>',
      '<tel:+140855>',
      '<tel:+3>',
    ]);
    assert.ok(!asserted.text.includes('10.9.8.'));
    const diverted = carriedOf(
      'Diversion: <sip:a@10.9.8.1>;reason="x>y", <sip:b@10.9.8.2>;reason=busy;counter=2\r\n',
    );
    assert.deepEqual(diverted.headers('Diversion'), [
      '<sip:a@127.0.0.1>;reason="x>y"',
      '<sip:b@127.0.0.1>;reason=busy;counter=2',
    ]);
  });

  it('an identity that is nothing but a host stays behind, and a local number says not whose', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.trusted = true;
    const stage = createStage(document);
    const headers =
      'P-Asserted-Identity: <sip:10.9.8.1>, <tel:5551;phone-context=inner.example>, <sip:7@10.9.8.2\r\n';
    stage.caller.send(inviteText({ headers }).text);
    const carried = stage.carrierA.takeOne('INVITE');
    assert.deepEqual(carried.headers('P-Asserted-Identity'), ['<sip:5551@127.0.0.1>']);
  });

  it('a list of identities without end crosses as far as 32 values', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.trusted = true;
    const stage = createStage(document);
    const headers = `Diversion: ${'<sip:a@b>,'.repeat(500)}\r\n`;
    stage.caller.send(inviteText({ headers }).text);
    assert.equal(stage.carrierA.takeOne('INVITE').headers('Diversion').length, 32);
  });

  it('octets that are no UTF-8 pass unchanged', () => {
    const stage = createStage();
    stage.caller.send(inviteText().text.replace('"Ann"', '"\xff\xfe\x80"'));
    assert.ok(stage.carrierA.takeOne('INVITE').header('From').startsWith('"\xff\xfe\x80" <'));
  });
});

describe('a call that comes back to us', () => {
  it('is carried while its number leads elsewhere, and ended after a few rounds', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.addresses = ['127.0.0.2', '127.0.0.3'];
    const stage = createStage(document);
    const { carrierA, caller } = stage;
    caller.send(inviteText().text);
    let rounds = 0;
    for (; rounds < 20; rounds++) {
      const out = carrierA
        .take()
        .find((message) => message.method === 'INVITE' && message.status === 0);
      if (out === undefined) break;
      // "Carrier A" sends the INVITE straight back to us, as a route to ourselves would.
      carrierA.send(out.text.replace('127.0.0.1:5060;rport', '127.0.0.3:5060'));
    }
    assert.ok(rounds <= 10, `${rounds} INVITEs on the wire`);
    assert.equal(stage.effects.ends[0]!.endReason, 'SIP 482 Loop Detected');
  });

  it('lowers Max-Forwards, so that a loop over another switch ends too (RFC 7332)', () => {
    const stage = createStage();
    stage.caller.send(inviteText({ maxForwards: 70 }).text);
    assert.equal(stage.carrierA.takeOne('INVITE').header('Max-Forwards'), '8');
    stage.caller.send(inviteText({ maxForwards: 5 }).text);
    const low = stage.carrierA.takeOne('INVITE');
    assert.equal(low.header('Max-Forwards'), '4');
    stage.carrierA.send(responseTo(low, 486, { tag: 'b' }));
  });
});
