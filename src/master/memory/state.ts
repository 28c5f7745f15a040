/** The state of the whole master in control words. STATE is one of: */
export const State = { STARTING: 0, SERVING: 1, DRAINING: 2, STOPPED: 3, FAILED: 4 } as const;
/** From the moment of SIGTERM or a failure: long work stops at its next step. */
export const isEnding = (state: number): boolean => state >= State.DRAINING;

/** Reasons to refuse changes: bits of the control word READ_ONLY, each with its own owner. */
export const ReadOnly = {
  /** The disk watcher: free space is below the reserve. */
  RESERVE: 1,
  /** The flusher: a commit of tier 2 found the disk full. */
  TIER2: 2,
  /** The writer: there is no space for the journal's next segment. */
  JOURNAL: 4,
} as const;
export type State = (typeof State)[keyof typeof State];
