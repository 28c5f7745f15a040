/**
 * What the wire's Inspect asks for: a job (over the whole namespace, or over a store), or a look
 * that waits for one flush and needs no job.
 */
import { Code, StatusError } from '../../base/status.js';
import type { InspectRequest, JobRequest } from '../background/tasks.js';
import type { Scheduler } from '../executor/scheduler.js';
import type { InspectionRequest } from '../handler/services.js';
import { checkpoint } from './checkpoint.js';
import { movedData } from './moved-data.js';
import type { ServiceRequest } from './thread-questions.js';

/** In the order of the wire's numbers. */
const KINDS = ['verify', 'digest', 'backup', 'checkpoint', 'orphans', 'moved'] as const;
const IN_THREAD: readonly string[] = ['verify', 'digest', 'backup'];
const ORPHANS_AT_A_TIME = 1000;

type Asked =
  | { readonly job: JobRequest }
  | { readonly look: (signal: AbortSignal) => Promise<unknown> };

export function inspectionOf(
  scheduler: Scheduler,
  { caller, request }: ServiceRequest<InspectionRequest>,
  journal: () => Record<string, unknown>,
): Asked {
  const kind = KINDS[request.what];
  const { file: path, force, startAfter, limit } = request;
  switch (kind) {
    case 'verify':
    case 'digest':
      return { job: { kind, path: '/' } };
    case 'backup':
      return { job: { kind, path, force } };
    case 'orphans':
      refuseUnmounted(scheduler, path);
      return { job: { kind, path, startAfter, limit: limit || ORPHANS_AT_A_TIME } };
    case 'moved':
      return { look: (signal) => movedData(scheduler, { caller, path, signal }) };
    case 'checkpoint':
      return {
        look: async (signal) => {
          const seq = await checkpoint(scheduler, caller, signal);
          const { segments, diskBytes } = journal();
          return { seq, segments, diskBytes };
        },
      };
    default:
      throw new StatusError(Code.UNIMPLEMENTED, `There is no inspection ${request.what}.`);
  }
}

/** Work of a thread of its own (inspections.ts). */
export const isInspection = (request: JobRequest): request is InspectRequest =>
  IN_THREAD.includes(request.kind);

function refuseUnmounted({ executor }: Scheduler, path: string): void {
  if (executor.mounts.all().some((mount) => mount.path === path)) return;
  throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" is not a mount point.`, {
    path,
    hint: 'See `orchard mounts` for what is mounted.',
  });
}
