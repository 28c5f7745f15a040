/** What main and the thread of an inspection say to each other. Floor 7. */
import type { Failure, InspectRequest } from '../background/tasks.js';
import type { BackupOrigin } from '../snapshot/backup-writer.js';
import type { InspectStep } from '../snapshot/inspect.js';

/** What the thread is started with. */
export type InspectionData = {
  readonly memory: WebAssembly.Memory;
  readonly request: InspectRequest;
  readonly dataDir: string;
  readonly meta: string;
  readonly journal: string;
  readonly origin: BackupOrigin;
  readonly mapBytes: number;
  readonly reserveBytes: number;
};

/** What it says. */
export type InspectionMessage =
  | { readonly progress: InspectStep }
  | { readonly report: unknown }
  | { readonly failure: Failure };
