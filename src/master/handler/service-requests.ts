/** Requests that others answer: mounts, jobs and reports, by ShardServices. */
import { Code, isRetryable, StatusError } from '../../base/status.js';
import { internalError } from '../../base/status-form.js';
import type { ReplyOptions } from '../../wire/encode.js';
import * as wire from '../../wire/generated/index.js';
import { operationOf } from '../../wire/operations.js';
import type { Call } from '../executor/call.js';
import { checkSuper } from '../ops/mechanism/access.js';
import { GetMountTable } from '../ops/verbs/get-mount-table.js';
import { ReverseResolve } from '../ops/verbs/reverse-resolve.js';
import { writeJob, writeJobs, writeMounts, writeProgress } from './reply-bodies.js';
import { optionsFrom, slotOf, unknownNumber } from './request-fields.js';
import type { Incoming, Makers } from './requests.js';
import { RpcSink } from './rpc-sink.js';
import type { AttributesRequest, JobProgress, JobView, Report, ServiceCall } from './services.js';

const { ReplyBody, RequestBody } = wire;

export const serviceMakers: Makers = {
  [RequestBody.Load]: load,
  [RequestBody.GetJob]: (incoming) => answerJob(incoming, 'getJob'),
  [RequestBody.CancelJob]: (incoming) => answerJob(incoming, 'cancelJob'),
  [RequestBody.ListJobs]: listJobs,
  [RequestBody.Mount]: mount,
  [RequestBody.Unmount]: unmount,
  [RequestBody.UpdateMount]: updateMount,
  [RequestBody.GetMountTable]: getMountTable,
  [RequestBody.ReverseResolve]: resolveUri,
  [RequestBody.GetReport]: (incoming) => report(incoming, 'report'),
  [RequestBody.GetLocks]: (incoming) => report(incoming, 'locks'),
  [RequestBody.GetJournalInfo]: (incoming) => report(incoming, 'journal'),
  [RequestBody.GetConfig]: (incoming) => report(incoming, 'config'),
  [RequestBody.Inspect]: inspect,
  [RequestBody.Trash]: trash,
};

/** Runs `ask`, and answers with what `answer` makes of it. */
function serve<T>(
  incoming: Incoming,
  progress: boolean,
  ask: (call: ServiceCall) => Promise<T>,
  answer: (got: T) => void,
): undefined {
  const { reply, request, caller, executor, lane, onBug } = incoming;
  const gone = new AbortController();
  reply.onAbort = () => gone.abort();
  const call: ServiceCall = {
    caller,
    callId: request.call,
    signal: gone.signal,
    ...(progress && { onProgress: (told) => sendProgress(incoming, told) }),
  };
  const isAdmin = operationOf(request.bodyType)?.lane === 'admin';
  const isSuper = executor.isSuper(caller);
  const asked = isAdmin ? lane.run(isSuper, gone.signal, () => ask(call)) : ask(call);
  asked.then(answer).catch((error: unknown) => {
    // It left the queue because nobody waits for it.
    if (gone.signal.aborted) return;
    if (error instanceof StatusError) {
      reply.fail(error);
      return;
    }
    onBug(error);
    reply.fail(internalError());
  });
  return undefined;
}

const ended =
  ({ reply, encoder }: Incoming) =>
  (seq: number): void =>
    reply.end(encoder.empty(reply.call, seqOption(seq)));

const seqOption = (seq: number): ReplyOptions => (seq === 0 ? {} : { seq });

function mount(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const body = new wire.Mount().__init(request.body, request.buffer);
  const wanted = {
    path: body.path(),
    uri: body.uri(),
    options: optionsFrom(body.optionsLength(), (i) => body.options(i)),
    readOnly: body.readOnly(),
    shared: body.shared(),
  };
  return serve(incoming, false, (call) => services.mount(call, wanted), ended(incoming));
}

function unmount(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const path = new wire.Unmount().__init(request.body, request.buffer).path();
  return serve(incoming, false, (call) => services.unmount(call, { path }), ended(incoming));
}

function updateMount(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const body = new wire.UpdateMount().__init(request.body, request.buffer);
  const given = request.at(request.body, slotOf(1)) !== 0;
  const wanted = {
    path: body.path(),
    options: given ? optionsFrom(body.optionsLength(), (i) => body.options(i)) : undefined,
    readOnly: body.readOnly() ?? undefined,
    shared: body.shared() ?? undefined,
  };
  return serve(incoming, false, (call) => services.updateMount(call, wanted), ended(incoming));
}

