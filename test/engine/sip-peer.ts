// A UDP peer for tests: sends texts, and waits for the next message that begins with something.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface SipPeer {
  readonly port: number;
  send(text: string, port: number): void;
  /** The next message not taken yet that begins so. */
  next(beginning: string): Promise<string>;
  /** Messages that came and were not taken. */
  readonly waiting: string[];
  close(): void;
}

export async function openSipPeer(): Promise<SipPeer> {
  const socket: Socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const waiting: string[] = [];
  const takers: { beginning: string; take: (text: string) => void }[] = [];
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    const index = takers.findIndex(({ beginning }) => text.startsWith(beginning));
    if (index < 0) waiting.push(text);
    else takers.splice(index, 1)[0]!.take(text);
  });
  return {
    port: socket.address().port,
    waiting,
    send: (text, port) => socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1'),
    next: (beginning) => {
      const index = waiting.findIndex((text) => text.startsWith(beginning));
      if (index >= 0) return Promise.resolve(waiting.splice(index, 1)[0]!);
      return new Promise((take) => takers.push({ beginning, take }));
    },
    close: () => socket.close(),
  };
}

/** The value of the first header with this name. */
export function header(text: string, name: string): string {
  const line = text
    .split('\r\n')
    .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  if (line === undefined) throw new Error(`no ${name} in ${text}`);
  return line.slice(name.length + 1).trim();
}

export function request(
  peer: SipPeer,
  method: string,
  parts: { callId: string; cseq?: number; toTag?: string; branch?: string; uri?: string },
): string {
  const { callId, cseq = 1, toTag, branch = `z9hG4bK${callId}${method}`, uri } = parts;
  return (
    `${method} ${uri ?? 'sip:4420@127.0.0.1'} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=${branch};rport\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:1001@127.0.0.1>;tag=from-${callId}\r\n` +
    `To: <sip:4420@127.0.0.1>${toTag === undefined ? '' : `;tag=${toTag}`}\r\n` +
    `Call-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:1001@127.0.0.1:${peer.port}>\r\n` +
    'Content-Length: 0\r\n\r\n'
  );
}

/** A response to a request as it came. */
export function response(to: string, status: string, peer: SipPeer, toTag: string): string {
  const vias = to.split('\r\n').filter((line) => /^via:/i.test(line));
  const toValue = header(to, 'To');
  const tag = /;tag=/.test(toValue) ? '' : `;tag=${toTag}`;
  return (
    `SIP/2.0 ${status}\r\n${vias.join('\r\n')}\r\nFrom: ${header(to, 'From')}\r\nTo: ${toValue}${tag}\r\n` +
    `Call-ID: ${header(to, 'Call-ID')}\r\nCSeq: ${header(to, 'CSeq')}\r\n` +
    `Contact: <sip:callee@127.0.0.1:${peer.port}>\r\nContent-Length: 0\r\n\r\n`
  );
}

export function tagOf(value: string): string {
  return /;tag=([^;>\s]+)/.exec(value)![1]!;
}
