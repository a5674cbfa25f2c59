// The exchanges that may carry an offer and its answer (RFC 6337 table 1, 2.2 and 3), and what a second
// offer of the peer's is met with at each step (RFC 3261 14.2, RFC 3311 5.2).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  closeOffer,
  type OfferAnswer,
  OpenOffer,
  offerGlare,
  openOffer,
  takeInviteReply,
  takeReplyAnswer,
} from '../../core/dialog/offer-answer.ts';

type Step = (session: OfferAnswer, byUs: boolean) => void;

/** Steps of one side and of the other: `byUs` is who began the exchange, which each step turns as needed. */
const request =
  (offer: OpenOffer): Step =>
  (session, byUs) =>
    openOffer(session, offer, byUs);
const reply =
  (hasSdp: boolean, last: boolean): Step =>
  (session, byUs) =>
    takeInviteReply(session, { byUs: !byUs, hasSdp, last });
const over =
  (offer: OpenOffer): Step =>
  (session, byUs) =>
    closeOffer(session, offer, byUs);
const answerOfReply: Step = (session, byUs) => takeReplyAnswer(session, byUs);

const sdp = true;
const noSdp = false;
const provisional = false;
const final = true;

/** Who holds the open offer after each step: the side that began, the other one, or nobody. */
type Holder = 'asker' | 'other' | 'none';

const patterns: readonly [string, readonly [Step, Holder][]][] = [
  [
    '1: offer in the INVITE, answer in the 2xx',
    [
      [request(OpenOffer.invite), 'asker'],
      [reply(sdp, final), 'none'],
    ],
  ],
  [
    '1: the 2xx brings no answer at all: nothing can come any more',
    [
      [request(OpenOffer.invite), 'asker'],
      [reply(noSdp, final), 'none'],
    ],
  ],
  [
    '2: offer in the 2xx, answer in the ACK',
    [
      [request(OpenOffer.dueInReply), 'asker'],
      [reply(sdp, final), 'other'],
      [answerOfReply, 'none'],
    ],
  ],
  [
    '2: neither INVITE nor 2xx has an offer',
    [
      [request(OpenOffer.dueInReply), 'asker'],
      [reply(noSdp, final), 'none'],
    ],
  ],
  [
    '3: offer in the INVITE, answer in a reliable provisional; that of the 2xx says nothing',
    [
      [request(OpenOffer.invite), 'asker'],
      [reply(noSdp, provisional), 'asker'],
      [reply(sdp, provisional), 'none'],
      [reply(sdp, provisional), 'none'],
      [reply(sdp, final), 'none'],
    ],
  ],
  [
    '4: offer in a reliable provisional, answer in the PRACK; that of the 2xx says nothing',
    [
      [request(OpenOffer.dueInReply), 'asker'],
      [reply(noSdp, provisional), 'asker'],
      [reply(sdp, provisional), 'other'],
      [answerOfReply, 'none'],
      [reply(sdp, final), 'none'],
    ],
  ],
  [
    '5: offer in the PRACK, answer in its 2xx, after pattern 3',
    [
      [request(OpenOffer.invite), 'asker'],
      [reply(sdp, provisional), 'none'],
      [request(OpenOffer.prack), 'asker'],
      [reply(sdp, provisional), 'asker'],
      [over(OpenOffer.prack), 'none'],
    ],
  ],
  [
    '6: offer in the UPDATE, answer in its 2xx',
    [
      [request(OpenOffer.update), 'asker'],
      [over(OpenOffer.update), 'none'],
    ],
  ],
  [
    'a refused re-INVITE closes its own offer',
    [
      [request(OpenOffer.invite), 'asker'],
      [over(OpenOffer.invite), 'none'],
    ],
  ],
  [
    'an UPDATE without an offer that ends leaves another open one alone',
    [
      [request(OpenOffer.invite), 'asker'],
      [over(OpenOffer.none), 'asker'],
      [over(OpenOffer.update), 'asker'],
    ],
  ],
  [
    'an ACK that answers nothing closes nothing',
    [
      [request(OpenOffer.update), 'asker'],
      [answerOfReply, 'asker'],
    ],
  ],
];

function expected(holder: Holder, byUs: boolean): 0 | 491 | 500 {
  if (holder === 'none') return 0;
  return (holder === 'asker') === byUs ? 491 : 500;
}

describe('an offer is open until its answer', () => {
  for (const byUs of [true, false]) {
    for (const [title, steps] of patterns) {
      it(`${title} (${byUs ? 'we' : 'the peer'} ask)`, () => {
        const session: OfferAnswer = { openOffer: OpenOffer.none, offeredByUs: !byUs };
        for (const [index, [step, holder]] of steps.entries()) {
          step(session, byUs);
          assert.equal(offerGlare(session), expected(holder, byUs), `after step ${index + 1}`);
        }
      });
    }
  }

  it('the end of an exchange of the other direction leaves it open', () => {
    const session: OfferAnswer = { openOffer: OpenOffer.none, offeredByUs: false };
    openOffer(session, OpenOffer.update, true);
    closeOffer(session, OpenOffer.update, false);
    assert.equal(offerGlare(session), 491);
    takeInviteReply(session, { byUs: false, hasSdp: true, last: true });
    assert.equal(offerGlare(session), 491);
  });
});
