// The `tandem` command as a child process.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CommandOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

const program = fileURLToPath(new URL('../../admin/cli/main.js', import.meta.url));

export function tandem(args: readonly string[], input = ''): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' });
    const outcome: CommandOutcome = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (piece: Buffer) => {
      outcome.stdout += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      outcome.stderr += piece.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...outcome, code }));
    child.stdin.end(input);
  });
}
