/**
 * Keys, times and lengths as stores that speak S3 write them, good and bad. Pure.
 */

import type { SkipReason } from '../base/skip-reasons.js';
import { Code, StatusError } from '../base/status.js';
import { oddValue } from './skips.js';
import type { UfsStatus } from './ufs.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type Key = {
  /** Bad bytes of a key that is not UTF-8 are U+FFFD. */
  readonly text: string;
  readonly isUtf8: boolean;
};

/** From the bytes of a key (latin1). */
export function keyOf(bytes: string): Key {
  if (!/[\x80-\xff]/.test(bytes)) return { text: bytes, isUtf8: true };
  const buffer = Buffer.from(bytes, 'latin1');
  try {
    return { text: utf8.decode(buffer), isUtf8: true };
  } catch {
    return { text: buffer.toString('utf8'), isUtf8: false };
  }
}

/** From %2F to the byte; whether '+' is a space depends on who wrote it. */
export function decodePercent(text: string, isPlusSpace: boolean): string {
  const spaced = isPlusSpace ? text.replaceAll('+', ' ') : text;
  return spaced.replace(/%([0-9a-fA-F]{2})/g, (_whole, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;
const mailTime =
  /^\w{3,9}, (\d\d?)[ -](\w{3})[ -](\d{4}) (\d\d):(\d\d):(\d\d) (GMT|UTC|[+-]\d{4})$/;

/**
 * ISO 8601 or RFC 1123, UTC without a zone; undefined for anything else, and for days that no
 * month has. Never what the platform makes of a text.
 */
export function timeOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  const iso = isoTime.exec(trimmed);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction = '', zone] = iso;
    const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
    return utc([year, month, day, hour, minute, second].map(Number), ms, zone);
  }
  const mail = mailTime.exec(trimmed);
  if (mail === null) return undefined;
  const [, day, name, year, hour, minute, second, zone] = mail;
  const month = months.indexOf(name!) / 3 + 1;
  return utc([Number(year), month, ...[day, hour, minute, second].map(Number)], 0, zone);
}

function utc(parts: readonly number[], ms: number, zone: string | undefined): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (hour > 23 || minute > 59 || second > 60 || !Number.isInteger(month)) return undefined;
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, ms));
  // Date.UTC would take a year below 100 as one of the last century.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() - zoneMs(zone);
}

function zoneMs(zone: string | undefined): number {
  const parts = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return (parts[1] === '-' ? -1 : 1) * minutes * 60_000;
}

export type S3Object = {
  readonly name: string;
  readonly size: number | string | undefined;
  readonly modified: string | undefined;
  readonly etag: string | undefined;
};

/** The entry, or why there is none. */
export function entryOf({ name, size, modified, etag }: S3Object): UfsStatus | SkipReason {
  const length = typeof size === 'number' ? size : numberOf(size);
  const mtimeMs = timeOf(modified);
  const odd = oddValue(length, mtimeMs);
  if (odd !== undefined) return odd;
  return {
    name,
    type: 'file',
    length,
    ...(mtimeMs !== undefined && { mtimeMs }),
    ...(etag !== undefined && { etag: etag.replaceAll('"', '') }),
  };
}

const numberOf = (text: string | undefined): number =>
  /^\s*\d+\s*$/.test(text ?? '') ? Number(text) : Number.NaN;

export function requireEntry(object: S3Object, uri: string): UfsStatus {
  const entry = entryOf(object);
  if (typeof entry !== 'string') return entry;
  throw new StatusError(
    Code.FAILED_PRECONDITION,
    `The store gives ${uri} an impossible ${entry}.`,
    {
      hint: 'Look at the object with a tool of the store, and write it anew there.',
    },
  );
}

export const directoryEntry = (name: string): UfsStatus => ({ name, type: 'directory', length: 0 });
