// Two nodes on one database: each has a store of its own, MariaDB has the master copy.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeBackup, restoreBackup } from '../../admin/backup.ts';
import { createConfigurationMaster } from '../../admin/configuration-master.ts';
import {
  type ConfigurationService,
  createConfigurationService,
} from '../../admin/configuration-service.ts';
import { EngineRefused } from '../../admin/engine-channel.ts';
import type { RequestRefused } from '../../admin/problem.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { MysqlSource } from '../../workers/configuration/mysql-source.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway } from '../../workers/ledger/ledger-store.ts';
import { MariaDb } from '../peers/mariadb.ts';

const temporary = (): string => mkdtempSync(join(tmpdir(), 'tandem-master-'));
const isNotFollowed = (error: RequestRefused): boolean =>
  error.problem.type === 'urn:tandem:problem:not-followed';
const kept = { replace: false, dryRun: false };

interface Node {
  readonly configuration: ConfigurationService;
  readonly activated: number[];
  /** What the engine does when it is asked to run on a version. */
  activate: (version: number) => Promise<void>;
  close(): Promise<void>;
}

describe('the configuration of several nodes', () => {
  let database: MariaDb;
  let shared: string;
  const open: Node[] = [];

  before(async () => {
    database = await MariaDb.start();
    shared = await database.createDatabase('shared');
  });
  after(async () => {
    for (const node of open) await node.close();
    await database.close();
  });

  async function openNode(
    name: string,
    { directory = temporary(), url = shared }: { directory?: string; url?: string } = {},
  ): Promise<Node> {
    const store = await openConfigurationStore(directory);
    const source = new MysqlSource({
      url,
      node: name,
      ...(url === shared ? { answerMs: 500 } : {}),
    });
    const activated: number[] = [];
    const configuration = createConfigurationService(new ConfigurationVersions(store), {
      engine: {
        prepare: async () => {},
        activate: async (version) => {
          await node.activate(version);
          activated.push(version);
          return { version, compileMs: 1, swapPauseMs: 0 };
        },
      },
      master: createConfigurationMaster(source, store),
    });
    const node: Node = {
      configuration,
      activated,
      activate: async () => {},
      close: async () => {
        await source.close();
        await store.close();
      },
    };
    open.push(node);
    return node;
  }

  const names = ({ configuration }: Node): string[] =>
    configuration.read().document.accounts.map(({ name }) => name);

  it('takes a change while it looks for those of others', async () => {
    const node = await openNode('busy');
    const looking = node.configuration.follow();
    const parameters = { SS_MAXCPS: 7 };
    const applied = node.configuration.apply({ parameters }, kept);
    await assert.rejects(
      node.configuration.apply({ parameters: { SS_MAXCPS: 8 } }, kept),
      /expected after the change under way has ended/,
    );
    await Promise.all([looking, node.configuration.follow(), applied]);
    assert.equal(node.configuration.inForce().parameters.SS_MAXCPS, 7);
  });

  it('is followed by the others, and changed by any of them', async () => {
    const [one, other] = [await openNode('one'), await openNode('other')];
    await one.configuration.apply({ accounts: [{ name: 'acme', kind: 'customer' }] }, kept);
    assert.deepEqual(names(other), []);
    await other.configuration.follow();
    assert.deepEqual(names(other), ['acme']);
    assert.equal(other.activated.length, 1);
    await other.configuration.follow();
    assert.equal(other.activated.length, 1, 'nothing new, nothing done');
    // Without having followed: it catches up first, so that nothing of the other's is lost.
    await other.configuration.apply({ accounts: [{ name: 'beta', kind: 'customer' }] }, kept);
    await one.configuration.apply({ accounts: [{ name: 'gamma', kind: 'customer' }] }, kept);
    assert.deepEqual(names(one).sort(), ['acme', 'beta', 'gamma']);
    await other.configuration.follow();
    assert.deepEqual(names(other).sort(), ['acme', 'beta', 'gamma']);
    const third = await openNode('third');
    await third.configuration.follow();
    assert.deepEqual(names(third).sort(), ['acme', 'beta', 'gamma']);
  });

  it('is not changed while the database is away, and stays in force', async () => {
    const [one] = open;
    const before = names(one!);
    const version = one!.configuration.read().version;
    database.signal('SIGSTOP');
    try {
      const document = { accounts: [{ name: 'late', kind: 'customer' }] };
      await assert.rejects(one!.configuration.apply(document, kept), LedgerAway);
      await assert.rejects(one!.configuration.follow(), LedgerAway);
    } finally {
      database.signal('SIGCONT');
    }
    assert.deepEqual(names(one!), before);
    assert.equal(one!.configuration.read().version, version);
    await one!.configuration.apply({ accounts: [{ name: 'late', kind: 'customer' }] }, kept);
    assert.ok(names(one!).includes('late'));
  });

  /** Of a node that had no database so far. */
  async function configured(directory: string, account: string): Promise<void> {
    const store = await openConfigurationStore(directory);
    const service = createConfigurationService(new ConfigurationVersions(store));
    // With money, which forbids that it be removed.
    const accounts = [{ name: account, kind: 'customer', balance: '5' }];
    await service.apply({ accounts }, kept);
    await store.close();
  }

  it('a node that gets a database puts its configuration there, before others change it', async () => {
    const url = await database.createDatabase('turned_on');
    const directory = temporary();
    await configured(directory, 'acme');
    const one = await openNode('one', { directory, url });
    const empty = await openNode('empty', { url });
    assert.equal(await empty.configuration.follow(), undefined, 'an empty node has none to give');
    await one.configuration.apply(
      { parameters: { SS_MAXCPS: 5 } },
      { replace: false, dryRun: true },
    );
    assert.equal(await empty.configuration.follow(), undefined, 'a dry run puts nothing there');
    assert.equal(await one.configuration.follow(), undefined);
    await empty.configuration.apply({ accounts: [{ name: 'beta', kind: 'customer' }] }, kept);
    assert.deepEqual(names(empty).sort(), ['acme', 'beta']);
    const followed = await one.configuration.follow();
    assert.deepEqual([followed?.previousVersion, followed?.version], [1, 2]);
    assert.deepEqual(names(one).sort(), ['acme', 'beta']);
  });

  it('warns of a balance that several nodes would spend, until it has a node', async () => {
    const url = await database.createDatabase('balances');
    const [one, other] = [await openNode('edge-1', { url }), await openNode('edge-2', { url })];
    const accounts = [
      { name: 'acme', kind: 'customer' },
      { name: 'invoiced', kind: 'customer', creditLimit: 'unlimited' },
      { name: 'carrier', kind: 'clearing' },
    ];
    const alone = await one.configuration.apply({ accounts }, kept);
    assert.deepEqual(alone.warnings, [], 'a single node');
    const shared = await other.configuration.apply({ parameters: { SS_MAXCPS: 9 } }, kept);
    assert.deepEqual(shared.warnings, [
      'accounts[acme]: each of several nodes on this database would spend the whole balance; expected node, the one that takes its calls',
    ]);
    const owned = { accounts: [{ ...accounts[0], node: 'edge-1' }] };
    assert.deepEqual((await other.configuration.apply(owned, kept)).warnings, []);
    await one.configuration.follow();
    const { accounts: followed } = one.configuration.read().document;
    assert.equal(followed.find(({ name }) => name === 'acme')?.node, 'edge-1');
  });

  it('of two nodes that bring one each, the first counts', async () => {
    const url = await database.createDatabase('two_bring');
    const directories = [temporary(), temporary()];
    await configured(directories[0]!, 'acme');
    await configured(directories[1]!, 'acme');
    const nodes = await Promise.all(
      directories.map((directory, index) => openNode(`node-${index}`, { directory, url })),
    );
    await Promise.all(nodes.map(({ configuration }) => configuration.follow()));
    await nodes[0]!.configuration.apply({ parameters: { SS_MAXCPS: 3 } }, kept);
    await nodes[1]!.configuration.follow();
    assert.equal(nodes[1]!.configuration.inForce().parameters.SS_MAXCPS, 3);
  });

  it('a restored node gives its configuration to a new database, and follows one that has any', async () => {
    const [old, fresh] = await Promise.all(
      ['old', 'fresh'].map((name) => database.createDatabase(name)),
    );
    const directory = temporary();
    const node = await openNode('one', { directory, url: old! });
    await node.configuration.apply({ accounts: [{ name: 'acme', kind: 'customer' }] }, kept);
    const [store, ledger] = [
      await openConfigurationStore(directory),
      await openEmbeddedLedger(directory),
    ];
    const backup = await makeBackup({ dataDir: directory, store, ledger });
    await store.close();
    await ledger.close();
    // In the new database the numbers begin anew: the same number may be of another document.
    const [intoFresh, intoOther] = [join(temporary(), 'data'), join(temporary(), 'data')];
    await restoreBackup(intoFresh, backup);
    const restored = await openNode('restored', { directory: intoFresh, url: fresh! });
    await restored.configuration.follow();
    const second = await openNode('second', { url: fresh! });
    await second.configuration.follow();
    assert.deepEqual(names(second), ['acme']);
    const other = await database.createDatabase('other');
    const stranger = await openNode('stranger', { url: other });
    await stranger.configuration.apply({ accounts: [{ name: 'beta', kind: 'customer' }] }, kept);
    await restoreBackup(intoOther, backup);
    const joined = await openNode('joined', { directory: intoOther, url: other });
    await joined.configuration.follow();
    assert.deepEqual(names(joined), ['beta']);
  });

  const newest = async (name: string): Promise<{ number: number; node: string }> => {
    const sql = 'SELECT number, node FROM configuration_version ORDER BY number DESC LIMIT 1';
    return ((await database.sql(sql, name)) as { number: number; node: string }[])[0]!;
  };

  async function joining(name: string): Promise<[Node, Node]> {
    const url = await database.createDatabase(name);
    const first = await openNode('first', { url });
    await first.configuration.apply({ accounts: [{ name: 'acme', kind: 'customer' }] }, kept);
    const directory = temporary();
    await configured(directory, 'own');
    return [first, await openNode('joiner', { url, directory })];
  }

  it('a node that comes later with money of its own keeps it, says so, and follows once it has a place', async () => {
    const [first, joiner] = await joining('joins');
    assert.equal(joiner.configuration.masterState(), null, 'before the first look');
    await assert.rejects(joiner.configuration.follow(), isNotFollowed);
    const state = joiner.configuration.masterState()!;
    assert.deepEqual([state.state, state.number], ['notFollowed', 0]);
    assert.match(state.reason, /^number 1 of the database: accounts\[own\] is missing, but has/);
    assert.deepEqual([names(joiner), joiner.activated], [['own'], []]);
    await assert.rejects(joiner.configuration.follow(), isNotFollowed);
    assert.equal(joiner.configuration.masterState()!.since, state.since, 'since the first look');
    const change = { parameters: { SS_MAXCPS: 5 } };
    await assert.rejects(joiner.configuration.apply(change, kept), isNotFollowed);
    const { accounts } = joiner.configuration.read().document;
    await first.configuration.apply({ accounts }, kept);
    await joiner.configuration.follow();
    assert.deepEqual(joiner.configuration.masterState(), {
      ...joiner.configuration.masterState()!,
      state: 'followed',
      reason: '',
      number: 2,
    });
    assert.deepEqual(names(joiner).sort(), ['acme', 'own']);
  });

  it('what such a node has takes the place of what the database has where somebody says so', async () => {
    const [first, joiner] = await joining('published');
    await assert.rejects(joiner.configuration.follow(), isNotFollowed);
    assert.deepEqual(await joiner.configuration.publish(), { number: 2 });
    await first.configuration.follow();
    assert.deepEqual([names(first), names(joiner)], [['own'], ['own']]);
    assert.equal(joiner.configuration.masterState()!.state, 'followed');
    // Followed: there is nothing to publish, and what the other has changed meanwhile is not lost.
    await first.configuration.apply({ accounts: [{ name: 'late', kind: 'customer' }] }, kept);
    assert.deepEqual(await joiner.configuration.publish(), { number: 3 });
    assert.deepEqual(names(joiner).sort(), ['late', 'own']);
  });

  it('nobody takes the place of accounts with money', async () => {
    const [first, joiner] = await joining('kept_money');
    const rich = { name: 'rich', kind: 'customer', balance: '3' };
    await first.configuration.apply({ accounts: [rich] }, kept);
    await assert.rejects(
      joiner.configuration.publish(),
      /accounts\[rich\] is missing here, but has a balance of "3" in the database/,
    );
    assert.equal((await newest('kept_money')).number, 2);
    assert.deepEqual(names(joiner), ['own']);
  });

  it('a change is in the database before the engine runs on it', async () => {
    const node = await openNode('order', { url: await database.createDatabase('in_order') });
    let found: unknown;
    node.activate = async () => {
      found = await newest('in_order');
    };
    await node.configuration.apply({ parameters: { SS_MAXCPS: 4 } }, kept);
    assert.deepEqual({ ...(found as object) }, { number: 1, node: 'order' });
  });

  it('what the engine does not take is in force with the next look, and elsewhere at once', async () => {
    const url = await database.createDatabase('not_taken');
    const [one, other] = [await openNode('one', { url }), await openNode('other', { url })];
    await one.configuration.apply({ parameters: { SS_MAXCPS: 1 } }, kept);
    one.activate = async () => {
      throw new EngineRefused('call worker 1 does not answer');
    };
    const change = one.configuration.apply({ parameters: { SS_MAXCPS: 2 } }, kept);
    await assert.rejects(change, (error: RequestRefused) => {
      assert.equal(error.problem.type, 'urn:tandem:problem:not-in-force');
      assert.match(error.message, /^call worker 1 does not answer; .* number 2 of the database/);
      return true;
    });
    assert.equal(one.configuration.inForce().parameters.SS_MAXCPS, 1);
    assert.ok(one.configuration.list().every(({ committed }) => committed));
    await other.configuration.follow();
    assert.equal(other.configuration.inForce().parameters.SS_MAXCPS, 2);
    one.activate = async () => {};
    await one.configuration.follow();
    assert.equal(one.configuration.inForce().parameters.SS_MAXCPS, 2);
    assert.equal((await newest('not_taken')).number, 2);
  });

  it('a process that dies between the two finds the change at its next start', async () => {
    const [url, directory] = [await database.createDatabase('died'), temporary()];
    const before = await openNode('one', { url, directory });
    await before.configuration.apply({ parameters: { SS_MAXCPS: 1 } }, kept);
    const reached = new Promise<void>((resolve) => {
      before.activate = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    void before.configuration.apply({ parameters: { SS_MAXCPS: 2 } }, kept);
    await reached;
    await before.close();
    open.splice(open.indexOf(before), 1);
    const after = await openNode('one', { url, directory });
    assert.equal(after.configuration.inForce().parameters.SS_MAXCPS, 1);
    await after.configuration.follow();
    assert.equal(after.configuration.inForce().parameters.SS_MAXCPS, 2);
    assert.equal((await newest('died')).number, 2);
  });

  it('two changes at once: one of them is told to try again, none is lost', async () => {
    const [one, other] = open;
    await other!.configuration.follow();
    const results = await Promise.allSettled([
      one!.configuration.apply({ accounts: [{ name: 'x1', kind: 'customer' }] }, kept),
      other!.configuration.apply({ accounts: [{ name: 'x2', kind: 'customer' }] }, kept),
    ]);
    const done = results.filter(({ status }) => status === 'fulfilled').length;
    assert.ok(done >= 1);
    await one!.configuration.follow();
    await other!.configuration.follow();
    assert.deepEqual(names(one!).sort(), names(other!).sort());
    assert.equal(names(one!).filter((name) => name.startsWith('x')).length, done);
  });
});
