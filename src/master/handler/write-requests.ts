/**
 * Turns requests that change the namespace into their operations. A batch of creates becomes that
 * many calls, each with its own identity, so that a repeated batch finds what the first one did.
 */

import * as wire from '../../wire/generated/index.js';
import type { Call } from '../executor/call.js';
import type { Caller } from '../executor/caller.js';
import { XAttrUpdate } from '../memory/xattrs.js';
import type { AttributeChange } from '../ops/mechanism/attribute-change.js';
import { pathText } from '../ops/mechanism/read.js';
import { CompleteFile } from '../ops/verbs/complete-file.js';
import { Create, type CreateOptions } from '../ops/verbs/create.js';
import { Delete } from '../ops/verbs/delete.js';
import { Rename } from '../ops/verbs/rename.js';
import { SetAttribute } from '../ops/verbs/set-attribute.js';
import { Undelete } from '../ops/verbs/undelete.js';
import { CollectingReply } from './batch-replies.js';
import {
  bytesFrom,
  bytesOf,
  slotOf,
  ttlFlagsOf,
  unknownNumber,
  xattrsFrom,
} from './request-fields.js';
import type { Incoming, Makers } from './requests.js';
import { RpcSink } from './rpc-sink.js';
import { changeSubtree } from './service-requests.js';

const { RequestBody } = wire;

export const writeMakers: Makers = {
  [RequestBody.CreateFile]: createFile,
  [RequestBody.CompleteFile]: completeFile,
  [RequestBody.CreateDirectory]: createDirectory,
  [RequestBody.BatchCreate]: batchCreate,
  [RequestBody.Rename]: rename,
  [RequestBody.Delete]: remove,
  [RequestBody.Undelete]: undelete,
  [RequestBody.SetAttribute]: setAttribute,
};

const PATH = slotOf(0);

const sinkOf = ({ reply, encoder }: Incoming): RpcSink => new RpcSink(reply, encoder);

function createFile(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const body = new wire.CreateFile().__init(request.body, request.buffer);
  return new Create(caller, request.call, fileOptions(body), sinkOf(incoming));
}

function fileOptions(body: wire.CreateFile): CreateOptions {
  return {
    type: 'file',
    path: bytesFrom((encoding) => body.path(encoding)),
    recursive: body.recursive(),
    overwrite: body.overwrite(),
    allowExists: false,
    mode: body.mode(),
    blockSize: body.blockSize() ?? undefined,
    ttlMs: body.ttlMs(),
    ttlFlags: ttlFlagsOf(body.ttlAction()),
    replicationMin: body.replicationMin(),
    replicationMax: body.replicationMax(),
    xattrs: xattrsFrom(body.xattrsLength(), (i) => body.xattrs(i)),
    xattrsOnNewPaths: body.xattrPropagation() === wire.XAttrPropagation.NEW_PATHS,
  };
}

function createDirectory(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const body = new wire.CreateDirectory().__init(request.body, request.buffer);
  const options: CreateOptions = {
    type: 'directory',
    path: bytesOf(request, PATH),
    recursive: body.recursive(),
    overwrite: false,
    allowExists: body.allowExists(),
    mode: body.mode(),
    blockSize: undefined,
    ttlMs: body.ttlMs(),
    ttlFlags: ttlFlagsOf(body.ttlAction()),
    replicationMin: -1,
    replicationMax: -1,
    xattrs: xattrsFrom(body.xattrsLength(), (i) => body.xattrs(i)),
    xattrsOnNewPaths: body.xattrPropagation() === wire.XAttrPropagation.NEW_PATHS,
  };
  return new Create(caller, request.call, options, sinkOf(incoming));
}

function batchCreate(incoming: Incoming): readonly Call[] {
  const { request, caller, reply, executor } = incoming;
  const body = new wire.BatchCreate().__init(request.body, request.buffer);
  const count = body.filesLength();
  // All are decoded before the first is submitted: a malformed one refuses the whole batch.
  const files = Array.from({ length: count }, (_, i) => fileOptions(body.files(i)!));
  const outcomes = new CollectingReply(reply, executor, count);
  const identity = batchIdentity(caller, request.call);
  return files.map((options, i) => new Create(identity, i + 1, options, outcomes.sinkFor(i)));
}

