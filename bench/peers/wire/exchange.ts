/**
 * One conversation for the setting up: says hello, sends requests one after the other without
 * waiting, and gives back as many messages as were asked for, the one to the hello first.
 */
import { connect } from 'node:net';
import { type MessageMeasure, StreamCutter } from './stream-cutter.js';

const SILENCE_MS_MAX = 3000;

export function exchange(
  address: { readonly host: string; readonly port: number },
  requests: readonly Uint8Array[],
  measure: MessageMeasure,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const messages: Buffer[] = [];
    const socket = connect(address, () => {
      for (const request of requests) socket.write(request);
    });
    const cutter = new StreamCutter(measure, (bytes, at, total) => {
      messages.push(Buffer.from(bytes.slice(at, at + total)));
      if (messages.length === requests.length) {
        socket.destroy();
        resolve(messages);
      }
    });
    socket.on('data', (chunk) => cutter.push(chunk, chunk.length));
    socket.setTimeout(SILENCE_MS_MAX, () => {
      socket.destroy(new Error(`nothing was heard for ${SILENCE_MS_MAX} ms`));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
  });
}
