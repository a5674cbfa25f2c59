// Times INVITE to 180 in a process of its own, beside SIPp's load: SIPp's clock moves in steps of a kernel
// tick (4 ms at 250 Hz), this one in microseconds. Places answered calls at jittered times, without waiting
// for those before them, and repeats nothing: what is lost counts as unanswered.
// Arguments: own port, target's port, calls a second, seconds not measured, seconds measured, patience in
// milliseconds, file of the samples. Writes that file, says `done` and ends.
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import {
  audioSession,
  field,
  fieldList,
  joinLines,
  randomToken,
  readSip,
  type SipText,
  uriOf,
} from './sip-text.ts';

const [ownPort = 0, targetPort = 0, rate = 0, warmUpSeconds = 0, seconds = 0, patienceMs = 0] =
  process.argv.slice(2, 8).map(Number);
const samplesFile = process.argv[8];
if (!(ownPort > 0 && targetPort > 0 && rate > 0 && seconds > 0) || samplesFile === undefined) {
  console.error(
    'usage: delay-probe OWN_PORT TARGET_PORT RATE WARM_UP_SECONDS SECONDS PATIENCE_MS FILE',
  );
  process.exit(2);
}

const own = `127.0.0.1:${ownPort}`;
const run = randomToken();
const intervalMs = 1000 / rate;
const callsMax = Math.round(rate * (warmUpSeconds + seconds));
/** By call: when its INVITE went out, when its 180 came, when its BYE was answered; 0: not. */
const sentMs = new Float64Array(callsMax);
const ringingMs = new Float64Array(callsMax);
const endedMs = new Float64Array(callsMax);
/** ACK of the calls that are answered and not yet ended: a repeated 200 gets it again. */
const acks = new Map<number, string>();
/** The caller of bench/sipp waits as long, so that a proxy of several processes cannot reorder the two. */
const byeAfterAckMs = 100;

const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
socket.on('message', (bytes) => {
  const nowMs = performance.now(); // before anything else: what follows must not count
  receive(bytes.toString('latin1'), nowMs);
});
socket.on('error', () => {}); // refused: the call stays unanswered
socket.bind(ownPort, '127.0.0.1', () => {
  // a connected socket sends at once, without a look-up
  socket.connect(targetPort, '127.0.0.1', () => {
    console.log('ready');
    place(0, performance.now());
  });
});

/** Somewhere inside the call's own interval: regular over a second, in step with no clock of the system. */
function place(call: number, startMs: number): void {
  if (call === callsMax) {
    setTimeout(finish, patienceMs);
    return;
  }
  const invite = Buffer.from(inviteOf(call), 'latin1');
  const dueMs = startMs + (call + Math.random()) * intervalMs;
  setTimeout(() => {
    sentMs[call] = performance.now();
    socket.send(invite);
    place(call + 1, startMs);
  }, dueMs - performance.now());
}

function receive(text: string, nowMs: number): void {
  if (!text.startsWith('SIP/2.0 ')) return;
  const call = callOf(text);
  if (!(call < callsMax)) return;
  if (text.startsWith('180 ', 8)) {
    if (ringingMs[call] === 0) ringingMs[call] = nowMs;
    return;
  }
  if (!text.startsWith('200 ', 8)) return; // 100 Trying; a refused call stays unanswered
  const response = readSip(Buffer.from(text, 'latin1'));
  if (response?.method === 'INVITE') acknowledge(call, response);
  else if (response?.method === 'BYE' && endedMs[call] === 0) {
    endedMs[call] = nowMs;
    acks.delete(call);
  }
}

/** The number that follows this run's token, in branch and Call-ID. */
function callOf(text: string): number {
  const at = text.indexOf(run);
  return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + run.length + 1), 10);
}

function inviteOf(call: number): string {
  const number = `44${String(call).padStart(7, '0')}`;
  return request('INVITE', call, {
    requestUri: `sip:${number}@127.0.0.1:${targetPort}`,
    to: `<sip:${number}@127.0.0.1:${targetPort}>`,
    lines: [`Contact: <sip:probe@${own}>`],
    body: audioSession(20_000),
  });
}

function acknowledge(call: number, response: SipText): void {
  const known = acks.get(call);
  if (known !== undefined || endedMs[call] !== 0) {
    if (known !== undefined) socket.send(known);
    return;
  }
  const dialog = {
    requestUri: uriOf(field(response, 'contact')),
    to: field(response, 'to'),
    lines: fieldList(response, 'record-route')
      .reverse()
      .map((route) => `Route: ${route}`),
    body: '',
  };
  const ack = request('ACK', call, dialog);
  acks.set(call, ack);
  socket.send(ack);
  setTimeout(() => socket.send(request('BYE', call, dialog)), byeAfterAckMs);
}

interface RequestParts {
  readonly requestUri: string;
  readonly to: string;
  readonly lines: readonly string[];
  readonly body: string;
}

function request(method: string, call: number, parts: RequestParts): string {
  return joinLines(
    [
      `${method} ${parts.requestUri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${method}${run}-${call}`,
      `From: <sip:3911${call}@${own}>;tag=p${call}`,
      `To: ${parts.to}`,
      `Call-ID: ${run}-${call}@127.0.0.1`,
      `CSeq: ${method === 'BYE' ? 2 : 1} ${method}`,
      'Max-Forwards: 70',
      ...parts.lines,
    ],
    parts.body,
  );
}

/** One line a measured call: INVITE to 180 in microseconds, empty without one, and whether the call ended. */
function finish(): void {
  const lines = ['invite_to_180_us;completed'];
  for (let call = Math.round(rate * warmUpSeconds); call < callsMax; call++) {
    const delayMs = ringingMs[call]! - sentMs[call]!;
    const delayUs = ringingMs[call] === 0 ? '' : Math.round(delayMs * 1000);
    lines.push(`${delayUs};${endedMs[call] === 0 ? 0 : 1}`);
  }
  writeFileSync(samplesFile!, `${lines.join('\n')}\n`);
  console.log('done');
  process.exit(0); // calls that are still up are left so
}
