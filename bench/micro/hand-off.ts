// What a hand-off adds to the CPU of the CDR writer's thread, a CDR: reading and decoding the log once more,
// then a line of an hourly file, or JSON and its way over loopback (the receiver is another process). Calls of
// answer and end, one worker, a log of its own; syncs of the disk wait in another thread.
import { fork } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { endOf, sampleAnswer, sampleCharges } from '../../test/cdr/sample-records.ts';
import { CdrLog } from '../../workers/cdr/cdr-log.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { nodeTimeZone, zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { CdrPush } from '../../workers/hand-off/cdr-push.ts';
import { HandOff, type HandOffTarget } from '../../workers/hand-off/hand-off.ts';
import { openHourFileSystem } from '../../workers/hand-off/hour-file-system.ts';
import { HourFiles } from '../../workers/hand-off/hour-files.ts';
import { openPushClient } from '../../workers/hand-off/push-client.ts';
import { completePush } from '../../workers/hand-off/push-settings.ts';

const calls = 50_000;
const parameters = { ...defaultWriterParameters, SS_CDR_RECORD_TO_FILE: true };

function writeLog(dataDir: string): void {
  const log = new CdrLog({
    ...{ directory: dataDir, worker: 0, node: 'bench', syncMs: 1000, nowWallMs: Date.now() },
  });
  for (let call = 0; call < calls; call++) {
    const answer = sampleAnswer(`call-${call}`, Date.now());
    log.recordAnswer(answer);
    log.recordEnd({ ...endOf(answer, Date.now()), ...sampleCharges });
    if (call % 32 === 0) log.flush();
  }
  log.flush();
  log.close(Date.now());
}

async function measure<Item, Own>(
  name: string,
  dataDir: string,
  target: HandOffTarget<Item, Own>,
): Promise<void> {
  const handOff = new HandOff({
    ...{ dataDir, target, keepDays: () => 7, onUnusable: () => {}, onLost: () => {} },
  });
  handOff.want({ since: 1 });
  const before = process.cpuUsage();
  const startedMs = performance.now();
  while ((await handOff.step()) === 'more');
  const { user, system } = process.cpuUsage(before);
  const { records } = handOff.figures(Date.now())!;
  const tookMs = performance.now() - startedMs;
  const rate = Math.round((records / tookMs) * 1000);
  console.log(`${name}: ${((user + system) / records).toFixed(1)} us a CDR, ${rate} CDRs/s`);
  await handOff.close();
}

/** Reads, and makes nothing of it. */
const nothing: HandOffTarget<number, null> = {
  name: 'files',
  to: '',
  fresh: null,
  cursorDelayMs: 1000,
  recordsMax: () => 1000,
  form: () => 1,
  deliver: async () => null,
  rest: async () => null,
  end: async () => {},
  setAside: () => 0,
  close: () => {},
};

async function main(): Promise<void> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'tandem-hand-off-'));
  writeLog(dataDir);
  const receiver = fork(fileURLToPath(import.meta.url), ['receiver']);
  const url = await new Promise<string>((resolve) =>
    receiver.once('message', (text) => resolve(String(text))),
  );
  await measure('read only', dataDir, nothing);
  fs.rmSync(path.join(dataDir, 'hand-off'), { recursive: true });
  const fileSystem = openHourFileSystem(path.join(dataDir, 'files'));
  const zone = zoneOffsets(nodeTimeZone());
  const files = new HourFiles({
    ...{ fileSystem, zone: () => zone, parameters: () => parameters, nowWallMs: Date.now },
  });
  await measure('hourly files', dataDir, files);
  for (const batchRecords of [10, 100, 1000]) {
    fs.rmSync(path.join(dataDir, 'hand-off'), { recursive: true });
    const settings = completePush({ url, batchRecords })!;
    const client = openPushClient(settings);
    const push = new CdrPush({
      ...{ settings, client, parameters: () => parameters, setAside: async () => {} },
    });
    await measure(`push, ${batchRecords} CDRs a batch`, dataDir, push);
  }
  receiver.kill();
  fs.rmSync(dataDir, { recursive: true });
}

function receive(): void {
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1', () => {
    process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
}

if (process.argv[2] === 'receiver') receive();
else await main();
