/** Shared by the fakes: they answer over a socket, from a set of names. */
import type { Socket } from 'node:net';

export type Fake = (socket: Socket, files: Set<string>) => void;

/** Messages with their length in front, one after the other, however they arrive. */
export function eachMessage(
  socket: Socket,
  lengthAt: number,
  take: (head: Buffer, body: Buffer) => void,
): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    const head = lengthAt + 4;
    while (pending.length >= head && pending.length >= head + pending.readUInt32BE(lengthAt)) {
      const end = head + pending.readUInt32BE(lengthAt);
      take(pending.subarray(0, head), pending.subarray(head, end));
      pending = pending.subarray(end);
    }
  });
}
