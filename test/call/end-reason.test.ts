// Codes, causes and keys of end reasons against the table of this folder, and on the wire where a carrier's code
// is what ends a call.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndReasons, endReasonKeys, sipEndReason } from '../../core/end-reason.ts';
import { begunCall, createStage, responseTo } from '../doubles/switch-stage.ts';
import { ownReasons, sipReasons } from './end-reason-table.ts';

const keyOf = (code: number, phrase: string): string => `SIP ${code} ${phrase}`;

/** Redirections and challenges are no business of the caller's. */
const notPassedOn: ReadonlySet<number> = new Set([300, 301, 302, 305, 380, 401, 407]);

describe('end reasons', () => {
  it('of ours have the key, SIP code and Q.850 cause of the table, and there are no others', () => {
    const built = Object.values(EndReasons).map(({ key, sipCode, q850 }) => [key, sipCode, q850]);
    assert.deepEqual(built, ownReasons);
  });

  it('of carriers have the key and Q.850 cause of the table', () => {
    for (const [code, phrase, q850] of sipReasons) {
      assert.deepEqual(sipEndReason(code), { key: keyOf(code, phrase), sipCode: code, q850 });
    }
  });

  it('are these keys, each once', () => {
    const keys = [
      ...ownReasons.map(([key]) => key),
      ...sipReasons.map(([code, phrase]) => keyOf(code, phrase)),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.deepEqual([...endReasonKeys], keys);
  });

  it('of a code that is not in the table are those of x00 of its class (RFC 3261 8.1.3.2)', () => {
    for (const [code, key] of [
      [399, 'SIP 300 Multiple Choices'],
      [499, 'SIP 400 Bad Request'],
      [599, 'SIP 500 Server Internal Error'],
      [699, 'SIP 600 Busy Everywhere'],
    ] as const) {
      assert.equal(sipEndReason(code).key, key);
    }
  });

  for (const [code, phrase, q850] of sipReasons) {
    it(`${code} of the last carrier reaches the CDR, and its cause the caller`, () => {
      const stage = createStage();
      const { carried } = begunCall(stage);
      stage.carrierA.send(responseTo(carried, code, { tag: 'a' }));
      for (const next of stage.carrierB.take()) {
        stage.carrierB.send(responseTo(next, code, { tag: 'b' }));
      }
      const final = stage.caller.take().at(-1)!;
      const [end] = stage.effects.ends;
      assert.equal(final.status, notPassedOn.has(code) ? 503 : code);
      assert.equal(final.header('Reason'), q850 === 0 ? '' : `Q.850;cause=${q850}`);
      assert.equal(end!.endReason, keyOf(code, phrase));
      assert.equal(end!.sipCode, final.status);
    });
  }
});
