// The exchange with a receiver of CDRs over real sockets: what counts as an answer, and what does not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import {
  openPushClient,
  type PushClient,
  retryAfterMs,
} from '../../workers/hand-off/push-client.ts';
import { completePush, type PushKeys } from '../../workers/hand-off/push-settings.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';
import { type CdrReceiver, startCdrReceiver } from './cdr-receiver.ts';
import { loopbackTls } from './loopback-certificate.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function receiverOf(tls?: { key: string; cert: string }): Promise<CdrReceiver> {
  const receiver = await startCdrReceiver(tls);
  open.push(receiver);
  return receiver;
}

function clientOf(keys: PushKeys): PushClient {
  const client = openPushClient(completePush({ timeoutSeconds: 1, ...keys })!);
  open.push(client);
  return client;
}

test('posts with the token, over one connection that is kept', async () => {
  const receiver = await receiverOf();
  const client = clientOf({ url: `${receiver.url}?key=7`, token: 's3cret' });
  for (const body of ['[1]', '[2]', '[3]']) {
    assert.equal((await client.post(body)).status, 200);
  }
  assert.deepEqual(
    receiver.posts.map(({ body }) => body),
    ['[1]', '[2]', '[3]'],
  );
  const { headers, path: asked } = receiver.posts[0]!;
  assert.equal(asked, '/cdrs?key=7');
  assert.equal(headers.authorization, 'Bearer s3cret');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['content-length'], '3');
  assert.match(headers['user-agent']!, /^tandem\//);
  assert.equal(receiver.connections, 1);
});

test('NDJSON has its own type', async () => {
  const receiver = await receiverOf();
  await clientOf({ url: receiver.url, format: 'ndjson' }).post('1\n');
  assert.equal(receiver.posts[0]!.headers['content-type'], 'application/x-ndjson');
  assert.equal(receiver.posts[0]!.headers.authorization, undefined);
});

test('status, Retry-After and the beginning of the body are told; a redirect is not followed', async () => {
  const receiver = await receiverOf();
  const client = clientOf({ url: receiver.url });
  const body = 'x'.repeat(100_000);
  receiver.manner = () => ({ kind: 'answer', status: 503, headers: { 'retry-after': '7' }, body });
  assert.deepEqual(await client.post('[]'), {
    status: 503,
    retryAfterMs: 7000,
    text: 'x'.repeat(512),
  });
  const location = `${receiver.url}/elsewhere`;
  receiver.manner = () => ({ kind: 'answer', status: 307, headers: { location } });
  assert.equal((await client.post('[]')).status, 307);
  assert.equal(receiver.posts.length, 2);
});

test('a receiver that hangs, or closes within a body, has not answered', async () => {
  const receiver = await receiverOf();
  const client = clientOf({ url: receiver.url });
  receiver.manner = () => ({ kind: 'hang' });
  await assert.rejects(client.post('[]'), /no whole answer within 1 s/);
  receiver.manner = () => ({ kind: 'closeWithinRequest' });
  await assert.rejects(client.post('x'.repeat(3_000_000)), /hang up|EPIPE|ECONNRESET/);
  receiver.manner = () => ({ kind: 'closeWithinAnswer' });
  await assert.rejects(client.post('[]'), /aborted|hang up/);
  receiver.manner = () => ({ kind: 'answer', status: 204 });
  assert.equal((await client.post('[]')).status, 204);
});

test('an answer without end is cut off', async () => {
  const receiver = await receiverOf();
  receiver.manner = () => ({ kind: 'answer', status: 200, body: 'x'.repeat(2_000_000) });
  await assert.rejects(clientOf({ url: receiver.url }).post('[]'), /over 1 MiB/);
});

test('a kept connection that the receiver closed meanwhile is no failure', async () => {
  const receiver = await receiverOf();
  const client = clientOf({ url: receiver.url });
  await client.post('[1]');
  const { port } = new URL(receiver.url);
  await receiver.close();
  open.splice(open.indexOf(receiver), 1);
  const again = await startCdrReceiver(undefined, Number(port));
  open.push(again);
  assert.equal((await client.post('[2]')).status, 200);
  assert.deepEqual(
    again.posts.map(({ body }) => body),
    ['[2]'],
  );
});

test('closing ends what is under way', async () => {
  const receiver = await receiverOf();
  const client = clientOf({ url: receiver.url });
  receiver.manner = () => ({ kind: 'hang' });
  const posted = client.post('[]');
  await receiver.postsAre(1);
  client.close();
  await assert.rejects(posted);
});

test('https: the certificate is checked, against caFile where there is one', async () => {
  const directory = temporaryDirectory();
  const certFile = path.join(directory, 'cert.pem');
  fs.writeFileSync(certFile, loopbackTls.cert);
  const receiver = await receiverOf(loopbackTls);
  await assert.rejects(clientOf({ url: receiver.url }).post('[]'), /self-signed/);
  const trusting = clientOf({ url: receiver.url, caFile: certFile });
  assert.equal((await trusting.post('[1]')).status, 200);
  const missing = clientOf({ url: receiver.url, caFile: path.join(directory, 'none.pem') });
  await assert.rejects(missing.post('[]'), /none\.pem/);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-01-31T10:00:00Z');
  const asked = [
    undefined,
    '120',
    'Sat, 31 Jan 2026 10:00:30 GMT',
    'Sat, 31 Jan 2026 09:00:00 GMT',
    'soon',
    '-1',
  ];
  assert.deepEqual(
    asked.map((value) => retryAfterMs(value, now)),
    [0, 120_000, 30_000, 0, 0, 0],
  );
});
