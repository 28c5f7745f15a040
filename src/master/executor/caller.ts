/** Who asks, for all that runs on an executor. */
export type { Caller } from '../../base/caller.js';
