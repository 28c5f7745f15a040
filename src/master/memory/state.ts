/** What the master as a whole is doing, as control words say it. STATE is one of: */
export const State = { STARTING: 0, SERVING: 1, DRAINING: 2, STOPPED: 3, FAILED: 4 } as const;
/** From the moment of SIGTERM or a failure: long work stops at its next step. */
export const isEnding = (state: number): boolean => state >= State.DRAINING;

/** Why mutations are refused: bits of the control word READ_ONLY, each with its own keeper. */
export const ReadOnly = {
  /** The disk watcher: less is free than the reserve. */
  RESERVE: 1,
  /** The flusher: a commit of tier 2 found the disk full. */
  TIER2: 2,
  /** The writer: there is no room for the journal's next segment. */
  JOURNAL: 4,
} as const;
export type State = (typeof State)[keyof typeof State];
