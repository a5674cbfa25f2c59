// What of a CDR's texts the tables show where a peer, or a dial plan, made them long.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cdrToJson, peerText } from '../../core/cdr/cdr-json.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import { sampleCdr, sampleCharges } from './sample-records.ts';

/** One char a byte. */
function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

describe('the texts of a row', () => {
  it('are those of the CDR where they fit, to the byte', () => {
    const number = 'n'.repeat(255);
    const cdr = sampleCdr('a', {
      ...sampleCharges,
      callId: 'c'.repeat(1024),
      calleeCallId: number,
      callerAccess: number,
      calleeAccess: number,
      callerOut: number,
      calleeOut: number,
      calleeBilling: number,
    });
    assert.equal(withinColumns(cdr), cdr);
    const failed = sampleCdr('b', { calleeCallId: null, callerOut: null, calleeOut: null });
    assert.equal(withinColumns(failed), failed);
  });

  it('are cut one by one, with a mark, and nothing else of the CDR changes', () => {
    const long = '1'.repeat(256);
    const cut = `${'1'.repeat(252)}\u2026`;
    const place = { set: 's', file: 'f', offset: 8 };
    const cdr = sampleCdr('a', { ...sampleCharges, agentFees: [] });
    const plain = cdrToJson(cdr, place);
    const fields = [
      'callerAccess',
      'calleeAccess',
      'callerOut',
      'calleeOut',
      'calleeBilling',
      'calleeCallId',
    ] as const;
    for (const field of fields) {
      const told = cdrToJson(withinColumns({ ...cdr, [field]: long }), place);
      assert.deepEqual(told, { ...plain, [field]: cut });
    }
    const callId = 'c'.repeat(1025);
    const told = cdrToJson(withinColumns({ ...cdr, callId }), place);
    assert.deepEqual(told, { ...plain, callId: `${'c'.repeat(1021)}\u2026` });
  });

  it('are not cut within a character', () => {
    // 252 bytes are left of it: 251 and the first byte of the last character that would be.
    for (const [before, char, kept] of [
      [251, '\u00e9', 251],
      [250, '\u20ac', 250],
      [249, '\u{1f600}', 249],
      [248, '\u{1f600}', 252],
    ] as const) {
      const calleeAccess = byteString('1'.repeat(before) + char.repeat(9));
      const { calleeAccess: row } = withinColumns(sampleCdr('a', { calleeAccess }));
      assert.equal(row.length, kept + 3);
      assert.equal(peerText(row), `${'1'.repeat(before)}${kept > before ? char : ''}\u2026`);
    }
  });

  it('have no more characters than their columns, whatever bytes they are of', () => {
    const bytes = fc
      .uint8Array({ maxLength: 1400 })
      .map((each) => Buffer.from(each).toString('latin1'));
    const odd = fc.constantFrom('\x80', '\xf0\x9f', '\xff').map((each) => each.repeat(600));
    fc.assert(
      fc.property(fc.oneof(bytes, odd), (text) => {
        const row = withinColumns(sampleCdr('a', { callId: text, callerAccess: text }));
        const again = withinColumns(row);
        assert.equal(again, row);
        assert.ok([...peerText(row.callerAccess)].length <= 255);
        assert.ok([...peerText(row.callId)].length <= 1024);
        if (text.length > 255) assert.ok(peerText(row.callerAccess).endsWith('\u2026'));
      }),
    );
  });
});
