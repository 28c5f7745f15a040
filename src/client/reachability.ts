/**
 * Finds out why a connection failed. WebSockets do not say, so that a page cannot learn what
 * listens in a network. So this asks the name service and TCP after a failure.
 */
import { connect } from 'node:net';

const PROBE_MS_MAX = 2_000;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused, nothing listens there',
  ECONNRESET: 'refused, the other side ended the connection',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'no answer',
};

export function whyUnreachable(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: PROBE_MS_MAX });
    const told = (reason: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => told('no Orchard master is there'));
    socket.once('timeout', () => told('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { code = '' } = error;
      if (/^(ENOTFOUND|EAI_)/.test(code)) told(`the host "${host}" is unknown`);
      else told(reasons[code] ?? error.message);
    });
  });
}
