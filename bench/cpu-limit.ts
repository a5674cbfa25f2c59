// Less than the machine's processors for the system under test: a control group with a quota (cgroups(7), both
// versions), which only a privileged user may make.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
/** Short, so that a system that has used up its share waits for no more than that. */
const periodUs = 10_000;

/** Holds these processes, and the children they start from now on, to so many cores together. What it returns takes the
 *  group away once they have ended. @throws Error where the system does not let us, which mostly means: not root */
export function limitCpu(pids: readonly number[], cores: number): () => void {
  const quotaUs = Math.round(cores * periodUs);
  const isUnified = readsAs(join(root, 'cgroup.controllers'), /\bcpu\b/);
  const group = join(root, isUnified ? '' : 'cpu', `tandem-bench-${process.pid}`);
  if (isUnified) writeFileSync(join(root, 'cgroup.subtree_control'), '+cpu');
  mkdirSync(group);
  try {
    if (isUnified) writeFileSync(join(group, 'cpu.max'), `${quotaUs} ${periodUs}`);
    else {
      writeFileSync(join(group, 'cpu.cfs_period_us'), String(periodUs));
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quotaUs));
    }
    for (const pid of pids) writeFileSync(join(group, 'cgroup.procs'), String(pid));
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return () => rmdirSync(group);
}

function readsAs(file: string, pattern: RegExp): boolean {
  try {
    return pattern.test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}
