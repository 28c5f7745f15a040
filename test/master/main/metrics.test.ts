/**
 * Goal: every row of /metrics has the right value in a running master. A row that is added needs an
 * expectation here, or the first test fails.
 * Method: the calls of known-calls.ts, made to a real process.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { METRIC_ROWS, SKIP_ROWS } from '../../../src/master/main/metric-rows.js';
import { operations } from '../../../src/wire/operations.js';
import { surfaceCallOf } from '../../../src/wire/surface-calls.js';
import {
  ANSWERS_KEPT,
  HANG_SECONDS_MIN,
  known,
  MANY,
  makeKnownCalls,
  PROBES,
  removeMaster,
  SLOTS,
  TWINS,
  writes,
} from './known-calls.js';
import type { Scrape } from './scrape.js';

const ROW_NAMES = [...METRIC_ROWS, ...SKIP_ROWS].map(({ name }) => name);

beforeAll(makeKnownCalls, 90_000);
afterAll(removeMaster);

const GAUGES_AT_REST = 0;

/** When all is over. */
function expectValue(name: string, value: number): void {
  expect(known.after.value(name)).toBe(value);
}

/** Between `least` and `most`, both included. */
function expectWithin(name: string, least: number, most: number, at = known.after): void {
  expect(at.value(name)).toBeGreaterThanOrEqual(least);
  expect(at.value(name)).toBeLessThanOrEqual(most);
}

/** What the calls of the probe have added. */
function expectAdded(name: string, amount: number): void {
  expect(known.after.value(name) - known.beforeProbe.value(name)).toBe(amount);
}

/** A time that something has taken of those that the test took. */
function expectSpent(name: string): void {
  expect(known.after.value(name)).toBeGreaterThan(0);
  expect(known.after.value(name)).toBeLessThan(known.elapsedSeconds);
}

