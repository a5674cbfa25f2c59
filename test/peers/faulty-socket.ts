// A UDP socket as a bad network or a bad peer makes it: datagrams of a user agent are lost, sent again
// at once or held back, as the test says of each.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** What becomes of one datagram: how often it passes, and after how long. */
export interface Fate {
  readonly times?: number;
  readonly delayMs?: number;
}

export interface Faults {
  /** Asked for every datagram that goes out; absent or undefined: it passes. */
  readonly outgoing?: (text: string) => Fate | undefined;
  readonly incoming?: (text: string) => Fate | undefined;
}

/** A bound socket of 127.0.0.1; `faults` may be changed while it is used. */
export async function openFaultySocket(faults: Faults): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    lookup: (host, _options, answered) => answered(null, host, 4),
  });
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  const emit = socket.emit.bind(socket) as (event: string, ...args: unknown[]) => boolean;
  socket.emit = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'message') return emit(event, ...args);
    void pass(faults.incoming?.(textOf(args[0])), () => emit(event, ...args));
    return true;
  };
  const send = socket.send.bind(socket) as (...args: unknown[]) => void;
  socket.send = (...args: unknown[]): void => {
    void pass(faults.outgoing?.(textOf(args[0])), () => send(...args));
  };
  return socket;
}

const textOf = (bytes: unknown): string => (bytes as Buffer).toString('latin1');

async function pass(fate: Fate | undefined, deliver: () => void): Promise<void> {
  const { times = 1, delayMs = 0 } = fate ?? {};
  if (delayMs > 0) await delay(delayMs);
  for (let time = 0; time < times; time++) deliver();
}

/** The datagrams that begin so: the first `count` of them are lost. */
export function loseFirst(count: number, beginning: string): (text: string) => Fate | undefined {
  let seen = 0;
  return (text) => (text.startsWith(beginning) && seen++ < count ? { times: 0 } : undefined);
}
