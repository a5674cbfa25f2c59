// From a staged version to the one in force, all or nothing on this node. Without a master copy the engine
// runs on it first, and what fails leaves the version before in force. With one the order is: proven as far as
// that goes without running on it, committed in the database, run on, committed here. What is in the database
// and not in force here is taken up by the next look there, as another node's change would be.
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../workers/configuration/configuration-versions.ts';
import type { DocumentProblem } from '../workers/configuration/document-problem.ts';
import { LedgerAway } from '../workers/ledger/ledger-store.ts';
import type { ConfigurationMaster } from './configuration-master.ts';
import type { AppliedChange } from './configuration-service.ts';
import { type Activation, EngineRefused, EngineSilent } from './engine-channel.ts';
import { type ProblemField, RequestRefused } from './problem.ts';

export interface ActivatingEngine {
  /** Compiles the version, and sees whether it can be put in force; changes nothing.
   *  @throws EngineRefused, EngineSilent */
  prepare(version: number): Promise<unknown>;
  /** @throws EngineRefused, EngineSilent */
  activate(version: number): Promise<Activation>;
}

export interface Target {
  /** Absent: none runs. */
  readonly engine?: ActivatingEngine | undefined;
  /** Absent: there is none, or the version comes from there. */
  readonly master?: Pick<ConfigurationMaster, 'push' | 'has'> | undefined;
}

/** @throws RequestRefused, LedgerAway */
export async function putInForce(
  versions: ConfigurationVersions,
  result: ApplyResult,
  target: Target,
): Promise<AppliedChange> {
  const previousVersion = versions.current();
  const unchanged = { version: previousVersion, previousVersion };
  switch (result.kind) {
    case 'refused':
      throw invalidDocument(result.problems);
    case 'unchanged':
      return { ...unchanged, dryRun: false, warnings: result.warnings };
    case 'dryRun': {
      const { diff, warnings } = result;
      return { ...unchanged, dryRun: true, changes: diff, warnings };
    }
    case 'staged': {
      const { version, diff, warnings } = result;
      const applied = { version, previousVersion, dryRun: false, changes: diff, warnings };
      const put = target.master === undefined ? activateAndCommit : shareAndActivate;
      const activation = await put(versions, version, target);
      return activation === undefined ? applied : { ...applied, activation };
    }
  }
}

async function activateAndCommit(
  versions: ConfigurationVersions,
  version: number,
  { engine }: Target,
): Promise<Activation | undefined> {
  try {
    const activation = await engine?.activate(version);
    commit(versions, version);
    return activation;
  } catch (error) {
    // A refusal leaves the engine where it was. After silence, or a commit that failed, it may run on
    // the new version: it is sent back to the one that stays in force.
    if (!(error instanceof EngineRefused)) {
      await engine?.activate(versions.current()).catch(() => {});
    }
    versions.discard(version);
    throw refusalOf(error);
  }
}

async function shareAndActivate(
  versions: ConfigurationVersions,
  version: number,
  { engine, master }: Target,
): Promise<Activation | undefined> {
  const number = await share(versions, version, { engine, master });
  try {
    const activation = await engine?.activate(version);
    commit(versions, version);
    // Last: where the process dies before it, the number is new to the next start.
    master!.has(number);
    return activation;
  } catch (error) {
    // Others follow it already, so it is not taken back; nor is the engine, which may run on it.
    versions.discard(version);
    const { message } = error as Error;
    throw new RequestRefused(
      'not-in-force',
      `${message}; the change is number ${number} of the database, from where other nodes take it, and this one tries to each second`,
    );
  }
}

/** The number that it has in the database. */
async function share(
  versions: ConfigurationVersions,
  version: number,
  { engine, master }: Target,
): Promise<number> {
  try {
    await engine?.prepare(version);
    return await master!.push(versions.document(version));
  } catch (error) {
    versions.discard(version);
    if (!(error instanceof LedgerAway)) throw refusalOf(error);
    throw new LedgerAway(
      `${error.message}; nothing was changed. Should the database have taken the change all the same, it is in force on all nodes soon`,
    );
  }
}

function refusalOf(error: unknown): unknown {
  const refused = (code: 'engine-refused' | 'engine-silent'): RequestRefused =>
    new RequestRefused(code, `${(error as Error).message}; nothing was changed`);
  if (error instanceof EngineRefused) return refused('engine-refused');
  return error instanceof EngineSilent ? refused('engine-silent') : error;
}

function commit(versions: ConfigurationVersions, version: number): void {
  const committed = versions.commit(version);
  if (!committed.ok) throw new RequestRefused('configuration-refused', committed.reason);
}

export function invalidDocument(problems: readonly DocumentProblem[]): RequestRefused {
  const first = problems[0]!;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new RequestRefused('configuration-invalid', first.text + more, problems.map(fieldOf));
}

const expectedWord = /expected:? /;

function fieldOf({ path, value, text }: DocumentProblem): ProblemField {
  const expected = expectedWord.exec(text);
  const field: ProblemField = { path, message: text };
  if (value !== '') field.value = value;
  if (expected !== null) field.expected = text.slice(expected.index + expected[0].length);
  return field;
}
