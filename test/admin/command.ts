// The `tandem` command as a child process.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CommandOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** One account, a gateway on either side, in YAML. */
export const smallDocument: string = `
parameters: { SS_SIP_TIMEOUT_INVITE: 10, SS_MAXCPS: 0 }
rateTables:
  - { name: retail, rates: [{ prefix: "44", ratePerMinute: "0.0120", firstIncrementSeconds: 60, nextIncrementSeconds: 6 }] }
accounts:
  - { name: acme, kind: customer, balance: "100", creditLimit: "0", rateTable: retail }
mappingGateways:
  - { name: acme-in, account: acme, auth: ip, addresses: ["127.0.0.1:5062"], lineLimit: 100, cpsLimit: 20 }
routingGateways:
  - { name: carrier-a, address: "127.0.0.1:5080", prefixes: ["44"], priority: 1, lineLimit: 1000, cpsLimit: 0 }
`;

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
