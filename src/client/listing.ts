/**
 * A listing as an async iterator. Pages are requested as they are consumed, one ahead. So a listing
 * of any length holds two pages at most, and a slow consumer slows the requests. The cursor is here
 * and the master holds nothing, so a listing survives lost connections and restarts.
 */
import type { FileStatus, ListedPage, ListOptions, ListPageOptions } from './types.js';

type AskPage = (options: ListPageOptions) => Promise<ListedPage>;

export async function* pagesOf(
  ask: AskPage,
  options: ListOptions,
): AsyncGenerator<ListedPage, void, undefined> {
  const stop = new AbortController();
  const { signal } = options;
  const whole = {
    ...options,
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  };
  let next: Promise<ListedPage> | undefined = ask(whole);
  try {
    while (next !== undefined) {
      const page: ListedPage = await next;
      next = page.cursor === undefined ? undefined : ask(followUp(whole, page.cursor));
      // Awaited in the next round, or never if the consumer stops; then its failure concerns
      // nobody.
      next?.catch(() => undefined);
      yield page;
    }
  } finally {
    stop.abort();
  }
}

export async function* entriesOf(
  ask: AskPage,
  options: ListOptions,
): AsyncGenerator<FileStatus, void, undefined> {
  for await (const page of pagesOf(ask, options)) yield* page.entries;
}

/** The cursor says where to go on; the start applies only to the first page. */
function followUp(options: ListOptions, cursor: Uint8Array): ListPageOptions {
  const { startAfter: _startAfter, offsetId: _offsetId, callId: _callId, ...rest } = options;
  return { ...rest, cursor };
}
