// A change where a database has the master copy, step by step: proven, committed there, run on, committed here.
// Whatever fails before the second step changes nothing anywhere.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createConfigurationMaster, followedKey } from '../../admin/configuration-master.ts';
import {
  type ConfigurationService,
  createConfigurationService,
} from '../../admin/configuration-service.ts';
import { EngineRefused, EngineSilent } from '../../admin/engine-channel.ts';
import { RequestRefused } from '../../admin/problem.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { LedgerAway } from '../../workers/ledger/ledger-store.ts';

type Step = 'prepare' | 'push' | 'activate';

const options = { replace: false, dryRun: false };
const change = (cps: number): object => ({ parameters: { SS_MAXCPS: cps } });
const isRefused =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RequestRefused && error.problem.type === `urn:tandem:problem:${code}`;

describe('a change with a master copy', () => {
  let directory: string;
  let store: ConfigurationStore;
  let versions: ConfigurationVersions;
  let service: ConfigurationService;
  /** In the order in which they came, each with the version in force here at that time. */
  let steps: [Step, number][];
  let documents: Map<number, unknown>;
  /** Called in each step; what it throws fails the step. */
  let at: (step: Step) => void;

  const step = (name: Step): void => {
    steps.push([name, versions.current()]);
    at(name);
  };
  const failing =
    (where: Step, error: Error) =>
    (name: Step): void => {
      if (name === where) throw error;
    };
  const followed = (): number => Number(Buffer.from(store.get(followedKey) ?? '0').toString());

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tandem-put-'));
    store = await openConfigurationStore(directory);
    versions = new ConfigurationVersions(store);
    documents = new Map();
    const source = {
      head: async () => Math.max(0, ...documents.keys()),
      read: async (number: number) => documents.get(number),
      push: async (number: number, document: unknown) => {
        step('push');
        if (documents.has(number)) return false;
        documents.set(number, document);
        return true;
      },
      nodes: async () => ({ names: ['edge-1'], logs: 1 }),
    };
    const engine = {
      prepare: async () => step('prepare'),
      activate: async (version: number) => {
        step('activate');
        return { version, compileMs: 1, swapPauseMs: 0 };
      },
    };
    const master = createConfigurationMaster(source, store);
    service = createConfigurationService(versions, { engine, master });
    at = () => {};
    steps = [];
    await service.apply(change(1), options);
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    at = () => {};
    steps = [];
  });

  it('is committed in the database before it is run on, and here last', async () => {
    const current = versions.current();
    const applied = await service.apply(change(2), options);
    assert.deepEqual(steps, [
      ['prepare', current],
      ['push', current],
      ['activate', current],
    ]);
    assert.equal(versions.current(), applied.version);
    assert.equal(followed(), Math.max(...documents.keys()));
  });

  for (const [what, where, error, code] of [
    [
      'the engine says that it cannot run on it',
      'prepare',
      new EngineRefused('no slots'),
      'engine-refused',
    ],
    ['the engine says nothing', 'prepare', new EngineSilent('no answer'), 'engine-silent'],
    ['the database is away', 'push', new LedgerAway('MySQL: gone'), undefined],
  ] as const) {
    it(`nothing is changed where ${what}`, async () => {
      const [current, number] = [versions.current(), documents.size];
      at = failing(where, error);
      await assert.rejects(
        service.apply(change(9), options),
        code === undefined ? /MySQL: gone; nothing was changed/ : isRefused(code),
      );
      assert.equal(steps.at(-1)![0], where, 'the last step');
      assert.deepEqual([versions.current(), documents.size], [current, number]);
      assert.ok(
        versions.list().every(({ committed }) => committed),
        'nothing staged is left',
      );
    });
  }

  it('nothing is changed where another node was first, and the next try is made on its change', async () => {
    at = (name) => {
      if (name === 'push') documents.set(documents.size + 1, { parameters: { SS_MAXCPS: 30 } });
    };
    const current = versions.current();
    const tried = { parameters: { SS_MAX_CALL_DURATION: 60 } };
    await assert.rejects(service.apply(tried, options), isRefused('changed-meanwhile'));
    assert.equal(versions.current(), current);
    at = () => {};
    await service.apply(tried, options);
    const { SS_MAXCPS, SS_MAX_CALL_DURATION } = service.inForce().parameters;
    assert.deepEqual([SS_MAXCPS, SS_MAX_CALL_DURATION], [30, 60]);
  });

  for (const error of [new EngineRefused('a worker is dead'), new EngineSilent('no answer')]) {
    it(`is followed later where the engine fails after the commit (${error.name})`, async () => {
      const [current, cps] = [versions.current(), documents.size + 100];
      at = failing('activate', error);
      await assert.rejects(service.apply(change(cps), options), isRefused('not-in-force'));
      assert.equal(versions.current(), current);
      assert.equal(steps.filter(([name]) => name === 'activate').length, 1, 'it is left there');
      at = () => {};
      await service.follow();
      assert.equal(service.inForce().parameters.SS_MAXCPS, cps);
      assert.equal(followed(), documents.size);
    });
  }

  it('is new to the next look where the process dies before it has noted the number', async () => {
    await service.apply(change(77), options);
    const current = versions.current();
    // As it was before the last line of the change.
    store.transaction((transaction) =>
      transaction.put(followedKey, Buffer.from(String(documents.size - 1))),
    );
    steps = [];
    await service.follow();
    assert.deepEqual([versions.current(), followed()], [current, documents.size]);
    assert.deepEqual(steps, [], 'the same document changes nothing');
  });
});
