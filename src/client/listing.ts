/**
 * A listing as an async iterator: pages are asked for as they are consumed, one ahead, so that a
 * listing of any length holds two pages at most and a slow consumer slows the asking down. Because
 * the cursor is here and the master holds nothing, it survives lost connections and restarts.
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
      // Awaited in the next round, or never when the consumer stops: then its failure is nobody's.
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

/** The cursor says where to go on; where to start is of the first page only. */
function followUp(options: ListOptions, cursor: Uint8Array): ListPageOptions {
  const { startAfter: _startAfter, offsetId: _offsetId, callId: _callId, ...rest } = options;
  return { ...rest, cursor };
}
