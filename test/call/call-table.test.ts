// The table of calls by itself; that messages find their calls through it stands in the other tests here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Call, CallDialog, OutboundLeg } from '../../core/call/call.ts';
import {
  createCallTable,
  findDialog,
  forgetCall,
  forgetDialog,
  forgetOwnLeg,
  keepCall,
  keepDialog,
  keepOwnLeg,
  ownLegOf,
} from '../../core/call/call-table.ts';
import { createLocalIdentity, mintLegCallId, mintTag } from '../../core/call/local-identity.ts';
import { createMessage, type SipMessage } from '../../core/sip/message.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { octets } from '../sip/message-text.ts';

const identity = createLocalIdentity({
  listeners: [{ transport: 0, address: '192.0.2.1', port: 5060 }],
  workerIndex: 0,
  shardKey: Uint32Array.of(5, 6),
  random32: () => Math.floor(Math.random() * 2 ** 32),
  scratch: Buffer.alloc(64) as Buffer & MessageBytes,
});

function callOf(): Call {
  return { index: -1 } as Call;
}

function dialogOf(localTag: string, remoteTag: string, callId = 'call'): CallDialog {
  return { slot: 0, localTag, remoteTag, callId } as CallDialog;
}

function legOf(callId: string): OutboundLeg {
  return { slot: 0, parts: { callId } } as OutboundLeg;
}

function byeOf(toTag: string, fromTag: string, callId = 'call'): SipMessage {
  const message = createMessage();
  const bytes = octets(
    `BYE sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKb\r\nMax-Forwards: 70\r\n` +
      `From: <sip:2@192.0.2.7>;tag=${fromTag}\r\nTo: <sip:1@192.0.2.1>;tag=${toTag}\r\n` +
      `Call-ID: ${callId}\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n`,
  );
  assert.equal(parseMessage(message, bytes, bytes.length, 0), 0);
  return message;
}

describe('calls', () => {
  it('leave in any order, once each, and the others keep their places', () => {
    const table = createCallTable();
    const calls = Array.from({ length: 50 }, callOf);
    for (const call of calls) keepCall(table, call);
    for (let i = 0; i < 50; i++) {
      const call = calls[(i * 7) % 50]!;
      assert.equal(forgetCall(table, call), true);
      assert.equal(forgetCall(table, call), false);
      assert.equal(table.calls.length, 49 - i);
      assert.ok(table.calls.every((other, place) => other.index === place && other !== call));
    }
  });
});

describe('dialogs (RFC 3261 12.2.2)', () => {
  it('are told apart by local tag, remote tag and Call-ID', () => {
    const table = createCallTable();
    const [tag, other] = [mintTag(identity), mintTag(identity)];
    const forks = [dialogOf(tag, 'fork1'), dialogOf(tag, 'fork2'), dialogOf(other, 'fork1')];
    for (const dialog of forks) keepDialog(table, dialog);
    assert.equal(findDialog(table, byeOf(tag, 'fork1')), forks[0]);
    assert.equal(findDialog(table, byeOf(tag, 'fork2')), forks[1]);
    assert.equal(findDialog(table, byeOf(other, 'fork1')), forks[2]);
    assert.equal(findDialog(table, byeOf(tag, 'fork3')), undefined);
    assert.equal(findDialog(table, byeOf(tag, 'fork1', 'another')), undefined);
    // The same last digits, which are all that is hashed.
    assert.equal(findDialog(table, byeOf(`x${tag.slice(1)}`, 'fork1')), undefined);
    forgetDialog(table, forks[0]!);
    forgetDialog(table, forks[0]!);
    assert.equal(findDialog(table, byeOf(tag, 'fork1')), undefined);
    assert.equal(findDialog(table, byeOf(tag, 'fork2')), forks[1]);
  });

  it('one that was never kept takes no other with it', () => {
    const table = createCallTable();
    const tag = mintTag(identity);
    const kept = dialogOf(tag, 'a');
    keepDialog(table, kept);
    forgetDialog(table, dialogOf(tag, 'a'));
    assert.equal(findDialog(table, byeOf(tag, 'a')), kept);
  });
});

describe('legs of ours in setup', () => {
  it('are found by their Call-ID until they are forgotten, and nothing else is', () => {
    const table = createCallTable();
    const leg = legOf(mintLegCallId(identity));
    keepOwnLeg(table, leg);
    assert.equal(ownLegOf(table, leg.parts.callId), leg);
    assert.equal(ownLegOf(table, mintLegCallId(identity)), undefined);
    assert.equal(ownLegOf(table, `z${leg.parts.callId.slice(1)}`), undefined);
    assert.equal(ownLegOf(table, `${leg.parts.callId}@192.0.2.7`), undefined);
    forgetOwnLeg(table, leg);
    assert.equal(ownLegOf(table, leg.parts.callId), undefined);
  });
});
