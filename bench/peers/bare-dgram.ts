// The floor of any Node SIP server: a process that receives every datagram of a call and sends it on,
// and does nothing else. Caller and gateway see the same 14 datagrams a call as through a switch.
// Arguments: own port, caller's port, gateway's port.
import { createSocket } from 'node:dgram';

const [ownPort, callerPort, gatewayPort] = process.argv.slice(2).map(Number);
if (!ownPort || !callerPort || !gatewayPort) {
  console.error('usage: bare-dgram OWN_PORT CALLER_PORT GATEWAY_PORT');
  process.exit(2);
}

const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 * 1024 * 1024,
  // without this, every send waits for a look-up that has nothing to find
  lookup: (host, _options, answered) => answered(null, host, 4),
});
socket.on('message', (bytes, from) => {
  socket.send(bytes, from.port === callerPort ? gatewayPort : callerPort, '127.0.0.1');
});
socket.on('listening', () => console.log('ready'));
socket.bind(ownPort, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
