/**
 * Two bare servers: the ceilings of the load generator and of the machine. Prints their ports and
 * ends with its parent.
 *
 *   bytes     after the upgrade, every byte goes back as it came: nothing is done a message
 *   messages  uWebSockets.js, one callback and one send a message
 *
 * The call id stands in the same field of Request and Reply, and where a Reply has its code our
 * requests have nothing, so an echoed request reads as a reply that went well.
 */

import uWS from 'uWebSockets.js';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acceptOf } from './load/upgrade.js';

const bytes = createServer();
bytes.on('upgrade', (request, socket) => {
  const accept = acceptOf(String(request.headers['sec-websocket-key']));
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
});
bytes.listen(0, '127.0.0.1');
await once(bytes, 'listening');

const messages = uWS.App();
messages.ws('/rpc', {
  compression: uWS.DISABLED,
  maxPayloadLength: 1 << 20,
  message: (socket, message) => {
    socket.send(message, true, false);
  },
});
messages.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('the echo server cannot listen');
  process.send?.({
    bytes: (bytes.address() as AddressInfo).port,
    messages: uWS.us_socket_local_port(socket),
  });
});
process.on('disconnect', () => process.exit(0));
