// Starts bench/peers/bare-dgram.ts as a system to measure.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, stopChild, waitForLine } from './child.ts';
import { freePort } from './free-port.ts';
import type { PeerOptions, SystemUnderTest } from './system-under-test.ts';

export async function startBareDgram({ ports, folder }: PeerOptions): Promise<SystemUnderTest> {
  const port = await freePort();
  const program = fileURLToPath(new URL('./bare-dgram.js', import.meta.url));
  const child = await startChild({
    name: 'bare dgram',
    command: process.execPath,
    args: [program, ...[port, ports.caller, ports.answer].map(String)],
    cwd: folder,
    outputFile: join(folder, 'bare-dgram.log'),
  });
  await waitForLine(child, 'ready', 5000);
  return {
    name: 'bare dgram',
    port,
    pids: () => [child.pid],
    stop: async () => {
      await stopChild(child);
    },
  };
}
