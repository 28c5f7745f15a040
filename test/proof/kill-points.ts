/**
 * The named points at which the crash harness kills a master or lets its disk fail: where each
 * lies, and at which passing at the latest it comes (so that not always the first is meant).
 * The points themselves are in kill-points.mjs.
 */

export type KillPoint = {
  readonly name: string;
  readonly where: string;
  /** The kill comes at a passing from 1 to this. */
  readonly passes: number;
  /** It comes only in the life after one that was killed at this point. */
  readonly after?: string;
  /** The spares of the journal are removed before such a life: it makes new ones. */
  readonly needsSpare?: true;
  /** The disk fails: the master ends by itself, and acknowledges nothing more. */
  readonly fails?: true;
};

const point = (name: string, passes: number, where: string): KillPoint => ({ name, passes, where });
const spare = (name: string, where: string): KillPoint => ({
  ...point(name, 1, where),
  needsSpare: true,
});

const fault = (name: string, where: string): KillPoint => ({
  ...point(name, 400, where),
  fails: true,
});

export const KILL_POINTS: readonly KillPoint[] = [
  point('append-begins', 400, 'a batch is taken from the rings, nothing of it is written'),
  point('append-torn', 400, 'half of a batch is written'),
  { ...point('recovery-wipe', 1, 'a torn tail is being cut'), after: 'append-torn' },
  point('append-written', 400, 'a batch is written, not synced'),
  point('append-synced', 400, 'a batch is synced, nothing of it is applied'),
  point('applied', 1500, 'an entry is applied, its call not answered'),
  point('recovery-read', 3, 'the journal is being read'),
  point('replayed', 40, 'an entry of the journal is applied again'),
  point('switch-end-written', 1, 'a segment has its end marker, not synced'),
  point('switch-end-synced', 1, 'a segment is ended, the next one not taken'),
  point('switch-header-written', 1, 'a spare has its header, not synced'),
  point('switch-header-synced', 1, 'a spare has its header, but not its name'),
  point('switch-named', 1, 'a segment has its name, its directory is not synced'),
  point('switch-done', 1, 'a segment is ready, nothing is written to it'),
  point('flush-begins', 4, 'an epoch is closed, nothing of it is in tier 2'),
  point('flush-uncommitted', 6, 'a transaction of a flush is filled, not committed'),
  point('flush-committed', 6, 'a transaction is committed, its slots are not clean yet'),
  point('flush-between', 4, 'between two transactions of a flush'),
  point('flush-done', 4, 'after the last transaction, before the trim'),
  point('trim-begins', 1, 'a segment is about to be recycled'),
  point('trim-recycled', 1, 'a segment is recycled, its directory is not synced'),
  point('trim-synced', 1, 'between the recycling of two segments'),
  spare('spare-half-zeroed', 'a spare is half written'),
  spare('spare-zeroed', 'a spare is written, but has not its name'),
  point('prefault', 5, 'tier 1 is being touched'),
  fault('fail-write', 'a write to the journal fails'),
  fault('fail-full', 'the disk is full under a write to the journal'),
  fault('fail-short-write', 'a write to the journal is short'),
  fault('fail-sync', 'a sync of the journal fails'),
  { ...fault('fail-opening', 'the first write fails while shards still begin'), passes: 1 },
];
