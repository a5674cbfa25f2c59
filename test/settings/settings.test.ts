// The node file: defaults, the contract's example, and refusals that name file, key, value and what was
// expected.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Transport } from '../../core/sip/hop.ts';
import { recordNodeFile, settingsOfNode } from '../../workers/node-file-record.ts';
import { loadSettings, type Settings } from '../../workers/settings.ts';
import { StartRefused } from '../../workers/start-refused.ts';

const directory = mkdtempSync(join(tmpdir(), 'tandem-settings-'));
let files = 0;

function load(text: string, extension = 'yaml'): Settings {
  const file = join(directory, `node-${files++}.${extension}`);
  writeFileSync(file, text);
  return loadSettings({ configFile: file });
}

function refused(text: string, ...parts: string[]): void {
  assert.throws(
    () => load(text),
    (error: unknown) => {
      assert.ok(error instanceof StartRefused, String(error));
      assert.equal(error.exitCode, 2);
      for (const part of [`node-${files - 1}.yaml`, ...parts]) {
        assert.ok(error.message.includes(part), `${error.message} lacks ${part}`);
      }
      return true;
    },
  );
}

test('without a file every setting has its default', () => {
  const settings = loadSettings({ dataDir: join(directory, 'none') });
  assert.match(settings.node, /^[A-Za-z0-9._-]+$/);
  assert.equal(settings.dataDir, resolve(directory, 'none'));
  assert.deepEqual(settings.listen, [{ transport: Transport.udp, address: '0.0.0.0', port: 5060 }]);
  assert.ok(settings.callWorkers >= 1);
  assert.equal(settings.adminListen, 'http://127.0.0.1:8080');
  assert.equal(settings.cdrSyncMs, 1000);
  assert.equal(settings.logLevel, 'info');
  assert.equal(settings.drainSeconds, 30);
  assert.deepEqual(settings.notices, []);
});

const example = `
node: edge-1
dataDir: ./data
sip:
  listen: ["udp://127.0.0.1:5060", "tcp://[::1]:5070"]
workers: { calls: 1, media: 1 }
admin: { listen: "http://127.0.0.1:8080" }
cdrSyncMs: 500
log: { level: debug }
drainSeconds: 5
`;

test('every key of the node file is read', () => {
  const settings = load(example);
  assert.equal(settings.node, 'edge-1');
  assert.deepEqual(settings.listen, [
    { transport: Transport.udp, address: '127.0.0.1', port: 5060 },
    { transport: Transport.tcp, address: '::1', port: 5070 },
  ]);
  assert.equal(settings.callWorkers, 1);
  assert.equal(settings.cdrSyncMs, 500);
  assert.equal(settings.logLevel, 'debug');
  assert.equal(settings.drainSeconds, 5);
  assert.equal(settings.notices.length, 1);
  assert.match(settings.notices[0]!, /workers\.media/);
});

test('JSON is read as well', () => {
  assert.equal(load('{"node":"edge-2"}', 'json').node, 'edge-2');
});

test('--data wins over dataDir', () => {
  const file = join(directory, 'data-wins.yaml');
  writeFileSync(file, 'dataDir: /nowhere\n');
  const settings = loadSettings({ configFile: file, dataDir: directory });
  assert.equal(settings.dataDir, directory);
});

test('a node file in the data directory is found', () => {
  const own = mkdtempSync(join(tmpdir(), 'tandem-settings-'));
  writeFileSync(join(own, 'node.yaml'), 'node: found\n');
  assert.equal(loadSettings({ dataDir: own }).node, 'found');
});

test('an unknown key is refused by name', () => {
  refused('nodes: edge-1\n', 'nodes', '"edge-1"', 'no such key');
  refused('sip: { lissten: [] }\n', 'sip.lissten');
  refused('log: { level: info, file: x }\n', 'log.file');
});

test('a value of the wrong kind is refused with what was expected', () => {
  refused('drainSeconds: soon\n', 'drainSeconds: "soon": expected number');
  refused('workers: { calls: 0 }\n', 'workers.calls', '0', '1');
  refused('workers: { calls: 65 }\n', 'workers.calls', '65', '64');
  refused('log: { level: loud }\n', 'log.level', '"loud"', 'info');
  refused('node: "a b"\n', 'node', '"a b"', 'letters');
  refused('sip: { listen: [] }\n', 'sip.listen', 'at least one');
  refused('[1, 2]\n', '(top)', 'object');
});

