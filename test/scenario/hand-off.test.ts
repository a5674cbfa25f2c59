import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readMetrics } from '../../bench/peers/tandem.ts';
import { taken } from '../hand-off/cdr-receiver.ts';
import {
  filedIds,
  handOffToken,
  handOffUnderCalls,
  openHandOffStage,
  pushedCdrs,
} from './hand-off.ts';
import type { StatusLine } from './node-under-test.ts';

test('files and push have every CDR while the receiver is away, the directory too, and after', async () => {
  const stage = await openHandOffStage();
  const { node, receiver } = stage;
  const becomes = async (isSo: (status: StatusLine) => boolean): Promise<StatusLine> => {
    const endMs = performance.now() + 20_000;
    for (;;) {
      const status = await node.status();
      if (isSo(status)) return status;
      assert.ok(performance.now() < endMs, JSON.stringify(status.cdrHandOff));
      await delay(100);
    }
  };
  try {
    const busy = stage.customer.place(node.target, { callee: '4499' });
    assert.equal(await busy.answered, 486);
    const first = await stage.handedOff();
    assert.deepEqual(first.map(({ endReason }) => endReason).length, 1);
    assert.equal(receiver.posts[0]!.headers.authorization, `Bearer ${handOffToken}`);
    receiver.manner = () => ({ kind: 'answer', status: 503, body: 'closed for today' });
    const directory = path.join(node.tandem().dataDir, 'cdr-files');
    fs.renameSync(directory, `${directory}-away`);
    fs.writeFileSync(directory, 'in the way');
    const stop = stage.load(40);
    await delay(1500);
    stop();
    const away = await becomes(
      ({ cdrHandOff: { files, push } }) => files?.state === 'away' && push?.state === 'away',
    );
    assert.equal(away.cdrHandOff.push!.reason, 'HTTP 503: closed for today');
    assert.equal(away.cdrHandOff.push!.to, receiver.url);
    assert.match(away.cdrHandOff.files!.reason, /ENOTDIR/);
    await becomes(
      ({ cdrHandOff: { push } }) => push!.queue.records > 0 && push!.queue.oldestMs > 0,
    );
    const metrics = await readMetrics(node.tandem());
    assert.equal(metrics.get('tandem_cdr_hand_off_up'), 0);
    assert.ok(metrics.get('tandem_cdr_hand_off_queue_records')! > 0);
    // Neither calls nor ledger mind.
    assert.equal(await stage.customer.place(node.target, { callee: '4499' }).answered, 486);
    assert.ok((await node.cdrs()).length > 20);
    receiver.manner = () => taken;
    fs.rmSync(directory);
    fs.renameSync(`${directory}-away`, directory);
    const cdrs = await stage.handedOff();
    assert.ok(cdrs.length > 20);
    const up = await becomes(({ cdrHandOff: { push } }) => push!.state === 'up');
    assert.deepEqual(up.cdrHandOff.push!.queue, { records: 0, bytes: 0, oldestMs: 0 });
    // What is there at the end is handed off before it.
    assert.equal(await stage.customer.place(node.target, { callee: '4499' }).answered, 486);
    await node.stop();
    assert.equal(filedIds(node).length, cdrs.length + 1);
    assert.equal(new Set(pushedCdrs(receiver).map(({ id }) => id)).size, cdrs.length + 1);
  } finally {
    await stage.close();
  }
});

test('kill -9 under calls, with a receiver that fails in every way: each CDR is one line, and came', async () => {
  const { byesAnswered, cdrs } = await handOffUnderCalls({ kills: 2, rate: 40, upMs: 1500 });
  assert.ok(byesAnswered > 20, `${byesAnswered} calls`);
  assert.ok(cdrs >= byesAnswered);
});
