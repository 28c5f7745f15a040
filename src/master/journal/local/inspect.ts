/**
 * Checks a journal directory without changing it, even while a master writes to it: one report for
 * each segment, for `orchard admin journal`. Where recovery would refuse, it reports and goes on.
 */
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32c } from '../../../base/crc32c.js';
import { StatusError } from '../../../base/status.js';
import type { EntryHandler, JournalPart } from '../journal.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import {
  checkHeader,
  headerRefusal,
  judgeStop,
  readHeader,
  recordRefusal,
  refuseLostEnd,
  refuseLostSegment,
} from './reader.js';
import { type SegmentHeader, segmentFile } from './segment.js';
import { listSegments } from './segment-pool.js';
import { SCAN_BUFFER_BYTES, type ScanSource, scanSegment } from './segment-scan.js';
import { NO_REACH, type Reach } from './watermark.js';

export type SegmentReport = JournalPart & {
  readonly segmentBytes: number;
  readonly createdMs: number;
  readonly clusterId: string;
};

export type InspectOptions = {
  readonly fs?: JournalFs;
  /** Called for each entry, for dumps. */
  readonly onEntry?: EntryHandler;
  /** What must exist: read before, because a running master writes on. */
  readonly reach?: Reach;
};

/** Reports come oldest segment first; between two the thread is given back. */
export async function* inspectJournal(
  directory: string,
  options: InspectOptions = {},
): AsyncGenerator<SegmentReport> {
  const fs = options.fs ?? nodeJournalFs;
  const buffer = new Uint8Array(SCAN_BUFFER_BYTES);
  const segments = listSegments(fs, directory);
  let nextSeq = segments[0] ?? 1;
  let isWhole = true;
  for (const [i, firstSeq] of segments.entries()) {
    const file = path.join(directory, segmentFile(firstSeq));
    const fd = openIfThere(fs, file);
    // A running master trims the oldest segments: entries that are gone were all flushed.
    if (fd === null) {
      nextSeq = segments[i + 1] ?? nextSeq;
      continue;
    }
    let report: SegmentReport;
    try {
      const last = i + 1 === segments.length;
      report = inspectSegment(
        { fs, fd, buffer },
        { file, firstSeq, nextSeq, last },
        options.onEntry,
      );
    } finally {
      fs.closeSync(fd);
    }
    // The segments after a damaged one are checked separately: one damage, one problem.
    isWhole = report.state !== 'damaged';
    nextSeq = isWhole ? report.lastSeq + 1 : (segments[i + 1] ?? nextSeq);
    yield report;
    await setImmediate();
  }
  const lost = lostEnd(directory, segments, nextSeq, options.reach ?? NO_REACH);
  if (isWhole && lost !== null) yield lost;
}

/** A missing segment has a line, too. */
function lostEnd(
  directory: string,
  segments: readonly number[],
  nextSeq: number,
  reach: Reach,
): SegmentReport | null {
  try {
    refuseLostSegment(directory, segments, reach);
    if (segments.length > 0) refuseLostEnd(directory, nextSeq - 1, reach);
    return null;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const firstSeq = Math.max(reach.segment, nextSeq);
    return unreadable(path.join(directory, segmentFile(firstSeq)), firstSeq, null, error.message);
  }
}

function inspectSegment(
  from: { fs: JournalFs; fd: number; buffer: Uint8Array },
  segment: { file: string; firstSeq: number; nextSeq: number; last: boolean },
  onEntry: EntryHandler = () => undefined,
): SegmentReport {
  const header = readHeader(from.fs, from.fd);
  const bytes = from.fs.sizeSync(from.fd);
  const expected = { ...segment, clusterId: null, bytes };
  const found = checkHeader(header, expected);
  const headerProblem =
    found === 'none' ? null : headerRefusal(found, { ...expected, header }).message;
  if (header === null || found === 'version') {
    return unreadable(segment.file, segment.firstSeq, header, headerProblem);
  }
  const source: ScanSource = { ...from, salt: header.salt, crc: crc32c };
  const stop = scanSegment(source, segment.firstSeq, 0, onEntry);
  const { decision, why } = judgeStop(source, stop, segment.last);
  const refused = decision === 'refuse' ? recordRefusal(segment.file, stop, why).message : null;
  const problem = headerProblem ?? refused;
  const healthy = decision === 'cut' ? 'torn' : stop.found === 'end' ? 'closed' : 'open';
  return {
    file: segment.file,
    firstSeq: segment.firstSeq,
    lastSeq: stop.nextSeq - 1,
    entryCount: stop.entryCount,
    usedBytes: stop.offset,
    segmentBytes: header.segmentBytes,
    createdMs: header.createdMs,
    clusterId: header.clusterId,
    state: problem === null ? healthy : 'damaged',
    problem,
  };
}

/** A line for an unreadable file. */
export function unreadable(
  file: string,
  firstSeq: number,
  header: SegmentHeader | null,
  problem: string | null,
): SegmentReport {
  return {
    file,
    firstSeq,
    lastSeq: firstSeq - 1,
    entryCount: 0,
    usedBytes: 0,
    segmentBytes: header?.segmentBytes ?? 0,
    createdMs: header?.createdMs ?? 0,
    clusterId: header?.clusterId ?? '',
    state: 'damaged',
    problem,
  };
}

function openIfThere(fs: JournalFs, file: string): number | null {
  try {
    return fs.openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