/** setAttribute with `recursive`: a background job that the caller waits for. */
export function changeSubtree(
  incoming: Incoming,
  wanted: AttributesRequest,
  progress: boolean,
): undefined {
  const { services } = incoming;
  const { reply, encoder } = incoming;
  return serve(
    incoming,
    progress,
    (call) => services.setAttributes(call, wanted),
    (job) => {
      if (job.failed === 0) {
        reply.end(encoder.empty(reply.call));
        return;
      }
      const failure = partlyFailed(job);
      const body = writeJob(encoder.begin(), job);
      const frame = encoder.finish(reply.call, ReplyBody.JobReply, body, { failure });
      reply.end(frame, failure.code);
    },
  );
}

/** Finished changes stay. The caller gets a failure that says how much failed. */
function partlyFailed({ path, done, failed, error }: JobView): StatusError {
  const code = error?.code ?? Code.ABORTED;
  const why = error === undefined ? '' : ` ${error.message}`;
  const reason = `${failed} of ${done + failed} entries could not be changed.${why}`;
  // The rest is done, so a repeat of the same call would only do it once more.
  return new StatusError(isRetryable(code) ? Code.ABORTED : code, reason, {
    path: error?.path ?? path,
  });
}

function load(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const body = new wire.Load().__init(request.body, request.buffer);
  const wanted = { path: body.path(), descendants: body.descendants(), detach: body.detach() };
  if (wanted.descendants > wire.Descendants.ALL) {
    throw unknownNumber('kind of descendants', wanted.descendants);
  }
  return serve(incoming, !wanted.detach, (call) => services.load(call, wanted), jobReply(incoming));
}

function answerJob(incoming: Incoming, what: 'getJob' | 'cancelJob'): undefined {
  const { request, services } = incoming;
  const job = request.uint64(slotOf(0), 0);
  return serve(incoming, false, (call) => services[what](call, { job }), jobReply(incoming));
}

const jobReply =
  ({ reply, encoder }: Incoming) =>
  (job: JobView): void => {
    const body = writeJob(encoder.begin(), job);
    reply.end(encoder.finish(reply.call, ReplyBody.JobReply, body));
  };

function listJobs(incoming: Incoming): undefined {
  const { reply, encoder, services } = incoming;
  return serve(
    incoming,
    false,
    (call) => services.listJobs(call),
    (jobs) => {
      const body = writeJobs(encoder.begin(), jobs);
      reply.end(encoder.finish(reply.call, ReplyBody.JobList, body));
    },
  );
}

/** Every thread has the mount table. */
function getMountTable({ caller, reply, encoder }: Incoming): Call {
  return new GetMountTable(caller, {
    mounts: (mounts) => {
      const body = writeMounts(encoder.begin(), mounts);
      reply.end(encoder.finish(reply.call, ReplyBody.MountTable, body));
    },
    fail: (error) => reply.fail(error),
  });
}

function resolveUri({ request, caller, reply, encoder }: Incoming): Call {
  const uri = new wire.ReverseResolve().__init(request.body, request.buffer).uri();
  return new ReverseResolve(caller, request.call, uri, new RpcSink(reply, encoder));
}

/** Waiting calls, places of files and settings are shown only to the superuser. */
const FOR_ALL: readonly Report[] = ['report'];

function report(incoming: Incoming, which: Report): undefined {
  const { services, executor, caller } = incoming;
  if (!FOR_ALL.includes(which)) checkSuper(executor, caller, '/');
  return serve(incoming, false, (call) => services.report(call, which), jsonReply(incoming));
}

function inspect(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const body = new wire.Inspect().__init(request.body, request.buffer);
  const wanted = {
    what: body.what(),
    file: body.file() ?? '',
    force: body.force(),
    startAfter: body.startAfter() ?? '',
    limit: body.limit(),
  };
  return serve(incoming, true, (call) => services.inspect(call, wanted), jsonReply(incoming));
}

function trash(incoming: Incoming): undefined {
  const { request, services } = incoming;
  const body = new wire.Trash().__init(request.body, request.buffer);
  const wanted = { path: body.path(), expunge: body.expunge(), limit: body.limit() };
  return serve(incoming, true, (call) => services.trash(call, wanted), jsonReply(incoming));
}

const jsonReply =
  ({ reply, encoder }: Incoming) =>
  (told: unknown): void => {
    const builder = encoder.begin();
    const text = builder.createString(JSON.stringify(told));
    const body = wire.JsonReply.createJsonReply(builder, text);
    reply.end(encoder.finish(reply.call, ReplyBody.JsonReply, body));
  };

function sendProgress({ reply, encoder }: Incoming, told: JobProgress): void {
  const body = writeProgress(encoder.begin(), told);
  reply.send(encoder.finish(reply.call, ReplyBody.Progress, body, { more: true }));
}
