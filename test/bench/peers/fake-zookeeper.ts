/** As much of ZooKeeper as the bench asks of it: a session, create, delete, exists. */
import { eachMessage, type Fake } from './fake-peers.js';

const Type = { CREATE: 1, DELETE: 2, EXISTS: 3 } as const;
const Failure = { NO_NODE: -101, UNKNOWN: -6 } as const;
const PATH_AT = 12;

export const fakeZookeeper: Fake = (socket, files) => {
  let isGreeted = false;
  eachMessage(socket, 0, (_, body) => {
    if (!isGreeted) {
      isGreeted = true;
      socket.write(framed(Buffer.alloc(37)));
      return;
    }
    const type = body.readInt32BE(4);
    const path = body.toString('latin1', PATH_AT, PATH_AT + body.readInt32BE(8));
    const reply = Buffer.alloc(16);
    body.copy(reply, 0, 0, 4);
    const isThere = type === Type.DELETE ? files.delete(path) : files.has(path);
    if (type === Type.CREATE) files.add(path);
    else if (type !== Type.DELETE && type !== Type.EXISTS) reply.writeInt32BE(Failure.UNKNOWN, 12);
    else if (!isThere) reply.writeInt32BE(Failure.NO_NODE, 12);
    socket.write(framed(reply));
  });
};

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
