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

describe('RFC 4475 through the switch', () => {
  for (const { name, section, text, userAnswer } of tortureMessages) {
    it(`${section} ${name}: ${userAnswer.join(' or ')}`, () => {
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
      const allowed: unknown[] = [...userAnswer];
      // This switch routes only 44: well formed for another number is 'no route', and it registers nobody.
      if (userAnswer.includes('accepted')) allowed.push(503, 405, 481, 501, 200);
      assert.ok(allowed.includes(got), `answered ${got}`);
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
