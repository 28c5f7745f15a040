/**
 * The stores of all mounts, as operations see them: one thread's open stores, found by mount.
 * background/store-cache.ts is the real one.
 */
import type { Ufs, UfsStatus } from '../../stores/ufs.js';
import type { Mount } from './mount-table.js';

export interface Stores {
  /** The open store of a mount; opened at the first use in this thread. */
  open(mount: Mount): Promise<Ufs>;
  /** Refuses options that the store of this URI does not take; calls no store. */
  check(uri: string, options: Readonly<Record<string, string>>): Promise<void>;
  /** Looks at the root of a store that is not mounted: undefined = it does not exist. */
  probe(uri: string, options: Readonly<Record<string, string>>): Promise<UfsStatus | undefined>;
}
