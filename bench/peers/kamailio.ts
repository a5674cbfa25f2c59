// Starts Kamailio with a configuration of ours, on a port and in a folder of its own.
import { createSocket } from 'node:dgram';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processTree } from '../process-usage.ts';
import { type Child, startChild, stopChild } from './child.ts';
import { freePort } from './free-port.ts';
import { projectPath } from './project-path.ts';
import type { PeerOptions, SystemUnderTest } from './system-under-test.ts';

export interface KamailioOptions {
  readonly name: string;
  readonly configurationFile: string;
  readonly port: number;
  readonly folder: string;
  /** Words of the configuration and what they stand for. */
  readonly substitutions: Readonly<Record<string, string>>;
  readonly sharedMegabytes: number;
  /** Processes that take datagrams; default 2. */
  readonly children?: number;
  /** Names for `#!ifdef` in the configuration. */
  readonly defines?: readonly string[];
}

export async function startKamailio(options: KamailioOptions): Promise<Child> {
  const runtime = join(options.folder, `${options.name}-run`);
  mkdirSync(runtime, { recursive: true });
  process.env.PATH = `${process.env.PATH ?? ''}${delimiter}/usr/sbin`;
  const child = await startChild({
    name: options.name,
    command: 'kamailio',
    args: [
      ...['-f', options.configurationFile],
      ...['-l', `udp:127.0.0.1:${options.port}`],
      ...Object.entries(options.substitutions).map(
        ([word, text]) => `--substdef=!${word}!${text}!g`,
      ),
      ...['-x', 'fm', '-X', 'fm', '-m', String(options.sharedMegabytes), '-M', '32'],
      ...(options.defines ?? []).flatMap((name) => ['-A', name]),
      ...['-n', String(options.children ?? 2), '-DD', '-E', '-Y', runtime],
    ],
    cwd: options.folder,
    outputFile: join(options.folder, `${options.name}.log`),
  });
  await answersSip(child, options.port);
  return child;
}

/** A child waits for the answer to each insert: with two, they and not the processors were the limit. */
const childrenWithDatabase = 8;

/** The Kamailio that is measured: bench/peers/kamailio.cfg. `databaseUrl`: where accounting goes; absent:
 *  to its log. */
export async function startMeasuredKamailio(
  peer: PeerOptions,
  databaseUrl?: string,
): Promise<SystemUnderTest> {
  const { ports, folder } = peer;
  const port = await freePort();
  const child = await startKamailio({
    name: 'kamailio',
    configurationFile: projectPath('bench/peers/kamailio.cfg'),
    port,
    folder,
    substitutions: {
      FIRST_GATEWAY: `127.0.0.1:${ports.answer}`,
      REJECTING_GATEWAY: `127.0.0.1:${ports.reject}`,
      RINGING_GATEWAY: `127.0.0.1:${ports.ring}`,
      REINVITE_GATEWAY: `127.0.0.1:${ports.reinvite}`,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    },
    sharedMegabytes: 2048,
    ...(databaseUrl === undefined
      ? {}
      : { children: childrenWithDatabase, defines: ['ACC_DATABASE'] }),
  });
  return {
    name: 'Kamailio',
    port,
    pids: () => processTree(child.pid),
    stop: async () => {
      await stopChild(child, 'SIGTERM', 20_000);
    },
  };
}

/** Repeats an OPTIONS until anything comes back: Kamailio prints no line when it is ready. */
async function answersSip(child: Child, port: number): Promise<void> {
  const socket = createSocket('udp4');
  let answered = false;
  socket.on('message', () => {
    answered = true;
  });
  socket.on('error', () => {}); // refused until it has bound
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const own = `127.0.0.1:${socket.address().port}`;
  for (let attempt = 0; !answered && child.running() && attempt < 200; attempt++) {
    socket.send(
      `OPTIONS sip:127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP ${own};branch=z9hG4bKready${attempt}\r\n` +
        `From: <sip:bench@${own}>;tag=1\r\nTo: <sip:127.0.0.1:${port}>\r\nCall-ID: ready-${attempt}\r\n` +
        'CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n',
      port,
      '127.0.0.1',
    );
    await delay(50);
  }
  socket.close();
  if (!answered) throw new Error(`${child.name} does not answer SIP; see ${child.outputFile}`);
}
