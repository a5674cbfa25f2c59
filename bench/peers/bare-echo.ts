// The least that answers a call: turns every INVITE round as its own 180 and 200, every BYE as its 200.
// What the delay probe measures against it, without load, is the probe's own floor.
// Argument: own port.
import { createSocket } from 'node:dgram';

const ownPort = Number(process.argv[2]);
if (!ownPort) {
  console.error('usage: bare-echo OWN_PORT');
  process.exit(2);
}

const socket = createSocket({
  type: 'udp4',
  // without this, every send waits for a look-up that has nothing to find
  lookup: (host, _options, answered) => answered(null, host, 4),
});
const ringing = Buffer.from('SIP/2.0 180 Ringing');
const ok = Buffer.from('SIP/2.0 200 OK');
socket.on('message', (bytes, from) => {
  const rest = bytes.subarray(bytes.indexOf('\r\n'));
  const isInvite = bytes[0] === 0x49; // I
  if (isInvite) socket.send([ringing, rest], from.port, from.address);
  if (isInvite || bytes[0] === 0x42 /* B */) socket.send([ok, rest], from.port, from.address);
});
socket.on('listening', () => console.log('ready'));
socket.bind(ownPort, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
