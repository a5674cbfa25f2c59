// All or nothing, whatever the engine does: the version before stays in force and nothing staged is left.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createConfigurationService } from '../../admin/configuration-service.ts';
import { type Activation, EngineSilent } from '../../admin/engine-channel.ts';
import { RequestRefused } from '../../admin/problem.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';

const document = (priority: number): object => ({
  routingGateways: [{ name: 'carrier-a', address: '127.0.0.1:5080', prefixes: ['44'], priority }],
});
const options = { replace: false, dryRun: false };
const isRefused =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RequestRefused && error.problem.type === `urn:tandem:problem:${code}`;

describe('configuration service', () => {
  let dataDir: string;
  let store: ConfigurationStore;
  let versions: ConfigurationVersions;
  let activated: number[];
  let outcome: (version: number) => Promise<Activation>;
  const activate = (version: number): Promise<Activation> => {
    activated.push(version);
    return outcome(version);
  };
  const engine = { prepare: async (): Promise<void> => {}, activate };
  const well = async (version: number): Promise<Activation> => ({
    version,
    compileMs: 1,
    swapPauseMs: 0,
  });
  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tandem-configuration-'));
    store = await openConfigurationStore(dataDir);
    versions = new ConfigurationVersions(store);
    outcome = well;
    activated = [];
    await createConfigurationService(versions, { engine }).apply(document(1), options);
  });
  after(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });
  beforeEach(() => {
    activated = [];
    outcome = well;
  });

  it('goes back to the version in force when the engine falls silent', async () => {
    const service = createConfigurationService(versions, { engine });
    const inForce = versions.current();
    outcome = async (version) => {
      if (version !== inForce) throw new EngineSilent('no answer');
      return well(version);
    };
    await assert.rejects(service.apply(document(2), options), isRefused('engine-silent'));
    assert.equal(activated.length, 2);
    assert.equal(activated[1], inForce);
    assert.equal(versions.current(), inForce);
    assert.ok(versions.list().every((version) => version.committed));
  });

  it('goes back as well when the version cannot be committed', async () => {
    const service = createConfigurationService(versions, { engine });
    let other = 0;
    outcome = async (version) => {
      if (other === 0) {
        const result = versions.apply(document(7));
        assert.ok(result.kind === 'staged');
        other = result.version;
        assert.deepEqual(versions.commit(other), { ok: true });
      }
      return well(version);
    };
    await assert.rejects(service.apply(document(3), options), isRefused('configuration-refused'));
    assert.equal(versions.current(), other);
    assert.equal(activated.at(-1), other);
  });

  it('asks no engine for what changes nothing', async () => {
    const service = createConfigurationService(versions, { engine });
    const applied = await service.apply(versions.document(versions.current()), options);
    assert.equal(applied.changes, undefined);
    assert.equal(applied.version, versions.current());
    assert.deepEqual(activated, []);
  });

  it('is free again after a change that failed', async () => {
    const service = createConfigurationService(versions, { engine });
    await assert.rejects(
      service.apply({ nonsense: 1 }, options),
      isRefused('configuration-invalid'),
    );
    const applied = await service.apply(document(11), options);
    assert.equal(versions.current(), applied.version);
  });
});
