// The CDR that a person means: in the log alone, in the ledger, of long ago; by Call-ID and by identity.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFindCdrs } from '../../admin/find-cdrs.ts';
import { findRecordedCall, questionOf } from '../../admin/recorded-call.ts';
import { cdrToJson, logIdText, parseLogId } from '../../core/cdr/cdr-json.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import { dayOfNode } from '../../workers/cdr/table-days.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { StoredCdr } from '../../workers/ledger/ledger-store.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { sampleCdr, temporaryDirectory } from '../cdr/sample-records.ts';

const nowMs = Date.UTC(2026, 8, 1);
const dayMs = 86_400_000;
const set = 'a3bb189e-8bf9-3888-9912-ace4e6543002';

test('is found in the ledger however old it is, and in the log before it is stored', async () => {
  const dataDir = temporaryDirectory();
  const ledger = await openEmbeddedLedger(dataDir);
  const daysAgo = [0, 3, 40, 400];
  const rows = daysAgo.map((days, index) => {
    const at = nowMs - days * dayMs - 60_000;
    const cdr = sampleCdr(`d${days}`, { startedAt: at, answeredAt: at, endedAt: at + 1000 });
    const logId = { set, file: 'w0-1769853600000-0.log', offset: index * 200 };
    return { day: dayOfNode(at), cdr, logId, charges: [], listed: true };
  });
  const places = { 'w0-1769853600000': { file: 'w0-1769853600000-0.log', offset: 1000 } };
  const batch = { logSet: set, version: 0, rows, rejected: [], places };
  assert.equal((await ledger.commit(ledger.prepare(batch))).kind, 'stored');
  const log = openLog(dataDir, { nowWallMs: nowMs - 500 * dayMs });
  const early = nowMs - 499 * dayMs;
  log.recordEnd(sampleCdr('unstored', { startedAt: early, endedAt: early, answeredAt: null }));
  log.flush();

  const findCdrs = createFindCdrs({ dataDir, ledger, now: () => nowMs });
  for (const days of daysAgo) {
    const [found, ...more] = await findCdrs({ callId: `d${days}@192.0.2.10` });
    assert.equal(found!.id, `d${days}`);
    assert.deepEqual(more, []);
    assert.deepEqual(await findCdrs({ logId: found!.logId }), [found]);
  }
  const [unstored] = await findCdrs({ callId: 'unstored@192.0.2.10' });
  assert.equal(unstored!.id, 'unstored');
  assert.deepEqual((await findCdrs({ logId: unstored!.logId }))[0]!.id, 'unstored');
  assert.deepEqual(await findCdrs({ callId: 'never@192.0.2.10' }), []);
  log.close(nowMs);
  await ledger.close();
});

const logId = { set, file: 'w0-1769853600000-0.log', offset: 12 };
const stored = (id: string, changes: object = {}, offset = 12): StoredCdr => ({
  ...sampleCdr(id, changes),
  logId: { ...logId, offset },
});
const asking = (text: string, ...found: StoredCdr[]): Promise<unknown> =>
  findRecordedCall(async () => found, text, 'edge-1');

test('is the one of the caller where the call came back to us, and named where there are several', async () => {
  const outer = stored('outer', { calleeCallId: 'inner@192.0.2.10' }, 1);
  const inner = stored('inner', {}, 2);
  assert.deepEqual(await asking('inner@192.0.2.10', outer, inner), cdrToJson(inner, inner.logId));
  await assert.rejects(asking('outer@192.0.2.10', outer, { ...outer, logId: inner.logId }), {
    message: new RegExp(`2 CDRs have this Call-ID; expected one of ${set}/w0-.*/1, ${set}/`),
  });
  await assert.rejects(asking('none'), { message: /cdr none: there is no such CDR/ });
});

test('is refused where the CDR has not the whole of its numbers', async () => {
  for (const long of ['7'.repeat(300), '\xe4\xb8\x83'.repeat(100), '\xf0\x9f\x98\x80'.repeat(80)]) {
    for (const field of ['callerAccess', 'calleeAccess']) {
      const cut = withinColumns(sampleCdr('x', { [field]: long }));
      await assert.rejects(asking('x', { ...cut, logId }), {
        message: /a call with a number too long for its CDR; expected one whose numbers/,
      });
    }
  }
  const whole = stored('x', { calleeAccess: '7'.repeat(255) });
  assert.deepEqual(await asking('x', whole), cdrToJson(whole, logId));
});

test('is refused where another node, or no gateway, had the call', async () => {
  await assert.rejects(asking('x', stored('x', { node: 'edge-2' })), {
    message: /a call of node edge-2; expected a call of this node, edge-1: ask there/,
  });
  await assert.rejects(asking('x', stored('x', { mappingGateway: '' })), {
    message: /came by no mapping gateway/,
  });
});

test('asks with what the call asked with; what failed before its last gateway fails again', () => {
  const attempt = { callId: 'b', startedAt: 0, tookMs: 1 };
  const cdr = sampleCdr('a', {
    attempts: [
      { ...attempt, gateway: 'refuses', sipCode: 503, endReason: 'SIP 503 Service Unavailable' },
      // The 487 answers our CANCEL.
      { ...attempt, gateway: 'late', sipCode: 487, endReason: 'Response timeout' },
      { ...attempt, gateway: 'silent', sipCode: 0, endReason: 'InviteTimeout' },
      { ...attempt, gateway: 'last', sipCode: 486, endReason: 'x' },
    ],
    calleeAccess: Buffer.from('44é', 'utf8').toString('latin1'),
  });
  assert.deepEqual(questionOf(cdrToJson(cdr, logId)), {
    gateway: 'acme-in',
    callee: '44é',
    caller: '4420123456',
    at: new Date(cdr.startedAt).toISOString(),
    version: 7,
    // No response: codes of stopCodes are none of these two.
    fail: { refuses: 503, late: 0, silent: 0 },
    recorded: { attempted: ['refuses', 'late', 'silent', 'last'], calleeBilling: null },
  });
});

test('an identity of a frame reads as it is written', () => {
  assert.deepEqual(parseLogId(logIdText(logId)), logId);
  assert.equal(parseLogId('4f2c9d1e@192.0.2.10'), undefined);
  assert.equal(parseLogId(`${logIdText(logId)}x`), undefined);
});
