/**
 * The caller's data of a write, chunk by chunk. It has no deadline of the store: a client may
 * upload for an hour if it does not stand still. The caller's signal ends the wait at once, even if
 * the source is stuck. An error of the source itself passes unchanged, because it is not the
 * store's.
 */
import type { TransferPace } from './transfer-pace.js';

export async function* sourceChunks(
  data: AsyncIterable<Uint8Array>,
  pace: TransferPace,
): AsyncGenerator<Uint8Array> {
  const iterator = data[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await nextOf(iterator, pace);
      if ('error' in next) throw next.error;
      if (next.done === true) {
        ended = true;
        return;
      }
      pace.moved(next.value.length);
      yield next.value;
    }
  } finally {
    // Not awaited: a stuck source would keep its return() waiting behind its next().
    if (!ended) iterator.return?.().catch(ignoreLateError);
  }
}

type Next = IteratorResult<Uint8Array> | { readonly error: unknown };

/** Its error is passed as a value, so that the gate does not explain it as one of the store. */
const nextOf = (iterator: AsyncIterator<Uint8Array>, pace: TransferPace): Promise<Next> =>
  pace.wait(() => iterator.next().catch((error: unknown) => ({ error })));

/** The write has already failed with a reason; a further error of the source helps nobody. */
const ignoreLateError = (): void => undefined;
