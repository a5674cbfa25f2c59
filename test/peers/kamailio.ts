// Real Kamailio in a test, as the edge of a carrier or of a customer: it passes calls on to `nextHop`.
import { stopChild } from '../../bench/peers/child.ts';
import { freePort } from '../../bench/peers/free-port.ts';
import { startKamailio } from '../../bench/peers/kamailio.ts';
import { projectPath } from '../../bench/peers/project-path.ts';
import './leftover-children.ts';

export interface KamailioRelay {
  readonly port: number;
  readonly outputFile: string;
  readonly stop: () => Promise<void>;
}

export async function startKamailioRelay(
  folder: string,
  nextHop: string,
  name = 'kamailio-relay',
): Promise<KamailioRelay> {
  const port = await freePort();
  const child = await startKamailio({
    name,
    configurationFile: projectPath('test/peers/kamailio-relay.cfg'),
    port,
    folder,
    substitutions: { NEXT_HOP: nextHop },
    sharedMegabytes: 64,
  });
  return {
    port,
    outputFile: child.outputFile,
    stop: async () => {
      await stopChild(child, 'SIGTERM', 10_000);
    },
  };
}
