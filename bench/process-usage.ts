// What the operating system says a process used: CPU of all its threads, memory, and datagrams dropped
// at its sockets. Read from /proc; nothing here asks the process itself.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

let ticksPerSecond = 0;

/** Seconds of CPU, user and system, that these processes have used since they started. */
export function cpuSeconds(pids: readonly number[]): number {
  ticksPerSecond ||= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/** The fields of /proc/PID/stat after the command's name: state, ppid, ...; utime is the 12th. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** When the process started, in ticks since the machine did; undefined once it has ended. */
export function startTicks(pid: number): number | undefined {
  try {
    const fields = statFields(pid);
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** The process and all that descend from it, as they are now. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = Number(statFields(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // the process ended while we read
    }
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]!) ?? []));
  return tree;
}

export interface MemoryUse {
  rssBytes: number;
  /** Shared pages divided by those who share them: what the processes cost together. */
  pssBytes: number;
}

export function memoryUse(pids: readonly number[]): MemoryUse {
  const use: MemoryUse = { rssBytes: 0, pssBytes: 0 };
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    use.rssBytes += kilobytesOf(text, 'Rss') * 1024;
    use.pssBytes += kilobytesOf(text, 'Pss') * 1024;
  }
  return use;
}

function kilobytesOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** Datagrams that the kernel dropped at all UDP sockets bound to this port, since they were bound. */
export function kernelDrops(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  let drops = 0;
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    if (!existsSync(file)) continue;
    for (const line of readFileSync(file, 'latin1').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`)) drops += Number(fields.at(-1));
    }
  }
  return drops;
}