const expected: Record<string, () => void> = {
  orchard_calls_total: () => {
    expect(known.after.byLabels('orchard_calls_total', ['op', 'code'])).toEqual(known.calls);
  },
  orchard_call_seconds: () => {
    const name = 'orchard_call_seconds';
    const sums: Record<string, number> = {};
    for (const [call, times] of Object.entries(known.calls)) {
      const op = call.split(' ')[0]!;
      // Nobody waits for the answer of these.
      if (!['unreadable', 'hello', 'ping', 'openSession'].includes(op)) {
        sums[op] = (sums[op] ?? 0) + times;
      }
    }
    const counted = known.after.byLabels(`${name}_count`, ['op']);
    for (const op of Object.keys(sums)) {
      expect(counted[op], op).toBe(sums[op]);
      expect(known.after.value(`${name}_bucket`, { op, le: '+Inf' }), op).toBe(sums[op]);
      expect(known.after.value(`${name}_sum`, { op }), op).toBeGreaterThan(0);
    }
    // One of them waited for the store.
    const hung = { op: 'getStatus', le: String(HANG_SECONDS_MIN) };
    expect(known.after.value(`${name}_bucket`, hung)).toBeLessThan(sums['getStatus']!);
  },
  orchard_connections: () => {
    // The client's, the raw one, and what asks for the figures.
    expectWithin('orchard_connections', 3, 12, known.during);
    expectWithin('orchard_connections', 3, 12);
  },
  orchard_connections_total: () => {
    // Of the client, three raw ones, and HTTP.
    const now = known.during.value('orchard_connections');
    expectWithin('orchard_connections_total', Math.max(5, now), 40);
  },
  orchard_sessions: () => {
    expect(known.during.value('orchard_sessions')).toBe(1);
    expectValue('orchard_sessions', GAUGES_AT_REST);
  },
  orchard_calls_in_flight: () => {
    expect(known.during.value('orchard_calls_in_flight')).toBe(1);
    expectValue('orchard_calls_in_flight', GAUGES_AT_REST);
  },
  orchard_held_bytes: () => {
    // The call that waits, the session, and who said Hello; then only that.
    expectWithin('orchard_held_bytes', 5000, 65_536, known.during);
    expectWithin('orchard_held_bytes', 1024, known.during.value('orchard_held_bytes') - 2048);
  },
  orchard_received_bytes_total: () =>
    expectAdded('orchard_received_bytes_total', known.probed.sentBytes),
  orchard_sent_bytes_total: () =>
    expectAdded('orchard_sent_bytes_total', known.probed.receivedBytes),
  orchard_frames_received_total: () => expectAdded('orchard_frames_received_total', PROBES),
  orchard_frames_sent_total: () => expectAdded('orchard_frames_sent_total', PROBES),
  // A malformed frame, a session too many, and a page that is not there.
  orchard_calls_refused_total: () => expectValue('orchard_calls_refused_total', 3),
  orchard_calls_exhausted_total: () => expectValue('orchard_calls_exhausted_total', 1),
  orchard_frames_malformed_total: () => expectValue('orchard_frames_malformed_total', 1),
  orchard_connections_dropped_total: () => expectValue('orchard_connections_dropped_total', 1),
  orchard_bugs_total: () => expectValue('orchard_bugs_total', 1),
  // Each looks up the root, "d" and "g", which the call before has brought there.
  orchard_tier1_hits_total: () => expectAdded('orchard_tier1_hits_total', PROBES * 3),
  orchard_tier1_misses_total: () => {
    expectAdded('orchard_tier1_misses_total', 0);
    expectWithin('orchard_tier1_misses_total', MANY - SLOTS, MANY * 4);
  },
  orchard_tier1_evictions_total: () =>
    expectWithin('orchard_tier1_evictions_total', MANY - SLOTS, MANY * 4),
  orchard_tier1_slots: () => expectValue('orchard_tier1_slots', SLOTS),
  orchard_tier1_dirty_slots: () => {
    expectWithin('orchard_tier1_dirty_slots', 1, SLOTS, known.busy);
    expectValue('orchard_tier1_dirty_slots', GAUGES_AT_REST);
  },
  // Of two that make one name at once, the second may find it locked.
  orchard_lock_conflicts_total: () =>
    expectWithin('orchard_lock_conflicts_total', 1, MANY + TWINS * 2),
  orchard_calls_parked: () => {
    expect(known.during.value('orchard_calls_parked')).toBe(1);
    expectValue('orchard_calls_parked', GAUGES_AT_REST);
  },
  orchard_journal_entries_total: () => {
    expectValue('orchard_journal_entries_total', known.after.value('orchard_journal_seq'));
    expectWithin('orchard_journal_entries_total', writes(), writes() + 30);
  },
  orchard_journal_bytes_total: () => {
    const entries = known.after.value('orchard_journal_entries_total');
    expectWithin('orchard_journal_bytes_total', entries * 96, entries * 1024);
  },
  orchard_journal_commits_total: () =>
    expectWithin(
      'orchard_journal_commits_total',
      20,
      known.after.value('orchard_journal_entries_total'),
    ),
  orchard_journal_commit_seconds_total: () => expectSpent('orchard_journal_commit_seconds_total'),
  orchard_journal_backlog_bytes: () => {
    expectWithin('orchard_journal_backlog_bytes', 96, 1 << 20, known.busy);
    expectValue('orchard_journal_backlog_bytes', GAUGES_AT_REST);
  },
  orchard_journal_seq: () => expectWithin('orchard_journal_seq', writes(), writes() + 30),
  orchard_flushed_seq: () =>
    expectValue('orchard_flushed_seq', known.after.value('orchard_journal_seq')),
  orchard_flushes_total: () => expectWithin('orchard_flushes_total', 1, 2000),
  orchard_flush_seconds_total: () => expectSpent('orchard_flush_seconds_total'),
  orchard_journal_segments: () => expectValue('orchard_journal_segments', known.onDisk.segments),
  orchard_journal_disk_bytes: () => expectValue('orchard_journal_disk_bytes', known.onDisk.bytes),
  orchard_retry_answers: () => expectValue('orchard_retry_answers', ANSWERS_KEPT),
  orchard_retry_window_seconds: () => expectSpent('orchard_retry_window_seconds'),
  orchard_retry_early_total: () =>
    expectValue('orchard_retry_early_total', writes() - ANSWERS_KEPT),
  orchard_retry_early_seconds: () => expectSpent('orchard_retry_early_seconds'),
  // Of the store one more, and the one below the directory that is in the trash.
  orchard_files: () =>
    expectValue('orchard_files', 10 - 1 + MANY + TWINS + known.busyFiles + 1 + 1),
  // The root, "d", "many" and the two mount points.
  orchard_directories: () => expectValue('orchard_directories', 5),
  // Of the namespace and of the data port.
  orchard_trash_files: () => expectValue('orchard_trash_files', 2),
  orchard_trash_directories: () => expectValue('orchard_trash_directories', 1),
  orchard_disk_free_bytes: () => {
    const free = known.after.value('orchard_disk_free_bytes');
    expect(Math.abs(free / known.onDisk.freeBytes - 1)).toBeLessThan(0.2);
  },
  // That it is ever 1 is tested in full-disk.test.ts.
  orchard_read_only: () => expectValue('orchard_read_only', 0),
  orchard_jobs: () => {
    const ended = { done: 2, failed: 1 };
    const states = (at: Scrape) => at.byLabels('orchard_jobs', ['state']);
    expect(states(known.during)).toEqual({ ...ended, running: 1, cancelled: 0 });
    expect(states(known.after)).toEqual({ ...ended, running: 0, cancelled: 1 });
  },
  orchard_store_calls_total: () => {
    const counted = known.after.byLabels('orchard_store_calls_total', ['mount']);
    expect(Object.keys(counted)).toEqual(['/', '/m', '/s']);
    expect(counted['/s']).toBe(2);
    expect(counted['/m']).toBeGreaterThanOrEqual(4);
  },
  orchard_store_errors_total: () => {
    const counted = known.after.byLabels('orchard_store_errors_total', ['mount']);
    expect(counted).toEqual({ '/': 0, '/m': 0, '/s': 1 });
  },
  orchard_store_seconds_total: () => {
    const counted = known.after.byLabels('orchard_store_seconds_total', ['mount']);
    expect(counted['/m']).toBeGreaterThan(0);
    expect(counted['/s']).toBeGreaterThan(HANG_SECONDS_MIN);
    expect(counted['/s']).toBeLessThan(known.elapsedSeconds * 2);
  },
  orchard_store_read_bytes_total: () => {
    const counted = known.after.byLabels('orchard_store_read_bytes_total', ['mount']);
    expect(counted).toEqual({ '/': 0, '/m': 7, '/s': 0 });
  },
  orchard_store_written_bytes_total: () => {
    const counted = known.after.byLabels('orchard_store_written_bytes_total', ['mount']);
    expect(counted).toEqual({ '/': 0, '/m': 5, '/s': 0 });
  },
  orchard_store_entries_skipped_total: () => {
    const counted = known.after.byLabels('orchard_store_entries_skipped_total', ['reason']);
    expect(counted).toEqual({ link: 1 });
  },
};

test('each row has an expectation, and each expectation a row', () => {
  expect(Object.keys(expected).toSorted()).toEqual(ROW_NAMES.toSorted());
});

test.each(ROW_NAMES)('%s', (name) => {
  expected[name]?.();
});

test('calls of surfaces have numbers that no request has', () => {
  for (const { number } of operations) expect(surfaceCallOf(number)).toBeUndefined();
});
