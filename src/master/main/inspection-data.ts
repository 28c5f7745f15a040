/** Messages between main and the thread of an inspection. */
import type { PlainStatus } from '../../base/status-form.js';
import type { InspectRequest } from '../background/tasks.js';
import type { BackupOrigin } from '../inspect/backup-writer.js';
import type { InspectStep } from '../inspect/inspect.js';
import type { JournalPlace } from './open-journal.js';

/** What the thread is started with. */
export type InspectionData = {
  readonly memory: WebAssembly.Memory;
  readonly request: InspectRequest;
  readonly dataDir: string;
  readonly backupDir: string;
  readonly meta: string;
  readonly journal: JournalPlace;
  readonly origin: BackupOrigin;
  readonly mapBytes: number;
  readonly reserveBytes: number;
};

/** Messages of the thread. */
export type InspectionMessage =
  | { readonly progress: InspectStep }
  | { readonly report: unknown }
  | { readonly failure: PlainStatus };
