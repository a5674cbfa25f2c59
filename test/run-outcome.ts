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

/** Call what it returns once the run is over. */
export function followResults(
  results: TestsStream,
  processes: readonly TestProcess[],
): () => RunOutcome {
  const unheard = new Set(processes.flatMap(({ files }) => files));
  let failed = false;
  let numbers: string[] = [];
  const heard = ({ name, nesting }: { name: string; nesting: number }): void => {
    if (nesting === 0) unheard.delete(name);
  };
  results.on('test:pass', heard);
  results.on('test:fail', (test) => {
    heard(test);
    if (test.todo === undefined || test.todo === false) failed = true;
  });
  results.on('test:diagnostic', ({ message, nesting }) => {
    if (nesting !== 0) return;
    // the runner's own are the last: "tests 12", "suites 3" ...
    if (message.startsWith('tests ')) numbers = [];
    numbers.push(message);
  });
  return () => {
    const lost = processes
      .filter(({ files }) => files.some((file) => unheard.has(file)))
      .map(({ entry, files }) => {
        const names = files.filter((file) => unheard.has(file)).join(', ');
        return `the process ${basename(entry)} ended in the first of these, no result of any: ${names}`;
      });
    return {
      failed: failed || lost.length > 0 || numbers.length === 0,
      lines: [...numbers.map((line) => `# ${line}`), ...lost],
    };
  };
}
