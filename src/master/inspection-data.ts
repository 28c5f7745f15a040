/** What main and the thread of an inspection say to each other. Floor 7. */
import type { Failure, InspectRequest } from '../background/tasks.js';

/** What the thread is started with. */
export type InspectionData = {
  readonly memory: WebAssembly.Memory;
  readonly request: InspectRequest;
  readonly dataDir: string;
  readonly meta: string;
  readonly journal: string;
  readonly clusterId: string;
  readonly mapBytes: number;
};

/** What it says. */
export type InspectionMessage =
  | { readonly progress: { readonly done: number; readonly total: number; readonly path: string } }
  | { readonly report: unknown }
  | { readonly failure: Failure };
