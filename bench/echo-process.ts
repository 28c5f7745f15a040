/**
 * A bare uWebSockets.js server that sends back what it gets: the ceiling of the load generator and
 * of the machine. The call id stands in the same field of Request and Reply, and where a Reply has
 * its code our requests have nothing, so an echoed request reads as a reply that went well. Prints
 * its port and ends with its parent.
 */
import uWS from 'uWebSockets.js';

const app = uWS.App();
app.ws('/rpc', {
  compression: uWS.DISABLED,
  maxPayloadLength: 1 << 20,
  message: (socket, message) => {
    socket.send(message, true, false);
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('the echo server cannot listen');
  process.send?.(uWS.us_socket_local_port(socket));
});
process.on('disconnect', () => process.exit(0));
