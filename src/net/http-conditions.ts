/**
 * Conditional requests of RFC 9110 (section 13): whether to run the method at all, and whether a
 * range still belongs to the content that the client knows. Pure.
 *
 *   If-Match, else If-Unmodified-Since     false ─▶ 412
 *   If-None-Match, else If-Modified-Since  false ─▶ 304 for GET and HEAD, else 412
 *   If-Range                               false ─▶ the whole instead of the range
 */

/** The present state of the file. */
export type Validators = {
  /** With its quotes; undefined: none is known. */
  readonly etag: string | undefined;
  readonly mtimeMs: number;
};

/** Value of a header, '' = absent. */
export type HeaderOf = (name: string) => string;

/** `now` undefined: the path does not exist. */
export function conditionOf(
  method: string,
  header: HeaderOf,
  now: Validators | undefined,
): 'go' | 304 | 412 {
  const isRead = method === 'GET' || method === 'HEAD';
  const ifMatch = header('if-match');
  if (ifMatch !== '') {
    if (!matches(ifMatch, now, true)) return 412;
  } else if (isNewer(header('if-unmodified-since'), now) === true) {
    return 412;
  }
  const ifNoneMatch = header('if-none-match');
  if (ifNoneMatch !== '') {
    if (matches(ifNoneMatch, now, false)) return isRead ? 304 : 412;
  } else if (isRead && isNewer(header('if-modified-since'), now) === false) {
    return 304;
  }
  return 'go';
}

/** False: ignore the Range header, because the file has changed. */
export function rangeHolds(header: HeaderOf, now: Validators): boolean {
  const ifRange = header('if-range').trim();
  if (ifRange === '') return true;
  if (ifRange.startsWith('"')) return ifRange === now.etag;
  // A weak tag never proves equal bytes. A date does, if it is exactly the same.
  const time = parseHttpDate(ifRange);
  return time !== undefined && time === wholeSeconds(now.mtimeMs);
}

function matches(list: string, now: Validators | undefined, strongly: boolean): boolean {
  if (now === undefined) return false;
  if (list.trim() === '*') return true;
  const { etag } = now;
  if (etag === undefined) return false;
  // Tags hold no quotes and may hold commas, so the list is not split at commas.
  const tags = [...list.matchAll(/(W\/)?("[^"]*")/g)];
  return tags.some(([, weak, tag]) => tag === etag && !(strongly && weak !== undefined));
}

/** Undefined: the header is absent, is not a date, or there is nothing to compare it with. */
function isNewer(date: string, now: Validators | undefined): boolean | undefined {
  const time = parseHttpDate(date);
  if (time === undefined || now === undefined) return undefined;
  return wholeSeconds(now.mtimeMs) > time;
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const IMF = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** The one date format that HTTP allows to send. The obsolete formats are not accepted. */
export function parseHttpDate(text: string): number | undefined {
  const match = IMF.exec(text.trim());
  if (match === null) return undefined;
  const [, day, monthName, year, hour, minute, second] = match;
  const month = MONTHS.indexOf(monthName!) / 3;
  if (!Number.isInteger(month) || month < 0) return undefined;
  return Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
}
