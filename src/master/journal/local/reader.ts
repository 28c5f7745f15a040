/**
 * Reads a journal directory from a seq to its end: lists the segments, checks each header, and
 * scans the records in bounded memory. recovery.ts decides about everything unusual. It changes
 * nothing on disk: Wal.open cuts the tail with the answer.
 *
 * Refusals are StatusErrors that name the segment file, the offset and the next step:
 * DATA_LOSS when something acknowledged is gone, FAILED_PRECONDITION when the files are sound but
 * not this master's.
 */
import path from 'node:path';
import { crc32c } from '../../../base/crc32c.js';
import { Code, StatusError } from '../../../base/status.js';
import type { Crc, EntryHandler } from '../journal.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import { decideHeader, decideRecord, type HeaderProblem } from './recovery.js';
import {
  decodeHeader,
  SEGMENT_FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentFile,
} from './segment.js';
import { listSegments } from './segment-pool.js';
import {
  SCAN_BUFFER_BYTES,
  type ScanSource,
  type ScanStop,
  scanBeyond,
  scanSegment,
} from './segment-scan.js';
import { NO_REACH, type Reach } from './watermark.js';

export type ReadOptions = {
  readonly clusterId: string;
  /** The first seq wanted: what the flushed state has, plus one. */
  readonly fromSeq: number;
  readonly fs?: JournalFs;
  /** Where entries are handed over from; shared memory, so that kernels read them in place. */
  readonly buffer?: Uint8Array;
  /** Sums bytes of `buffer`; by default the TypeScript twin. */
  readonly crc?: Crc;
  /** What must exist; without it a lost end is not noticed. */
  readonly reach?: Reach;
};

/** A torn tail: bytes [offset, wipeEnd) of the last segment go before anything is appended. */
export type TornTail = { readonly wipeEnd: number; readonly why: string };

/** Where the log ends and the next entry goes. */
export type LastSegment = {
  readonly firstSeq: number;
  readonly header: SegmentHeader;
  readonly offset: number;
  /** The segment has its end marker: the next entry opens a new one. */
  readonly ended: boolean;
  readonly torn: TornTail | null;
  readonly markedSeq: number;
};

export type JournalEnd = {
  readonly segmentCount: number;
  /** Entries handed over. */
  readonly entryCount: number;
  /** The seq after the last entry; `fromSeq` when there is no segment at all. */
  readonly nextSeq: number;
  /** null: no segment at all. */
  readonly last: LastSegment | null;
};

export function readJournal(
  directory: string,
  options: ReadOptions,
  onEntry: EntryHandler,
): JournalEnd {
  const fs = options.fs ?? nodeJournalFs;
  const buffer = options.buffer ?? new Uint8Array(SCAN_BUFFER_BYTES);
  const crc = options.crc ?? crc32c;
  const { fromSeq, clusterId, reach = NO_REACH } = options;
  const segments = listSegments(fs, directory);
  refuseLostSegment(directory, segments, reach);
  let entryCount = 0;
  const count: EntryHandler = (bytes, offset, length, seq) => {
    entryCount++;
    onEntry(bytes, offset, length, seq);
  };
  const first = startIndex(segments, fromSeq);
  let nextSeq = Math.min(fromSeq, segments[first] ?? fromSeq);
  let last: LastSegment | null = null;
  for (let i = first; i < segments.length; i++) {
    const firstSeq = segments[i]!;
    const file = path.join(directory, segmentFile(firstSeq));
    const fd = fs.openSync(file, 'r');
    try {
      const header = readHeader(fs, fd);
      const bytes = fs.sizeSync(fd);
      const problem = checkHeader(header, { firstSeq, clusterId, nextSeq, bytes });
      if (problem !== 'none')
        throw headerRefusal(problem, { file, firstSeq, clusterId, nextSeq, bytes, header });
      const source: ScanSource = { fs, fd, salt: header!.salt, buffer, crc };
      const stop = scanSegment(source, firstSeq, fromSeq, count);
      last = settle(source, stop, {
        file,
        firstSeq,
        header: header!,
        last: i + 1 === segments.length,
      });
      nextSeq = stop.nextSeq;
    } finally {
      fs.closeSync(fd);
    }
  }
  refuseLostEnd(directory, Math.max(nextSeq, fromSeq) - 1, reach);
  return { segmentCount: segments.length, entryCount, nextSeq, last };
}

/** The newest segment is never trimmed: if it was known once, it or a newer one must exist. */
export function refuseLostSegment(
  directory: string,
  segments: readonly number[],
  { segment, seq }: Reach,
): void {
  if ((segments.at(-1) ?? 0) >= segment) return;
  const file = path.join(directory, segmentFile(segment));
  throw new StatusError(
    Code.DATA_LOSS,
    `${file}: this segment is missing, and it was the newest: entries from ${segment} on are lost` +
      `${seq < segment ? '' : `, at least up to ${seq}`}.`,
    { path: file, hint: LOST_END },
  );
}

/** `lastSeq`: the last seq that the journal or tier 2 has. */
export function refuseLostEnd(directory: string, lastSeq: number, { seq }: Reach): void {
  if (lastSeq >= seq) return;
  throw new StatusError(
    Code.DATA_LOSS,
    `${directory}: the journal ends with seq ${lastSeq}, but entries up to ${seq} were durable: ` +
      `${seq - lastSeq} are lost.`,
    { path: directory, hint: LOST_END },
  );
}

