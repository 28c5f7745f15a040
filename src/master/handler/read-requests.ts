/** Turns requests that read into their operations. Slots are those of schemas/request.fbs. */
import { RequestBody } from '../../wire/generated/index.js';
import type { Call } from '../executor/call.js';
import { BatchGetStatus } from '../ops/verbs/batch-get-status.js';
import { CheckAccess } from '../ops/verbs/check-access.js';
import { ContentSummary } from '../ops/verbs/content-summary.js';
import { GetFilePath } from '../ops/verbs/get-file-path.js';
import { Exists, GetStatus } from '../ops/verbs/get-status.js';
import { GetStatusById } from '../ops/verbs/get-status-by-id.js';
import { GetXAttrs } from '../ops/verbs/get-xattrs.js';
import { ListStatus } from '../ops/verbs/list-status.js';
import { RpcBatchSink } from './batch-replies.js';
import { bytesOf, loadOf, slotOf, textOf } from './request-fields.js';
import type { Incoming, Makers } from './requests.js';
import { RpcSink } from './rpc-sink.js';

export const readMakers: Makers = {
  [RequestBody.GetStatus]: getStatus,
  [RequestBody.GetStatusById]: getStatusById,
  [RequestBody.Exists]: exists,
  [RequestBody.ListStatus]: listStatus,
  [RequestBody.BatchGetStatus]: batchGetStatus,
  [RequestBody.GetFilePath]: getFilePath,
  [RequestBody.CheckAccess]: checkAccess,
  [RequestBody.ContentSummary]: contentSummary,
  [RequestBody.GetXAttrs]: getXAttrs,
};

const PATH = slotOf(0);
const ID = slotOf(0);

const sinkOf = ({ reply, encoder }: Incoming): RpcSink => new RpcSink(reply, encoder);

function getStatus(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = {
    path: bytesOf(request, PATH),
    load: loadOf(request, slotOf(1)),
    withAttributes: request.boolean(slotOf(2)),
  };
  return new GetStatus(caller, request.call, options, sinkOf(incoming));
}

function getStatusById(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { id: request.uint64(ID, 0), withAttributes: request.boolean(slotOf(1)) };
  return new GetStatusById(caller, request.call, options, sinkOf(incoming));
}

function exists(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { path: bytesOf(request, PATH), load: loadOf(request, slotOf(1)) };
  return new Exists(caller, request.call, options, sinkOf(incoming));
}

/** with_attributes is ignored: entries always carry their attributes. */
function listStatus(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = {
    path: bytesOf(request, PATH),
    recursive: request.boolean(slotOf(1)),
    pageSize: request.int32(slotOf(2), 0) >>> 0,
    cursor: bytesOf(request, slotOf(3)),
    startAfter: bytesOf(request, slotOf(4)),
    offsetId: request.uint64(slotOf(5), 0),
    prefix: bytesOf(request, slotOf(6)),
    stream: request.boolean(slotOf(8)),
    load: loadOf(request, slotOf(9)),
  };
  return new ListStatus(caller, request.call, options, sinkOf(incoming));
}

function batchGetStatus({ request, caller, reply, encoder }: Incoming): Call {
  const count = request.vectorLength(slotOf(0));
  const paths = Array.from({ length: count }, (_, i) => {
    request.stringElement(slotOf(0), i);
    return textOf(request);
  });
  const options = {
    paths,
    load: loadOf(request, slotOf(1)),
    withAttributes: request.boolean(slotOf(2)),
  };
  return new BatchGetStatus(caller, request.call, options, new RpcBatchSink(reply, encoder));
}

function getFilePath(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { id: request.uint64(ID, 0) };
  return new GetFilePath(caller, request.call, options, sinkOf(incoming));
}

function checkAccess(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { path: bytesOf(request, PATH), bits: request.uint8(slotOf(1), 0) };
  return new CheckAccess(caller, request.call, options, sinkOf(incoming));
}

function contentSummary(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = {
    path: bytesOf(request, PATH),
    load: loadOf(request, slotOf(1)),
    progress: request.boolean(slotOf(2)),
  };
  return new ContentSummary(caller, request.call, options, sinkOf(incoming));
}

function getXAttrs(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { path: bytesOf(request, PATH) };
  return new GetXAttrs(caller, request.call, options, sinkOf(incoming));
}
