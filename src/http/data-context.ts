/** What the data port works with. Floor 6. */
import type { Scheduler } from '../executor/scheduler.js';
import type { Stores } from '../mount/stores.js';

export type DataContext = {
  /** Of main's own executor. */
  readonly scheduler: Scheduler;
  readonly stores: Stores;
};

export const encoder = new TextEncoder();
