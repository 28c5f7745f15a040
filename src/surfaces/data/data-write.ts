/**
 * PUT /v1/data/<path>: creates the file, streams the body to its store, completes it. Until then
 * the file is incomplete, and nobody can read it; a failure takes it away again.
 *
 *   create ─▶ where may the data go? ─▶ store.write(body) ─▶ completeFile, persisted
 *     └────────────── any failure from here on: delete that inode ──────────────┘
 *
 * Query: overwrite, recursive (true or false), mode (octal).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Code, StatusError } from '../../base/status.js';
import type { Caller } from '../../master/executor/caller.js';
import { CONTROL } from '../../master/memory/layout.js';
import { FLAG_COMPLETED } from '../../master/memory/record.js';
import type { Mount } from '../../master/mount/mount-table.js';
import type { Origin } from '../../master/mount/store-path.js';
import { notFound } from '../../master/ops/mechanism/failures.js';
import { writableKey } from '../../master/ops/mechanism/key-owner.js';
import { reading, submitted } from '../../master/ops/mechanism/promise-calls.js';
import { CompleteFile } from '../../master/ops/verbs/complete-file.js';
import { Create } from '../../master/ops/verbs/create.js';
import { DeleteInode } from '../../master/ops/verbs/delete-inode.js';
import { fingerprint, type UfsStatus } from '../../stores/ufs.js';
import { type DataContext, encoder } from './data-context.js';
import { flagOf, modeOf, type RequestUrl } from './data-request.js';

type Target = {
  readonly path: string;
  readonly inodeId: number;
  readonly mount: Mount;
  readonly origin: Origin;
  /** The store path is not the one that the file's path says. */
  readonly isElsewhere: boolean;
};

export async function answerWrite(
  context: DataContext,
  request: IncomingMessage,
  response: ServerResponse,
  who: { readonly caller: Caller; readonly path: string; readonly url: RequestUrl },
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const { caller, path } = who;
  const inodeId = await create(context, who);
  try {
    const target = await findTarget(context, caller, path, inodeId);
    const store = await context.stores.open(target.mount);
    const written = await store.write(target.origin.path, request, { signal: gone.signal });
    await complete(context, caller, target, written);
    const body = `${JSON.stringify({ path: target.path, id: inodeId, length: written.length })}\n`;
    response.writeHead(201, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  } catch (error) {
    await takeAway(context, path, inodeId);
    throw error;
  }
}

async function create(
  context: DataContext,
  who: { readonly caller: Caller; readonly path: string; readonly url: RequestUrl },
): Promise<number> {
  const { scheduler } = context;
  if (scheduler.executor.shared.load(CONTROL.READ_ONLY) !== 0) throw readOnly(who.path);
  const options = {
    type: 'file',
    path: encoder.encode(who.path),
    recursive: flagOf(who.url, 'recursive'),
    overwrite: flagOf(who.url, 'overwrite'),
    allowExists: false,
    mode: modeOf(who.url),
    blockSize: undefined,
    ttlMs: -1,
    ttlFlags: 0,
    replicationMin: -1,
    replicationMax: -1,
    xattrs: undefined,
    xattrsOnNewPaths: false,
  } as const;
  const made = await submitted(scheduler, (sink) => new Create(who.caller, 0, options, sink));
  return made.inode!.id;
}

/** Where the data of the new inode may go: not where the store keeps that of another inode. */
function findTarget(
  context: DataContext,
  caller: Caller,
  path: string,
  inodeId: number,
): Promise<Target> {
  return reading(context.scheduler, 'write', caller, (executor) => {
    const walk = executor.walkA;
    executor.resolve(walk, encoder.encode(path));
    if (!walk.found || walk.id(walk.depth) !== inodeId) throw notFound(walk);
    const mount = executor.mounts.byId(walk.mountId(walk.depth));
    if (mount === undefined) throw noStore(walk.text());
    const { origin, isElsewhere } = writableKey(executor, walk);
    return { path: walk.text(), inodeId, mount, origin, isElsewhere };
  });
}

async function complete(
  context: DataContext,
  caller: Caller,
  target: Target,
  written: UfsStatus,
): Promise<void> {
  const options = {
    path: encoder.encode(target.path),
    length: written.length,
    mtimeMs: written.mtimeMs ?? -1,
    fingerprint: fingerprint(written),
    persisted: true,
    inodeId: target.inodeId,
    ...(target.isElsewhere && { origin: target.origin }),
  };
  await submitted(context.scheduler, (sink) => new CompleteFile(caller, 0, options, sink));
}

/** The new inode goes, unless somebody completed or replaced it meanwhile. */
async function takeAway(context: DataContext, path: string, inodeId: number): Promise<void> {
  const { superuser } = context.scheduler.executor.options;
  const options = {
    path: encoder.encode(path),
    recursive: false,
    skipTrash: true,
    deleteMountPoints: false,
    inodeId,
    applies: ({ flags }: { readonly flags: number }) => (flags & FLAG_COMPLETED) === 0,
  };
  const caller: Caller = { user: superuser, groups: [], clientId: 0 };
  try {
    await submitted(context.scheduler, (sink) => new DeleteInode(caller, options, sink));
  } catch (error) {
    // It was moved or deleted by somebody else; what the client is told is why the write failed.
    if (!(error instanceof StatusError)) throw error;
  }
}

const readOnly = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, 'The disk of the master is full: it is read-only.', {
    path,
    hint: 'Free space below the data directory.',
  });

const noStore = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `"${path}" is below no mount.`, {
    path,
    hint: 'Write to a path below a mount point: see `orchard mounts`.',
  });
