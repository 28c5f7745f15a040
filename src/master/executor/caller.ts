/** The caller, for all code that runs on an executor. */
import type { Caller as NamedCaller } from '../../base/caller.js';

export type Caller = NamedCaller & {
  /** callerKeyOf() of it (retry-key.ts), made once by those that call often. */
  readonly key?: number;
};
