/**
 * A download as a Node stream that asks its store for the next chunk only when the consumer wants
 * one: back-pressure goes through to the store, and each wait for the store is a step of the gate.
 *
 * Invariant: the call's permit is released exactly once, after the source is closed, however the
 * stream ends, even if it is only destroyed and never read.
 */
import { Readable } from 'node:stream';
import type { Release } from '../base/semaphore.js';
import { abortedByCaller, type Call, type CallGate } from './call-gate.js';
import { TransferPace } from './transfer-pace.js';

export type ChunkSource = {
  /** The next bytes, undefined at the end. One call at a time. */
  next(signal: AbortSignal): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
};

/** Chunks that a stream holds at most beyond what its consumer took. */
const READ_AHEAD_MAX = 2;

/** What a store makes a stream of. */
type Source = {
  readonly gate: CallGate;
  readonly call: Call;
  readonly onBytes: ((bytes: number) => void) | undefined;
};

/** One call of the gate that lasts as long as the stream. */
export async function openStream(
  given: Source,
  open: (signal: AbortSignal) => Promise<ChunkSource>,
): Promise<Readable> {
  const { gate, call } = given;
  const release = await gate.enter(call, 'read');
  let opening: Promise<ChunkSource> | undefined;
  try {
    const source = await gate.step(call, (signal) => {
      opening = open(signal);
      return opening;
    });
    return pullStream(source, given, release);
  } catch (error) {
    // A source that opens after the step gave up is closed; only then is the call over.
    if (opening === undefined) release();
    else opening.then((source) => source.close()).then(release, release);
    throw error;
  }
}

function pullStream(
  source: ChunkSource,
  { gate, call, onBytes }: Source,
  release: Release,
): Readable {
  const pace = new TransferPace(gate, call, 'read');
  let wanted: () => void = nobodyWaits;
  /** Until the consumer wants more, or has gone. */
  const awaitConsumer = (): void => {
    const wait = pace.wait(() => new Promise<void>((resolve) => (wanted = resolve)));
    wait.catch((error: Error) => stream.destroy(error));
  };
  const stream = new Readable({
    // Chunk by chunk, because an iterator over a byte stream gets everything at hand in one piece.
    objectMode: true,
    highWaterMark: READ_AHEAD_MAX,
    read() {
      wanted();
      gate
        .step(call, (signal) => source.next(signal))
        .then(
          (chunk) => {
            if (chunk !== undefined) {
              pace.moved(chunk.length);
              onBytes?.(chunk.length);
              awaitConsumer();
            }
            this.push(chunk ?? null);
          },
          (error: Error) => this.destroy(error),
        );
    },
    destroy(error, done) {
      wanted();
      call.signal.removeEventListener('abort', onAbort);
      // Nobody waits for a hanging source to close; its permit stays taken until it does.
      source.close().then(release, release);
      done(error);
    },
  });
  const onAbort = () => {
    if (!stream.readableEnded) stream.destroy(abortedByCaller(call));
  };
  call.signal.addEventListener('abort', onAbort, { once: true });
  if (call.signal.aborted) onAbort();
  return stream;
}

const nobodyWaits = (): void => undefined;
