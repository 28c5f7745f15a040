/** What the master as a whole is doing: the value of the control word STATE. Floor 0. */
export const State = { STARTING: 0, SERVING: 1, DRAINING: 2, STOPPED: 3, FAILED: 4 } as const;
export type State = (typeof State)[keyof typeof State];
