/**
 * The caller's data of a write, chunk by chunk. It has no deadline of the store: a slow client may
 * upload for an hour. But the caller's signal ends the wait at once, also when the source is stuck.
 * An error of the source itself passes unchanged: it is not the store's.
 */
import { abortedByCaller, type Call } from './call-gate.js';

export async function* sourceChunks(
  data: AsyncIterable<Uint8Array>,
  call: Call,
): AsyncGenerator<Uint8Array> {
  const iterator = data[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await nextOrAbort(iterator, call);
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: a stuck source would keep its return() waiting behind its next().
    if (!ended) iterator.return?.().catch(ignoreLateError);
  }
}

/** A listener for each wait, not one promise for all: races against it would pile up in memory. */
function nextOrAbort(
  iterator: AsyncIterator<Uint8Array>,
  call: Call,
): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    if (call.signal.aborted) return reject(abortedByCaller(call));
    const onAbort = () => reject(abortedByCaller(call));
    call.signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .finally(() => call.signal.removeEventListener('abort', onAbort))
      .then(resolve, reject);
  });
}

/** The write has failed already and says why; what the source adds is of no use to anybody. */
const ignoreLateError = (): void => undefined;