/** The caller, with a client id that is made of its own and of the batch's call. */
function batchIdentity(caller: Caller, call: number): Caller {
  const { user, groups, clientId, source } = caller;
  const isKnown = clientId !== 0 && call !== 0;
  return { user, groups, source, clientId: isKnown ? mix53(clientId, call) : 0 };
}

const TWO_32 = 0x1_0000_0000;

/** Two numbers below 2^53 into one, spread as a hash spreads; never 0. */
function mix53(a: number, b: number): number {
  let high = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b / TWO_32) | 0, 0xc2b2ae35);
  let low = Math.imul(b ^ 0x27d4eb2f, 0x165667b1) ^ Math.imul((a / TWO_32) | 0, 0x9e3779b1);
  high = Math.imul(high ^ (low >>> 15), 0x2c1b3c6d);
  low = Math.imul(low ^ (high >>> 13), 0x297a2d39) ^ (high >>> 16);
  return (high & 0x1f_ffff) * TWO_32 + (low >>> 0) || 1;
}

function completeFile(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const body = new wire.CompleteFile().__init(request.body, request.buffer);
  const fingerprint = body.fingerprint();
  const options = {
    path: bytesOf(request, PATH),
    length: body.length(),
    mtimeMs: body.mtimeMs() ?? undefined,
    fingerprint,
    // The caller, who knows the store's object, has already put the data there.
    persisted: fingerprint !== 0,
  };
  return new CompleteFile(caller, request.call, options, sinkOf(incoming));
}

function rename(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = {
    source: bytesOf(request, slotOf(0)),
    target: bytesOf(request, slotOf(1)),
    overwrite: request.boolean(slotOf(2)),
  };
  return new Rename(caller, request.call, options, sinkOf(incoming));
}

function remove(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = {
    path: bytesOf(request, PATH),
    recursive: request.boolean(slotOf(1)),
    skipTrash: request.boolean(slotOf(2)),
    deleteMountPoints: request.boolean(slotOf(3)),
    alluxioOnly: request.boolean(slotOf(4)),
  };
  return new Delete(caller, request.call, options, sinkOf(incoming));
}

function undelete(incoming: Incoming): Call {
  const { request, caller } = incoming;
  const options = { path: bytesOf(request, PATH) };
  return new Undelete(caller, request.call, options, sinkOf(incoming));
}

function setAttribute(incoming: Incoming): Call | undefined {
  const { request, caller } = incoming;
  const body = new wire.SetAttribute().__init(request.body, request.buffer);
  const path = bytesOf(request, PATH);
  const change = changeOf(body);
  if (body.recursive()) {
    changeSubtree(incoming, { path: pathText(path), change }, body.progress());
    return undefined;
  }
  return new SetAttribute(caller, request.call, { path, change }, sinkOf(incoming));
}

function changeOf(body: wire.SetAttribute): AttributeChange {
  const ttlAction = body.ttlAction();
  const given = {
    mode: body.mode(),
    modeChange: body.modeChange(),
    owner: body.owner(),
    group: body.group(),
    ttlMs: body.ttlMs(),
    ttlFlags: ttlAction === null ? null : ttlFlagsOf(ttlAction),
    pinned: body.pinned(),
    replicationMin: body.replicationMin(),
    replicationMax: body.replicationMax(),
    mtimeMs: body.mtimeMs(),
  };
  const present = Object.entries(given).filter(([, value]) => value !== null);
  return { ...(Object.fromEntries(present) as AttributeChange), ...xattrChange(body) };
}

/** xattrs count only with an update; TRUNCATE without xattrs removes all of them. */
function xattrChange(body: wire.SetAttribute): AttributeChange {
  const update = body.xattrUpdate();
  if (update === null) return {};
  const known = Object.values(XAttrUpdate).find((value) => value === update);
  if (known === undefined) throw unknownNumber('xattr update', update);
  const xattrs = xattrsFrom(body.xattrsLength(), (i) => body.xattrs(i)) ?? new Map();
  return { xattrs, xattrUpdate: known };
}
