/** As much of a MooseFS master as the bench asks of it: a session, mknod, lookup, unlink. */
import { eachMessage, type Fake } from './fake-peers.js';

const Type = { REGISTER: 400, LOOKUP: 406, MAKE_NODE: 416, UNLINK: 420 } as const;
const STATUS_NO_ENTRY = 3;
const NAME_AT = 9;

export const fakeMoosefs: Fake = (socket, files) => {
  eachMessage(socket, 4, (head, body) => {
    const type = head.readUInt32BE(0);
    if (type === Type.REGISTER) {
      socket.write(packet(type + 1, Buffer.alloc(49)));
      return;
    }
    const name = body.toString('latin1', NAME_AT, NAME_AT + body.readUInt8(8));
    const file = `${body.readUInt32BE(4)}/${name}`;
    if (type === Type.MAKE_NODE) files.add(file);
    const isThere = type === Type.UNLINK ? files.delete(file) : files.has(file);
    const id = body.subarray(0, 4);
    const rest = isThere ? Buffer.alloc(40) : Buffer.of(STATUS_NO_ENTRY);
    socket.write(packet(type + 1, Buffer.concat([id, rest])));
  });
};

function packet(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(type);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}
