/** What the data port works with. */
import type { Scheduler } from '../../master/executor/scheduler.js';
import type { Stores } from '../../master/mount/stores.js';

export type DataContext = {
  /** Of main's own executor. */
  readonly scheduler: Scheduler;
  readonly stores: Stores;
};

export const encoder = new TextEncoder();
