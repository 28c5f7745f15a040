/** The calls that may take long and tell how far they are: recursive changes, loads, jobs. */
import { TRASH_ENTRIES_MAX } from '../base/limits.js';
import {
  CancelJobT,
  ContentSummaryT,
  GetJobT,
  Inspection,
  InspectT,
  ListJobsT,
  LoadT,
  type Reply,
  RequestBody,
  SetAttributeT,
  TrashT,
} from '../wire/generated/index.js';
import { type CallSpec, fill, xattrsToWire } from './call-spec.js';
import {
  decodeJob,
  decodeJobs,
  decodeJson,
  decodeNothing,
  decodeProgress,
  decodeSummary,
} from './decode.js';
import type {
  BackupOptions,
  BackupReport,
  CheckpointReport,
  DigestReport,
  InspectOptions,
  Job,
  LoadOptions,
  MovedReport,
  OrphanOptions,
  OrphanPage,
  SetAttributeOptions,
  SummaryOptions,
  TrashListing,
  TrashOptions,
  TreeSummary,
  VerifyReport,
  WorkProgress,
} from './types.js';
import { descendants, loadTypes, ttlActions, xattrUpdates } from './words.js';

type OnProgress = ((progress: WorkProgress) => void) | undefined;

function interim(onProgress: OnProgress): { onInterim?: (reply: Reply) => void } {
  if (onProgress === undefined) return {};
  return {
    onInterim: (reply) => {
      const progress = decodeProgress(reply);
      if (progress !== undefined) onProgress(progress);
    },
  };
}

export const setAttributeCall = (path: string, options: SetAttributeOptions): CallSpec<void> => {
  const { ttlAction, xattrUpdate } = options;
  const update = xattrUpdate ?? (options.xattrs === undefined ? undefined : 'unionReplace');
  return {
    type: RequestBody.SetAttribute,
    body: fill(new SetAttributeT(path), {
      recursive: options.recursive,
      mode: options.mode,
      modeChange: options.modeChange,
      owner: options.owner,
      group: options.group,
      ttlMs: options.ttlMs,
      ttlAction: ttlAction === undefined ? undefined : ttlActions[ttlAction],
      pinned: options.pinned,
      replicationMin: options.replicationMin,
      replicationMax: options.replicationMax,
      mtimeMs: options.mtimeMs,
      xattrs: xattrsToWire(options.xattrs),
      xattrUpdate: update === undefined ? undefined : xattrUpdates[update],
      progress: options.onProgress !== undefined,
    }),
    path,
    decode: decodeNothing,
    ...(options.recursive === true && { long: true }),
    ...interim(options.onProgress),
  };
};

export const contentSummaryCall = (
  path: string,
  options: SummaryOptions,
): CallSpec<TreeSummary> => ({
  type: RequestBody.ContentSummary,
  body: new ContentSummaryT(
    path,
    loadTypes[options.load ?? 'once'],
    options.onProgress !== undefined,
  ),
  path,
  decode: decodeSummary,
  long: true,
  ...interim(options.onProgress),
});

export const loadCall = (path: string, options: LoadOptions): CallSpec<Job> => ({
  type: RequestBody.Load,
  body: new LoadT(path, descendants[options.descendants ?? 'all'], options.detach ?? false),
  path,
  decode: decodeJob,
  long: true,
  ...interim(options.onProgress),
});

export const getJobCall = (job: number): CallSpec<Job> => ({
  type: RequestBody.GetJob,
  body: new GetJobT(job),
  decode: decodeJob,
});

export const cancelJobCall = (job: number): CallSpec<Job> => ({
  type: RequestBody.CancelJob,
  body: new CancelJobT(job),
  decode: decodeJob,
});

export const listJobsCall = (): CallSpec<Job[]> => ({
  type: RequestBody.ListJobs,
  body: new ListJobsT(),
  decode: decodeJobs,
});

const inspectCall = <T>(body: InspectT, { onProgress }: InspectOptions): CallSpec<T> => ({
  type: RequestBody.Inspect,
  body,
  decode: (reply) => decodeJson(reply) as T,
  long: true,
  ...interim(onProgress),
});

export const verifyCall = (options: InspectOptions): CallSpec<VerifyReport> =>
  inspectCall(new InspectT(Inspection.VERIFY), options);

export const digestCall = (options: InspectOptions): CallSpec<DigestReport> =>
  inspectCall(new InspectT(Inspection.DIGEST), options);

export const checkpointCall = (): CallSpec<CheckpointReport> =>
  inspectCall(new InspectT(Inspection.CHECKPOINT), {});

export const orphansCall = (mount: string, options: OrphanOptions): CallSpec<OrphanPage> => ({
  ...inspectCall(
    new InspectT(Inspection.ORPHANS, mount, false, options.startAfter ?? '', options.limit ?? 0),
    options,
  ),
  path: mount,
});

export const movedCall = (mount: string): CallSpec<MovedReport> => ({
  ...inspectCall(new InspectT(Inspection.MOVED, mount), {}),
  path: mount,
});

export const backupCall = (file: string, options: BackupOptions): CallSpec<BackupReport> => ({
  ...inspectCall(new InspectT(Inspection.BACKUP, file, options.force ?? false), options),
  path: file,
});

const trashCall = <T>(body: TrashT, path: string, onProgress: OnProgress): CallSpec<T> => ({
  type: RequestBody.Trash,
  body,
  path,
  decode: (reply) => decodeJson(reply) as T,
  long: true,
  ...interim(onProgress),
});

export const listTrashCall = (path: string, options: TrashOptions): CallSpec<TrashListing> => {
  const body = new TrashT(path, false, options.limit ?? TRASH_ENTRIES_MAX);
  return trashCall(body, path, options.onProgress);
};

export const expungeCall = (
  path: string,
  { onProgress }: InspectOptions,
): CallSpec<{ readonly expunged: number }> =>
  trashCall(new TrashT(path, true, 0), path, onProgress);
