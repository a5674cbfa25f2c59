// A real softphone in a test: baresip with a configuration folder of its own, a file with a tone as its
// microphone and a file of what it hears, driven over its control port (JSON in netstrings).
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, stopChild, waitForLine } from '../../bench/peers/child.ts';
import { freePorts } from '../../bench/peers/free-port.ts';
import './leftover-children.ts';

export interface BaresipOptions {
  readonly name: string;
  readonly folder: string;
  readonly answers: 'manual' | 'auto';
  /** Where its calls go first: the switch under test, "127.0.0.1:5060". */
  readonly outboundProxy?: string;
}

export interface BaresipEvent {
  readonly type: string;
  readonly param?: string;
  readonly peeruri?: string;
  readonly [field: string]: unknown;
}

export interface Baresip {
  readonly port: number;
  readonly outputFile: string;
  readonly events: readonly BaresipEvent[];
  /** Runs a command of its menu: `dial`, `accept`, `hangup`, ... */
  readonly command: (name: string, parameters?: string) => void;
  /** The first event of this type, past or to come (CALL_RINGING, CALL_ESTABLISHED, CALL_CLOSED). */
  readonly event: (type: string, patienceMs?: number) => Promise<BaresipEvent>;
  /** Bytes of decoded sound it has received so far. */
  readonly heardBytes: () => number;
  /** Resolves once it has heard this much; a second of sound is 16,000 bytes. */
  readonly hears: (bytes: number, patienceMs?: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const modulePath = '/usr/lib/baresip/modules';

export async function startBaresip(options: BaresipOptions): Promise<Baresip> {
  const home = join(options.folder, options.name);
  mkdirSync(home, { recursive: true });
  const [port, controlPort] = (await freePorts(2)) as [number, number];
  writeConfiguration(home, port, controlPort, options);
  const child = await startChild({
    name: options.name,
    command: 'baresip',
    args: ['-f', home],
    cwd: home,
    outputFile: join(home, 'output.log'),
  });
  await waitForLine(child, 'baresip is ready', 10_000);
  const socket = connect(controlPort, '127.0.0.1');
  await once(socket, 'connect');
  // A killed baresip resets it; what matters of its end is seen at the child.
  socket.on('error', () => {});
  const control = readControl(socket);
  return {
    port,
    outputFile: child.outputFile,
    events: control.events,
    command: (command, params = '') => {
      const text = JSON.stringify({ command, params, token: command });
      socket.write(`${Buffer.byteLength(text)}:${text},`);
    },
    event: control.event,
    heardBytes: () => heardBytes(home),
    hears: async (bytes, patienceMs = 10_000) => {
      const end = performance.now() + patienceMs;
      while (heardBytes(home) < bytes) {
        if (performance.now() > end) {
          throw new Error(`${options.name} heard ${heardBytes(home)} bytes, not ${bytes}`);
        }
        await delay(50);
      }
    },
    stop: async () => {
      socket.destroy();
      await stopChild(child);
    },
  };
}

function heardBytes(home: string): number {
  return readdirSync(home)
    .filter((file) => file.endsWith('-dec.wav'))
    .reduce((sum, file) => sum + statSync(join(home, file)).size, 0);
}

function writeConfiguration(
  home: string,
  port: number,
  controlPort: number,
  { answers, outboundProxy }: BaresipOptions,
): void {
  if (!existsSync(modulePath)) throw new Error(`baresip's modules are not in ${modulePath}`);
  const rtpPort = 2 * Math.floor(port / 2);
  writeFileSync(
    join(home, 'config'),
    [
      `sip_listen 127.0.0.1:${port}`,
      `rtp_ports ${Math.max(1024, rtpPort - 20)}-${rtpPort}`,
      `audio_source aufile,${join(home, 'tone.wav')}`,
      'audio_player aubridge,loudspeaker',
      'audio_alert aubridge,alert',
      `snd_path ${home}`,
      'net_interface 127.0.0.1',
      `module_path ${modulePath}`,
      ...['g711', 'aufile', 'aubridge', 'sndfile'].map((name) => `module ${name}.so`),
      'module_tmp account.so',
      ...['menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
      `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
      '',
    ].join('\n'),
  );
  const proxy = outboundProxy === undefined ? '' : `;outbound="sip:${outboundProxy};transport=udp"`;
  writeFileSync(
    join(home, 'accounts'),
    `<sip:phone@127.0.0.1:${port};transport=udp>;regint=0;audio_codecs=PCMA/8000/1;answermode=${answers}${proxy}\n`,
  );
  writeFileSync(join(home, 'contacts'), '');
  writeFileSync(join(home, 'tone.wav'), toneFile(60));
}

/** A WAV file: 440 Hz, 8000 samples a second, 16 bits. */
function toneFile(seconds: number): Buffer {
  const rate = 8000;
  const samples = Buffer.alloc(seconds * rate * 2);
  for (let i = 0; i < seconds * rate; i++) {
    samples.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)), i * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

function readControl(socket: Socket): Pick<Baresip, 'events' | 'event'> {
  const events: BaresipEvent[] = [];
  const emitter = new EventEmitter();
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const colon = rest.indexOf(':');
      const length = Number(rest.subarray(0, Math.max(colon, 0)).toString());
      if (colon < 0 || rest.length < colon + length + 2) return;
      const message = JSON.parse(rest.subarray(colon + 1, colon + 1 + length).toString()) as object;
      rest = rest.subarray(colon + length + 2);
      if ('event' in message && 'type' in message) {
        events.push(message as BaresipEvent);
        emitter.emit('event', message);
      }
    }
  });
  const event = async (type: string, patienceMs = 10_000): Promise<BaresipEvent> => {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      const seen = events.find((one) => one.type === type);
      if (seen !== undefined) return seen;
      await once(emitter, 'event', { signal }).catch(() => {
        const types = events.map((one) => one.type).join(', ');
        throw new Error(`baresip had no ${type} within ${patienceMs} ms, but: ${types}`);
      });
    }
  };
  return { events, event };
}
