// The RFC 4475 messages against a whole shard: the answer that the RFC asks for, and a call that works
// after each of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  callerRequest,
  createStage,
  inviteText,
  responseTo,
  tagOf,
} from '../doubles/switch-stage.ts';
import { tortureMessages } from '../torture/messages.ts';
import type { Answer } from '../torture/torture-message.ts';

/** What this switch answers where the RFC leaves a choice: it registers nobody (405), routes none of the
 *  called names (a call set up as far as its CDR, and 503), and is where an OPTIONS arrives. */
const ownAnswers: Readonly<Record<string, Answer>> = {
  wsinv: 481,
  esc01: 503,
  escnull: 405,
  lwsdisp: 200,
  longreq: 503,
  dblreq: 405,
  semiuri: 200,
  transports: 200,
  mpart01: 405,
  baddate: 503,
  regbadct: 405,
  mismatch02: 400,
  insuf: 400,
  unksm2: 405,
  regaut01: 405,
  zeromf: 200,
  cparam01: 405,
  cparam02: 405,
  regescrt: 405,
  inv2543: 503,
};

describe('RFC 4475 through the switch', () => {
  for (const { name, section, text, userAnswer } of tortureMessages) {
    const expected = ownAnswers[name] ?? userAnswer[0]!;
    it(`${section} ${name}: ${expected}`, () => {
      const stage = createStage();
      const { caller, carrierA, effects } = stage;
      const replies: number[] = [];
      const send = effects.send;
      effects.send = (hop, sent) => {
        if (sent.startsWith('SIP/2.0 ')) replies.push(Number(sent.slice(8, 11)));
        send(hop, sent);
      };
      stage.deliver(text, caller.hop);
      effects.send = send;
      const finals = replies.filter((status) => status >= 200);
      const got = finals[0] ?? (replies.length > 0 ? 'accepted' : 'dropped');
      assert.equal(got, expected);
      assert.ok(userAnswer.includes(expected) || userAnswer.includes('accepted'));
      const noRoute = expected === 503 ? ['NoAvailableRouter'] : [];
      assert.deepEqual(
        effects.ends.map(({ endReason }) => endReason),
        noRoute,
      );
      caller.take();
      carrierA.take();
      const invite = inviteText();
      caller.send(invite.text);
      const carried = carrierA
        .take()
        .find((message) => message.header('To').includes('442071234567'));
      assert.ok(carried !== undefined, 'a call works afterwards');
      carrierA.send(responseTo(carried, 200, { tag: 'g', body: answer }));
      const ok = caller.take().at(-1)!;
      assert.equal(ok.status, 200);
      caller.send(callerRequest('BYE', invite, tagOf(ok.header('To')), { cseq: 2 }));
      assert.equal(caller.take().at(-1)!.status, 200);
    });
  }
});