test('what this version cannot do is refused by name', () => {
  refused('sip: { listen: ["tls://127.0.0.1:5061"] }\n', 'sip.listen.0', 'tls is not supported');
  refused('sip: { listen: ["ws://127.0.0.1:5061"] }\n', 'ws is not supported');
  refused('sip: { listen: ["udp://sip.example.com"] }\n', 'sip.listen.0', 'not a host name');
  refused('sip: { listen: ["udp://::1:5060"] }\n', 'sip.listen.0');
  refused('sip: { listen: ["udp://127.0.0.1:65536"] }\n', 'port from 0 to 65535');
  refused('admin: { listen: "https://127.0.0.1:8080" }\n', 'admin.listen', 'https');
});

test('the address of MySQL is whole, and its password is not repeated', () => {
  const url = 'mysql://u:secret@127.0.0.1:3306/tandem';
  assert.equal(load(`mysql: { url: "${url}" }\n`).mysqlUrl, url);
  assert.equal(load('mysql:\n').mysqlUrl, '');
  for (const bad of [
    'postgres://u:secret@h/t',
    'mysql://u:secret@h',
    'mysql://u:secret@h/a/b',
    'secret',
  ]) {
    refused(
      `mysql: { url: "${bad}" }\n`,
      'mysql.url: expected mysql://USER:PASSWORD@HOST:PORT/DATABASE',
    );
    assert.throws(
      () => load(`mysql: { url: "${bad}" }\n`),
      (error: Error) => !error.message.includes('secret'),
    );
  }
  refused('mysql: { url: "x", pool: 3 }\n', 'mysql.pool', 'no such key');
  assert.throws(
    () => load(`mysql: "${url}"\n`),
    (error: Error) => error.message.includes('mysql') && !error.message.includes('secret'),
  );
});

test('a file that is missing or no YAML is refused', () => {
  assert.throws(() => loadSettings({ configFile: join(directory, 'gone.yaml') }), /gone\.yaml/);
  refused('a: [\n');
});

test('cdrPush and cdrFiles are read, and no secret of theirs is repeated', () => {
  const { dataDir, cdrFilesDir, cdrPush } = load('node: a\n');
  assert.deepEqual([cdrFilesDir, cdrPush], [join(dataDir, 'cdr-files'), null]);
  const url = 'https://billing.example/cdrs?key=secret';
  assert.deepEqual(load(`cdrPush: { url: "${url}" }\n`).cdrPush, {
    ...{ url, token: '', caFile: '', format: 'json', batchRecords: 100, timeoutSeconds: 10 },
  });
  const files = load('cdrFiles: { directory: /srv/cdr }\ncdrPush:\n');
  assert.deepEqual([files.cdrFilesDir, files.cdrPush], ['/srv/cdr', null]);
  refused('cdrFiles: { directory: "" }\n', 'cdrFiles.directory: "": expected a directory');
  refused('cdrFiles: {}\n', 'cdrFiles.directory');
  refused('cdrPush: {}\n', 'cdrPush.url');
  refused(`cdrPush: { url: "${url}", retries: 3 }\n`, 'cdrPush.retries', 'no such key');
  refused(`cdrPush: { url: "${url}", batchRecords: 1001 }\n`, 'cdrPush.batchRecords', '1000');
  refused(`cdrPush: { url: "${url}", format: xml }\n`, 'cdrPush.format', 'json');
  const bad = [
    'cdrPush: { url: "ftp://secret@h/" }',
    'cdrPush: { url: "https://u:secret@h/" }',
    'cdrPush: { url: "secret" }',
    'cdrPush: secret',
    `cdrPush: { url: "${url}", token: "secret\\n" }`,
    `cdrPush: { url: "${url}", tokn: secret }`,
  ];
  for (const text of bad) {
    assert.throws(
      () => load(`${text}\n`),
      (error: Error) => /cdrPush/.test(error.message) && !error.message.includes('secret'),
      text,
    );
  }
});

test('a data directory knows the node file of its last start, where that is elsewhere', () => {
  const [own, other] = ['record-own', 'record-other'].map((name) => join(directory, name));
  for (const path of [own!, other!]) mkdirSync(path);
  writeFileSync(join(own!, 'node.yaml'), 'node: of-the-directory\n');
  const elsewhere = join(other!, 'any-name.yaml');
  writeFileSync(elsewhere, 'node: of-elsewhere\n');
  assert.equal(settingsOfNode(own!).node, 'of-the-directory');
  const { nodeFile, dataDir } = loadSettings({ configFile: elsewhere, dataDir: own });
  recordNodeFile(dataDir, nodeFile);
  assert.equal(settingsOfNode(own!).node, 'of-elsewhere');
  assert.equal(statSync(join(own!, 'node-file')).mode & 0o777, 0o600);
  renameSync(elsewhere, `${elsewhere}.moved`);
  assert.throws(() => settingsOfNode(own!), /any-name\.yaml: cannot be read.*was started with/);
  recordNodeFile(dataDir, loadSettings({ dataDir: own }).nodeFile);
  assert.equal(settingsOfNode(own!).node, 'of-the-directory', 'started without --config since');
});
