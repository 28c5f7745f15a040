/**
 * Sorted names of directories while they are being paged. A file system gives names in no order,
 * so a sorted page needs a pass over all of them; remembering what one pass found saves one pass
 * per page.
 *
 * Memory: a pass keeps only the WINDOW_NAMES_MAX smallest names after the cursor, so a directory of
 * any size costs the same. A larger one is read again for each window. Windows of abandoned
 * listings go after WINDOW_MS_MAX; beyond KEPT_NAMES_MAX the oldest go first.
 *
 * A window is found only by the cursor of the last page, and is removed when it is used. A listing
 * that starts elsewhere reads the directory again, and never sees old names. Windows hold names
 * only; attributes are read when a page is served.
 */
import { compareNames } from './name-order.js';

export type NameWindow = {
  /** Rising, all after the cursor. */
  readonly names: readonly string[];
  /** No name of the directory comes after these. */
  readonly complete: boolean;
};

/** About 25 MB with names of usual length. */
export const WINDOW_NAMES_MAX = 262_144;
/** Of all windows of one mount together, about 100 MB. */
const KEPT_NAMES_MAX = 4 * WINDOW_NAMES_MAX;
const WINDOW_MS_MAX = 60_000;

export class NameWindows {
  readonly #windows = new Map<string, { window: NameWindow; timer: NodeJS.Timeout }>();

  #nameCount = 0;

  /** Names held now. */
  get nameCount(): number {
    return this.#nameCount;
  }

  take(dirPath: string, cursor: string): NameWindow | undefined {
    return this.#drop(keyOf(dirPath, cursor));
  }

  keep(dirPath: string, cursor: string, window: NameWindow): void {
    const key = keyOf(dirPath, cursor);
    this.#drop(key);
    for (const oldest of [...this.#windows.keys()]) {
      if (this.#nameCount + window.names.length <= KEPT_NAMES_MAX) break;
      this.#drop(oldest);
    }
    const timer = setTimeout(() => this.#drop(key), WINDOW_MS_MAX);
    timer.unref();
    this.#windows.set(key, { window, timer });
    this.#nameCount += window.names.length;
  }

  clear(): void {
    for (const key of [...this.#windows.keys()]) this.#drop(key);
  }

  #drop(key: string): NameWindow | undefined {
    const found = this.#windows.get(key);
    if (found === undefined) return undefined;
    clearTimeout(found.timer);
    this.#windows.delete(key);
    this.#nameCount -= found.window.names.length;
    return found.window;
  }
}

/** The smallest names after the cursor, at most countMax of them, out of any order. */
export async function collectWindow(
  names: AsyncIterable<string> | Iterable<string>,
  cursor: string,
  countMax: number = WINDOW_NAMES_MAX,
): Promise<NameWindow> {
  let kept: string[] = [];
  let highest: string | undefined;
  let complete = true;
  for await (const name of names) {
    if (cursor !== '' && compareNames(name, cursor) <= 0) continue;
    if (highest !== undefined && compareNames(name, highest) > 0) {
      complete = false;
      continue;
    }
    kept.push(name);
    // Sorting at twice the size costs O(log) per name, whatever the number of names.
    if (kept.length < 2 * countMax) continue;
    kept = kept.sort(compareNames).slice(0, countMax);
    highest = kept.at(-1);
    complete = false;
  }
  kept.sort(compareNames);
  if (kept.length > countMax) complete = false;
  return { names: kept.slice(0, countMax), complete };
}

/** NUL is in no path, so no two pairs share a key. */
const keyOf = (dirPath: string, cursor: string): string => `${dirPath}\0${cursor}`;
