/**
 * As much of etcd as the bench asks of it: Put, Range and DeleteRange of one key, behind Node's own
 * HTTP/2 server, which is strict about what the generator has encoded by hand.
 */
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { Fake } from './fake-peers.js';

const KEY_AT = 7;

export const fakeEtcd: Fake = (socket, files) => {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => stream.close());
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const message = Buffer.concat(chunks);
      const key = message.toString('latin1', KEY_AT, KEY_AT + message.readUInt8(KEY_AT - 1));
      const method = headers[':path']?.split('/').at(-1);
      if (method === 'Put') files.add(key);
      const isThere = method === 'DeleteRange' ? files.delete(key) : files.has(key);
      answer(stream, isThere);
    });
  });
  server.emit('connection', socket);
};

/** A message of one field: count, or how many were deleted. Without it nothing was there. */
function answer(stream: ServerHttp2Stream, isThere: boolean): void {
  const header = Buffer.of(0x0a, 0x02, 0x18, 0x07);
  const message = isThere ? Buffer.concat([header, Buffer.of(0x20, 0x01)]) : header;
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([prefix, message]));
}
