// What the push makes of a receiver's answers: order, shrinking batches, single CDRs set aside.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { cdrToJson } from '../../core/cdr/cdr-json.ts';
import { defaultWriterParameters, type WriterParameters } from '../../workers/cdr/row-rules.ts';
import { CdrPush } from '../../workers/hand-off/cdr-push.ts';
import { HandOff } from '../../workers/hand-off/hand-off.ts';
import { HandOffFailed } from '../../workers/hand-off/hand-off-failed.ts';
import type { PushAnswer } from '../../workers/hand-off/push-client.ts';
import { completePush, type PushKeys } from '../../workers/hand-off/push-settings.ts';
import { createRefusedRecords } from '../../workers/hand-off/refused-records.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { failedCdr, sampleCdr, sampleCharges, temporaryDirectory } from '../cdr/sample-records.ts';

const baseMs = Date.now();
const ok: PushAnswer = { status: 200, retryAfterMs: 0, text: '' };
const nowMs = Date.parse('2026-01-31T10:00:00Z');

function statusOf(status: number, text = ''): PushAnswer {
  return { status, retryAfterMs: 0, text };
}

class Stage {
  readonly dataDir = temporaryDirectory();
  readonly log = openLog(this.dataDir, { nowWallMs: baseMs });
  parameters: WriterParameters = defaultWriterParameters;
  /** Ids of each request. */
  readonly sent: string[][] = [];
  readonly taken: string[] = [];
  answer: (ids: readonly string[]) => PushAnswer | Error = () => ok;
  handOff: HandOff<string, null>;
  readonly #keys: PushKeys;

  constructor(keys: Partial<PushKeys> = {}) {
    this.#keys = { url: 'http://billing.example/cdrs?key=1', batchRecords: 8, ...keys };
    this.handOff = this.open();
  }

