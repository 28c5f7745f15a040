/** Orders for a process of a checked load, and its reports: data between processes. */
import type { Operation } from './operation.js';
import type { DrawOptions } from './request-draw.js';

export type RecordedLoadOptions = DrawOptions & {
  readonly port: number;
  readonly seed: number;
  readonly processes: number;
  /** A process. */
  readonly clients: number;
  /** Calls in flight of one client. */
  readonly depth: number;
};

export type LoadOrder = Omit<RecordedLoadOptions, 'processes'> & { readonly firstClient: number };

export type LoadTold = {
  readonly operations: readonly Operation[];
  readonly toldNs: number;
  readonly isLast: boolean;
};
