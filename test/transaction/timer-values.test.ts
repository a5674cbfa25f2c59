// How long to wait, from the parameters in force (RFC 3261 17, table 4; docs: SS_SIP_RESEND_INTERVAL).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParameters } from '../../core/configuration/model.ts';
import { resendDelayMs, timerValues, tryingDueMs } from '../../core/transaction/timer-values.ts';

describe('timer values', () => {
  it('by default: eleven sends over 31.5 s, T1 0.5 s, T2 4 s, T4 5 s, give up at 32 s', () => {
    const values = timerValues(defaultParameters);
    assert.deepEqual(values.resendMs, [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000]);
    assert.equal(
      values.resendMs.reduce((sum, ms) => sum + ms, 0),
      31_500,
    );
    const { inviteGiveUpMs, giveUpMs, t1Ms, t2Ms, t4Ms } = values;
    assert.deepEqual(
      { inviteGiveUpMs, giveUpMs, t1Ms, t2Ms, t4Ms },
      { inviteGiveUpMs: 32_000, giveUpMs: 32_000, t1Ms: 500, t2Ms: 4000, t4Ms: 5000 },
    );
  });

  it('SS_SIP_TIMER_B is timer B alone', () => {
    const values = timerValues({ ...defaultParameters, SS_SIP_TIMER_B: 8 });
    assert.equal(values.inviteGiveUpMs, 8000);
    assert.equal(values.giveUpMs, 32_000);
  });

  it('without a list T1 doubles up to T2, and the end is 64*T1', () => {
    const parameters = { ...defaultParameters, SS_SIP_RESEND_INTERVAL: [], SS_SIP_TIMER_T1: 100 };
    const values = timerValues(parameters);
    assert.deepEqual(values.resendMs, [100, 200, 400, 800, 1600, 3200, 4000]);
    assert.equal(values.giveUpMs, 6400);
  });

  it('the last interval of the list repeats', () => {
    const values = timerValues({ ...defaultParameters, SS_SIP_RESEND_INTERVAL: [0.2, 0.3] });
    assert.deepEqual(
      [0, 1, 2, 9].map((index) => resendDelayMs(values, index)),
      [200, 300, 300, 300],
    );
  });

  it('a peer’s timer E reaches T2 after 3.5 s (RFC 4320 4.1)', () => {
    assert.equal(tryingDueMs(timerValues(defaultParameters)), 3500);
  });
});
