/**
 * The opening of a WebSocket (RFC 6455), as little of it as a load generator needs.
 */
import { createHash, randomBytes } from 'node:crypto';

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What is sent, and what the answer must contain. */
export function upgradeRequest(): { readonly text: string; readonly accept: string } {
  const key = randomBytes(16).toString('base64');
  return {
    text:
      'GET /rpc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    accept: acceptOf(key),
  };
}

export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
