/** The rows of a master's /metrics: a table over its figures. */
import { histogram, type Row, type Sample } from '../../process/metrics.js';
import { BUCKET_BOUNDS } from '../../wire/call-counters.js';
import type { StoreCounts } from '../mount/store-counters.js';
import type { Figures } from './figures.js';

type MasterRow = Row<Figures>;

const counter = (name: string, help: string, read: MasterRow['read']): MasterRow => ({
  name: `orchard_${name}`,
  help,
  type: 'counter',
  read,
});

const gauge = (name: string, help: string, read: MasterRow['read']): MasterRow => ({
  ...counter(name, help, read),
  type: 'gauge',
});

const byLabel = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }));

const byMount = ({ stores }: Figures, what: keyof StoreCounts): Sample[] =>
  stores.map((store) => ({ value: store[what], labels: { mount: store.mount } }));

const callSeconds = 'orchard_call_seconds';

export const METRIC_ROWS: readonly MasterRow[] = [
  counter('calls_total', 'Calls and transfers ended, by operation and status code', ({ calls }) =>
    calls.callCounts().map(({ operation, code, count }) => ({
      value: count,
      labels: { op: operation, code },
    })),
  ),
  {
    name: callSeconds,
    help: 'Time from a call to its reply, by operation',
    type: 'histogram',
    read: ({ calls }) =>
      histogram(
        callSeconds,
        BUCKET_BOUNDS,
        calls.latencies().map(({ operation, counts, seconds }) => ({
          labels: { op: operation },
          counts,
          sum: seconds,
        })),
      ),
  },
  gauge('connections', 'Open connections, of both ports', ({ calls }) => calls.connections),
  counter('connections_total', 'Connections ever opened', ({ calls }) => calls.connectionsTotal),
  gauge('sessions', 'Sessions opened beside those of connections', ({ calls }) => calls.sessions),
  gauge('calls_in_flight', 'Calls without a reply yet', ({ calls }) => calls.inFlight),
  gauge(
    'held_bytes',
    'Bytes held for calls in flight, sessions, bodies and unread replies',
    ({ calls }) => calls.heldBytes,
  ),
  counter(
    'received_bytes_total',
    'Bytes of requests: frames, and bodies of transfers',
    ({ calls }) => calls.bytesIn,
  ),
  counter('sent_bytes_total', 'Bytes of replies, likewise', ({ calls }) => calls.bytesOut),
  counter('frames_received_total', 'Frames of requests', ({ calls }) => calls.framesIn),
  counter('frames_sent_total', 'Frames of replies', ({ calls }) => calls.framesOut),
  counter(
    'calls_refused_total',
    'Calls that the edge answered with a failure',
    ({ calls }) => calls.refused,
  ),
  counter('calls_exhausted_total', 'Refused because of a limit', ({ calls }) => calls.exhausted),
  counter('frames_malformed_total', 'Frames that are no request', ({ calls }) => calls.malformed),
  counter('connections_dropped_total', 'Connections given up', ({ calls }) => calls.dropped),
  counter('bugs_total', 'Calls that the master failed on', ({ calls }) => calls.bugs),
  counter('tier1_hits_total', 'Names that tier 1 knew', ({ tier1 }) => tier1.hits),
  counter('tier1_misses_total', 'Names read from tier 2', ({ tier1 }) => tier1.misses),
  counter('tier1_evictions_total', 'Clean slots given up', ({ tier1 }) => tier1.evictions),
  gauge('tier1_slots', 'Slots of tier 1', ({ tier1 }) => tier1.slots),
  gauge('tier1_dirty_slots', 'Slots not yet flushed', ({ tier1 }) => tier1.dirty),
  counter('lock_conflicts_total', 'Try-locks that failed', ({ locks }) => locks.conflicts),
  gauge('calls_parked', 'Calls that wait before they commit', ({ locks }) => locks.parked),
  counter('journal_entries_total', 'Entries made durable', ({ journal }) => journal.entries),
  counter('journal_bytes_total', 'Bytes of journal written', ({ journal }) => journal.bytes),
  counter('journal_commits_total', 'Group commits', ({ journal }) => journal.commits),
  counter(
    'journal_commit_seconds_total',
    'Time spent in group commits',
    ({ journal }) => journal.commitSeconds,
  ),
  gauge(
    'journal_backlog_bytes',
    'Journal that a restart would replay',
    ({ journal }) => journal.backlogBytes,
  ),
  gauge('journal_seq', 'Last seq that is applied', ({ journal }) => journal.seq),
  gauge(
    'flushed_seq',
    'Sequence number that tier 2 has reached',
    ({ journal }) => journal.flushedSeq,
  ),
  counter('flushes_total', 'Flushes to tier 2', ({ journal }) => journal.flushes),
  counter('flush_seconds_total', 'Time spent in flushes', ({ journal }) => journal.flushSeconds),
  gauge(
    'journal_segments',
    'Segments on disk, as of the last flush',
    ({ journal }) => journal.segments,
  ),
  gauge(
    'journal_disk_bytes',
    'Bytes of those segments and of spare ones',
    ({ journal }) => journal.diskBytes,
  ),
  gauge('retry_answers', 'Answers kept for repeated calls', ({ retries }) => retries.answers),
  gauge(
    'retry_window_seconds',
    'Age of the oldest answer kept',
    ({ retries }) => retries.windowSeconds,
  ),
  counter(
    'retry_early_total',
    'Answers given up before ORCHARD_RETRY_WINDOW',
    ({ retries }) => retries.early,
  ),
  gauge(
    'retry_early_seconds',
    'Age of the youngest answer given up so',
    ({ retries }) => retries.earlySeconds,
  ),
  gauge(
    'files',
    'Files in the namespace, and below deleted directories',
    ({ inodes }) => inodes.files,
  ),
  gauge('directories', 'Directories there', ({ inodes }) => inodes.directories),
  gauge(
    'trash_files',
    'Deleted files that are not reclaimed yet, but those below deleted directories',
    ({ inodes }) => inodes.trashedFiles,
  ),
  gauge(
    'trash_directories',
    'Deleted directories that are not reclaimed yet, likewise',
    ({ inodes }) => inodes.trashedDirectories,
  ),
  gauge('disk_free_bytes', 'Free bytes under the data directory', ({ disk }) => disk.freeBytes),
  gauge('read_only', '1 while the disk is too full for changes', ({ disk }) =>
    Number(disk.readOnly),
  ),
  gauge('jobs', 'Jobs since the start, by state', ({ jobs }) => byLabel('state', jobs)),
  counter('store_calls_total', 'Calls to a store, by mount point', (all) => byMount(all, 'calls')),
  counter('store_errors_total', 'Those that failed', (all) => byMount(all, 'errors')),
  counter('store_seconds_total', 'Time that they took', (all) => byMount(all, 'seconds')),
  counter('store_read_bytes_total', 'Bytes read of files', (all) => byMount(all, 'readBytes')),
  counter('store_written_bytes_total', 'Bytes written of files', (all) =>
    byMount(all, 'writtenBytes'),
  ),
];

/** Entries of stores that loads have left out, by reason; main has them. */
export const SKIP_ROWS: readonly Row<Readonly<Record<string, number>>>[] = [
  {
    name: 'orchard_store_entries_skipped_total',
    help: 'Entries that loads left out',
    type: 'counter',
    read: (reasons) => byLabel('reason', reasons),
  },
];