export function readHeader(fs: JournalFs, fd: number): SegmentHeader | null {
  const block = new Uint8Array(SEGMENT_HEADER_BYTES);
  const read = fs.readSync(fd, block, 0, block.length, 0);
  return read === block.length ? decodeHeader(block) : null;
}

export function checkHeader(
  header: SegmentHeader | null,
  expected: { firstSeq: number; clusterId: string | null; nextSeq: number; bytes: number },
): HeaderProblem {
  const { firstSeq, clusterId, nextSeq, bytes } = expected;
  return decideHeader({
    whole: header !== null,
    version: header?.formatVersion === SEGMENT_FORMAT_VERSION,
    cluster: clusterId === null || header?.clusterId === clusterId,
    named: header?.firstSeq === firstSeq,
    full: bytes >= (header?.segmentBytes ?? 0),
    place: firstSeq === nextSeq ? 'right' : firstSeq < nextSeq ? 'before' : 'beyond',
  });
}

/** The verdict about the place where a scan stopped, with the look ahead that it may need. */
export function judgeStop(source: ScanSource, stop: ScanStop, last: boolean) {
  const unreadable = stop.found === 'torn' || stop.found === 'absent';
  const beyond = unreadable && last ? scanBeyond(source, stop.offset) : null;
  const verdict = decideRecord({
    found: stop.found,
    seq: stop.seq,
    last,
    proof: beyond !== null && beyond.durableSeq >= stop.nextSeq,
    ours: beyond !== null && beyond.oursEnd > stop.offset,
  });
  return { ...verdict, wipeEnd: beyond?.oursEnd ?? stop.offset };
}

/** The last segment that begins at or before `fromSeq`: older ones hold nothing wanted. */
function startIndex(segments: readonly number[], fromSeq: number): number {
  let index = 0;
  while (index + 1 < segments.length && segments[index + 1]! <= fromSeq) index++;
  return index;
}

function settle(
  source: ScanSource,
  stop: ScanStop,
  segment: { file: string; firstSeq: number; header: SegmentHeader; last: boolean },
): LastSegment {
  const { decision, why, wipeEnd } = judgeStop(source, stop, segment.last);
  if (decision === 'refuse') throw recordRefusal(segment.file, stop, why);
  return {
    firstSeq: segment.firstSeq,
    header: segment.header,
    offset: stop.offset,
    ended: stop.found === 'end',
    torn: decision === 'cut' ? { wipeEnd, why } : null,
    markedSeq: stop.markedSeq,
  };
}

export function recordRefusal(file: string, stop: ScanStop, why: string): StatusError {
  const found = Number.isNaN(stop.foundSeq) ? '' : `, found ${stop.foundSeq}`;
  return new StatusError(
    Code.DATA_LOSS,
    `${file}: offset ${stop.offset}: ${why} (expected seq ${stop.nextSeq}${found}).`,
    { path: file, hint: RESTORE },
  );
}

export function headerRefusal(
  problem: HeaderProblem,
  facts: {
    file: string;
    firstSeq: number;
    clusterId: string | null;
    nextSeq: number;
    bytes: number;
    header: SegmentHeader | null;
  },
): StatusError {
  const { file, firstSeq, nextSeq, bytes, header } = facts;
  const refuse = (code: Code, what: string, hint: string): StatusError =>
    new StatusError(code, `${file}: offset 0: ${what}.`, { path: file, hint });
  switch (problem) {
    case 'version':
      return refuse(
        Code.FAILED_PRECONDITION,
        `segment format ${header?.formatVersion}, this version reads ${SEGMENT_FORMAT_VERSION}`,
        'Start the version of Orchard that wrote this journal.',
      );
    case 'cluster':
      return refuse(
        Code.FAILED_PRECONDITION,
        `the segment is of cluster ${header?.clusterId}, this master of ${facts.clusterId}`,
        'Put back the journal that belongs to this data directory.',
      );
    case 'renamed':
      return refuse(
        Code.DATA_LOSS,
        `the header says first seq ${header?.firstSeq}, the file name ${firstSeq}`,
        'Give the file its own name back.',
      );
    case 'shortened':
      return new StatusError(
        Code.DATA_LOSS,
        `${file}: offset ${bytes}: the file ends here, of ${header?.segmentBytes} bytes.`,
        { path: file, hint: LOST_END },
      );
    case 'missing':
      return refuse(
        Code.DATA_LOSS,
        `the segment begins with seq ${firstSeq}, but ${nextSeq} comes next: ` +
          `${firstSeq - nextSeq} entries are missing`,
        RESTORE,
      );
    case 'overlap':
      return refuse(
        Code.DATA_LOSS,
        `the segment begins with seq ${firstSeq}, but the one before it ends with ${nextSeq - 1}`,
        RESTORE,
      );
    default:
      return refuse(Code.DATA_LOSS, 'the segment header is damaged', RESTORE);
  }
}

const LOST_END =
  'Put back what was moved or cut, or restore the data directory from a backup. ' +
  '`orchard admin journal repair` tells what would be lost otherwise.';
const RESTORE =
  'Look at the journal with `orchard admin journal`; restore the data directory from a backup.';