  open(): HandOff<string, null> {
    const settings = completePush(this.#keys)!;
    this.handOff = new HandOff({
      dataDir: this.dataDir,
      target: new CdrPush({
        settings,
        client: { post: (body) => this.#post(body), close: () => {} },
        parameters: () => this.parameters,
        setAside: createRefusedRecords(this.dataDir, () => nowMs),
      }),
      keepDays: () => 7,
      onUnusable: () => {},
      onLost: () => {},
    });
    this.handOff.want({ since: 1 });
    return this.handOff;
  }

  calls(...ids: readonly string[]): void {
    for (const id of ids) this.log.recordEnd(failedCdr(id, baseMs));
    this.log.flush();
  }

  async drain(): Promise<void> {
    while ((await this.handOff.step()) === 'more');
  }

  refused(): { at: string; status: number; answer: string; cdr: { id: string } }[] {
    const file = path.join(this.dataDir, 'hand-off', 'push-refused.ndjson');
    if (!fs.existsSync(file)) return [];
    const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  async #post(body: string): Promise<PushAnswer> {
    const cdrs = JSON.parse(body) as { id: string }[];
    const ids = cdrs.map(({ id }) => id);
    this.sent.push(ids);
    const answer = this.answer(ids);
    if (answer instanceof Error) throw answer;
    if (answer.status < 300) this.taken.push(...ids);
    return answer;
  }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c${index}`);
}

test('sends each CDR as `tandem cdr` prints it, in order, in batches', async () => {
  const stage = new Stage();
  const bodies: string[] = [];
  const cdr = sampleCdr('billed', sampleCharges);
  const push = new CdrPush({
    settings: completePush({ url: 'http://billing.example/', format: 'ndjson' })!,
    client: {
      post: async (body) => {
        bodies.push(body);
        return ok;
      },
      close: () => {},
    },
    parameters: () => stage.parameters,
    setAside: async () => {},
  });
  const logId = { set: 's', file: 'f', offset: 7 };
  const item = push.form(cdr, logId)!;
  assert.deepEqual(JSON.parse(item), cdrToJson(cdr, logId));
  const long = JSON.parse(push.form({ ...cdr, calleeOut: '7'.repeat(300) }, logId)!) as Cdr;
  assert.equal(long.calleeOut, `${'7'.repeat(252)}\u2026`);
  await push.deliver({
    ...{ set: { id: 's', directory: '' }, items: [item, item], unusable: [], bytes: 0 },
    ...{ oldestEndedAt: undefined, files: [], places: {}, hasMore: false },
  });
  assert.deepEqual(bodies, [`${item}\n${item}\n`]);
  stage.calls(...ids(20));
  await stage.drain();
  assert.deepEqual(
    stage.sent.map(({ length }) => length),
    [8, 8, 4],
  );
  assert.deepEqual(stage.taken, ids(20));
  assert.equal(stage.handOff.figures(baseMs)!.to, 'http://billing.example/cdrs');
  stage.log.close(baseMs);
});

test('a receiver that fails gets smaller batches, then larger ones again; what it took is not sent again', async () => {
  const stage = new Stage();
  stage.calls(...ids(20));
  stage.answer = () => statusOf(500, ' out of\n order ');
  for (let tries = 0; tries < 5; tries++) {
    await assert.rejects(stage.drain(), /^HandOffFailed: HTTP 500: out of order$/);
  }
  assert.deepEqual(
    stage.sent.map(({ length }) => length),
    [8, 4, 2, 1, 1],
  );
  let answers = 0;
  stage.answer = () => (answers++ < 2 ? ok : new Error('connection reset'));
  await assert.rejects(stage.drain(), /connection reset/);
  stage.answer = () => ok;
  await stage.drain();
  assert.deepEqual(stage.taken, ids(20));
  stage.log.close(baseMs);
});

test('what is said of the receiver itself sets no CDR aside', async () => {
  const stage = new Stage();
  stage.calls(...ids(4));
  for (const status of [301, 307, 401, 403, 404, 405, 408, 410, 425, 429, 500, 503]) {
    stage.answer = () => ({ ...statusOf(status), retryAfterMs: 9000 });
    const failed = await stage.drain().then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failed instanceof HandOffFailed, `${status}`);
    assert.equal(failed.retryAfterMs, 9000);
  }
  stage.answer = () => ok;
  await stage.drain();
  assert.deepEqual(stage.taken, ids(4));
  assert.deepEqual(stage.refused(), []);
  stage.log.close(baseMs);
});

test('a CDR that is refused is set aside with the answer, and the others pass, in order', async () => {
  const stage = new Stage();
  const all = ids(30);
  stage.calls(...all);
  const poison = new Set(['c0', 'c11', 'c12', 'c29']);
  stage.answer = (sent) => (sent.some((id) => poison.has(id)) ? statusOf(422, 'no account') : ok);
  await stage.drain();
  assert.deepEqual(
    stage.taken,
    all.filter((id) => !poison.has(id)),
  );
  const refused = stage.refused();
  assert.deepEqual(
    refused.map(({ cdr }) => cdr.id),
    [...poison],
  );
  assert.deepEqual(
    [refused[0]!.at, refused[0]!.status, refused[0]!.answer],
    ['2026-01-31T10:00:00.000Z', 422, 'no account'],
  );
  assert.equal(stage.handOff.figures(baseMs)!.setAside, 4);
  stage.log.close(baseMs);
});

test('a receiver that refuses everything is not fed all CDRs at once, and none is dropped', async () => {
  const stage = new Stage();
  stage.calls(...ids(40));
  stage.answer = () => statusOf(400, 'expected XML');
  await assert.rejects(stage.drain(), /refuses every CDR: HTTP 400: expected XML/);
  assert.equal(stage.refused().length, 10);
  await assert.rejects(stage.drain(), /refuses every CDR/);
  assert.equal(stage.refused().length, 11, 'one more at each try');
  stage.answer = () => ok;
  await stage.drain();
  assert.deepEqual(stage.taken, ids(40).slice(11));
  assert.equal(stage.handOff.figures(baseMs)!.state, 'up');
  stage.log.close(baseMs);
});

test('a refused CDR that cannot be set aside stays in the queue', async () => {
  const stage = new Stage();
  stage.calls('c0', 'c1');
  stage.answer = (sent) => (sent.includes('c0') ? statusOf(400) : ok);
  await stage.handOff.step().catch(() => {});
  const place = path.join(stage.dataDir, 'hand-off', 'push-refused.ndjson');
  fs.rmSync(place);
  fs.mkdirSync(place);
  stage.calls('c2');
  stage.answer = (sent) => (sent.includes('c2') ? statusOf(400) : ok);
  await assert.rejects(stage.drain(), /EISDIR/);
  fs.rmdirSync(place);
  await stage.drain();
  assert.deepEqual(
    stage.refused().map(({ cdr }) => cdr.id),
    ['c2'],
  );
  stage.log.close(baseMs);
});

test('calls without rows are not pushed, as the parameters say', async () => {
  const stage = new Stage();
  stage.parameters = { ...defaultWriterParameters, SERVER_BILLING_RECORD_ZERO_HOLD_TIME: false };
  stage.calls('zero');
  stage.log.recordEnd(sampleCdr('long', { endedAt: baseMs }));
  stage.log.flush();
  await stage.drain();
  assert.deepEqual(stage.taken, ['long']);
  stage.log.close(baseMs);
});

test('property: at least once, in order but for repeats, whatever the receiver does and whenever we die', async () => {
  const answers = fc.constantFrom('ok', 'lost', 'refuse', '500', '429', 'die');
  await fc.assert(
    fc.asyncProperty(
      fc.array(answers, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (script, size) => {
        const stage = new Stage({ batchRecords: size });
        const all = ids(25);
        stage.calls(...all.slice(0, 13));
        let at = 0;
        stage.answer = (sent) => {
          const what = script[at++] ?? 'ok';
          if (what === 'lost') stage.taken.push(...sent);
          if (what === 'die') stage.open();
          if (what === 'lost' || what === 'die') return new Error('no answer');
          return what === 'ok' ? ok : statusOf(what === 'refuse' ? 400 : Number(what));
        };
        for (let tries = 0; tries < script.length; tries++) await stage.drain().catch(() => {});
        stage.calls(...all.slice(13));
        stage.answer = () => ok;
        await stage.drain();
        const refused = stage.refused().map(({ cdr }) => cdr.id);
        assert.deepEqual([...new Set([...stage.taken, ...refused])].sort(), all.toSorted());
        // Sent again after a death, a CDR that was refused may be taken.
        const firsts = [...new Set(stage.taken)].filter((id) => !refused.includes(id));
        assert.deepEqual(
          firsts,
          all.filter((id) => firsts.includes(id)),
        );
        stage.log.close(baseMs);
        fs.rmSync(stage.dataDir, { recursive: true });
      },
    ),
    { numRuns: 60 },
  );
});
