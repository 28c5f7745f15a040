/** Checks one exact state completely: every check in turn, with progress. */
import { setImmediate } from 'node:timers/promises';
import { InodeCheck, type InodeCounts } from './check-inodes.js';
import { checkMountPoints, checkNamesAndMounts, checkSides } from './check-sides.js';
import type { ExactState } from './exact-state.js';
import type { Finding, Findings } from './findings.js';
import { InodeIndex } from './inode-index.js';

export type VerifyReport = InodeCounts & {
  /** The state that was checked: after this entry of the journal. */
  readonly seq: number;
  /** Slots of tier 1 that were compared with tier 2; none where no master runs. */
  readonly slots: number;
  readonly isClean: boolean;
  readonly findingCount: number;
  /** The first of them. */
  readonly findings: readonly Finding[];
};

/** Checks what only a running master has; returns the number of slots. */
export type MemoryCheck = (findings: Findings) => Promise<number>;

export async function verifyState(
  state: ExactState,
  { signal, onInodes }: { signal: AbortSignal; onInodes: (count: number) => void },
  checkMemory: MemoryCheck,
): Promise<VerifyReport> {
  const { findings } = state;
  const index = new InodeIndex(state.tier2, state.codec);
  const known = checkNamesAndMounts(state, findings);
  const inodes = new InodeCheck(state, index, findings, known);
  await inSlices(inodes.run(), signal, onInodes);
  checkMountPoints(known.mounts, index, findings);
  await inSlices(checkSides(state, index, findings), signal);
  const slots = await checkMemory(findings);
  return { ...inodes.counts, slots, ...summary(findings), seq: state.seq };
}

const summary = ({ count, list }: Findings) => ({
  isClean: count === 0,
  findingCount: count,
  findings: list,
});

/** Gives the thread back between batches. */
async function inSlices(
  batches: Iterable<number>,
  signal: AbortSignal,
  onRows: (count: number) => void = () => undefined,
): Promise<void> {
  for (const rows of batches) {
    onRows(rows);
    await setImmediate();
    signal.throwIfAborted();
  }
}
