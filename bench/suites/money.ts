// What billing adds to a call on the call path: the core alone, with rates, balances of customer and carrier in shared
// memory and all that the CDR's frames say of money; the lower quartile of the rounds of each.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { round } from '../load.ts';
import { projectPath } from '../peers/project-path.ts';
import type { MoneyResult } from '../results.ts';
import type { SuiteContext } from './suite.ts';

const execute = promisify(execFile);

export async function measureMoney(context: SuiteContext): Promise<MoneyResult> {
  const { stdout } = await execute(process.execPath, [
    projectPath('dist/bench/micro/call-path.js'),
  ]);
  const line = stdout.trimEnd().split('\n').at(-1)!;
  const { notBilledUs, billedUs } = JSON.parse(line) as MoneyResult;
  context.say(`a call costs ${notBilledUs.toFixed(1)} µs, billed ${billedUs.toFixed(1)} µs`);
  return { notBilledUs: round(notBilledUs, 2), billedUs: round(billedUs, 2) };
}
