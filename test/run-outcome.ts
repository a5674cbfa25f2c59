// What a run came to, from the events of node's runner: the numbers that it gives at the end, and whether
// every file that shared a process was heard of. A process that ends early, even with success, takes the
// files after the one at fault with it: they are named, and the run has failed.
import { basename } from 'node:path';
import type { TestsStream } from 'node:test';
import type { TestProcess } from './shared-processes.ts';

export interface RunOutcome {
  readonly failed: boolean;
  /** For the end of the output. */
  readonly lines: readonly string[];
}

export interface RunFollower {
  /** To be called with each part of the run when it begins. */
  readonly follow: (results: TestsStream) => void;
  /** To be called once all parts are over. */
  readonly outcome: () => RunOutcome;
}

/** The runner's own last lines of a part: "tests 12", "suites 3" ... */
const numberPattern = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

export function createRunFollower(processes: readonly TestProcess[]): RunFollower {
  const unheard = new Set(processes.flatMap(({ files }) => files));
  const parts: Map<string, number>[] = [];
  let failed = false;
  const heard = ({ name, nesting }: { name: string; nesting: number }): void => {
    if (nesting === 0) unheard.delete(name);
  };
  return {
    follow: (results) => {
      const numbers = new Map<string, number>();
      parts.push(numbers);
      results.on('test:pass', heard);
      results.on('test:fail', (test) => {
        heard(test);
        if (test.todo === undefined || test.todo === false) failed = true;
      });
      results.on('test:diagnostic', ({ message, nesting }) => {
        const match = nesting === 0 ? numberPattern.exec(message) : null;
        if (match !== null) numbers.set(match[1]!, Number(match[2]));
      });
    },
    outcome: () => {
      const ended = parts.length > 0 && parts.every((numbers) => numbers.has('tests'));
      const names = new Set(parts.flatMap((numbers) => [...numbers.keys()]));
      const lines = Array.from(names, (name) => {
        const sum = parts.reduce((total, numbers) => total + (numbers.get(name) ?? 0), 0);
        return `# ${name} ${Math.round(sum)}`;
      });
      const lost = lostFiles(processes, unheard);
      return { failed: failed || !ended || lost.length > 0, lines: [...lines, ...lost] };
    },
  };
}

function lostFiles(processes: readonly TestProcess[], unheard: ReadonlySet<string>): string[] {
  return processes
    .map(({ entry, files }) => ({ entry, lost: files.filter((file) => unheard.has(file)) }))
    .filter(({ lost }) => lost.length > 0)
    .map(
      ({ entry, lost }) =>
        `no result, as the process ${basename(entry)} ended in the first of these: ${lost.join(', ')}`,
    );
}
