// What is told of a version in a list.
import type { ConfigurationDiff } from '../../core/configuration/diff.ts';

export interface VersionSummary {
  readonly version: number;
  /** ISO 8601, when it was staged. */
  readonly storedAt: string;
  /** The version it was made from. */
  readonly base: number;
  /** Where it is an old version's content again. */
  readonly rollbackOf: number | null;
  readonly committed: boolean;
  readonly diff: ConfigurationDiff;
}
