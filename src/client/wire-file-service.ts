/**
 * FileService over the wire, for a surface in a process of its own. Metadata goes over one
 * connection, with a session for each caller; file data goes over the data port. The other
 * implementation is master/service/file-service.ts.
 *
 * Invariant: at most SESSIONS_MAX callers have a session. The idle session that was used longest
 * ago gives way.
 */
import type {
  AttributeOptions,
  BlockLocation,
  ByteRange,
  CallContext,
  CompleteOptions,
  CreateOptions,
  FilePage,
  FileService,
  ListOptions,
  OpenFile,
  RemoveOptions,
  RewriteOptions,
  StatOptions,
  TreeSummary,
} from '../api/file-service.js';
import type { FileStatus } from '../api/file-status.js';
import { Code, type PathFailure, StatusError } from '../base/status.js';
import { asOrchardError, type PathFailure as WirePathFailure } from './errors.js';
import type { OrchardClient } from './orchard-client.js';
import type { CallOptions } from './types.js';

const SESSIONS_MAX = 256;

type Row = { readonly opened: Promise<OrchardClient>; busy: number };

/** Options of the client's calls besides their own. */
type How = Pick<CallOptions, 'signal' | 'deadlineMs' | 'callId'>;

export class WireFileService implements FileService {
  readonly #client: OrchardClient;
  /** By caller, in the order of their last use. */
  readonly #sessions = new Map<string, Row>();

  /** The client belongs to its owner, who closes it. */
  constructor(client: OrchardClient) {
    this.#client = client;
  }

  stat(call: CallContext, path: string, options: StatOptions = {}): Promise<FileStatus> {
    return this.#ask(call, (client, how) =>
      client.getStatus(path, { ...reading(how), ...given(options) }),
    );
  }

  list(call: CallContext, path: string, options: ListOptions = {}): Promise<FilePage> {
    const { limit: pageSize, ...rest } = options;
    return this.#ask(call, async (client, how) => {
      const wanted = { ...reading(how), ...given({ ...rest, pageSize }) };
      const { entries, truncated } = await client.listPage(path, wanted);
      return { entries, next: truncated ? entries.at(-1)?.name : undefined };
    });
  }

  summary(call: CallContext, path: string): Promise<TreeSummary> {
    return this.#ask(call, async (client, how) => {
      const { failures, ...counts } = await client.contentSummary(path, reading(how));
      return { ...counts, failures: failures.map(plainFailure) };
    });
  }

  checkAccess(call: CallContext, path: string, bits: number): Promise<void> {
    return this.#ask(call, (client, how) => client.checkAccess(path, bits, reading(how)));
  }

  async open(call: CallContext, path: string): Promise<OpenFile> {
    const status = await this.stat(call, path);
    refuseUnreadable(status);
    return { status, read: async (range, signal) => this.#read(call, status, range, signal) };
  }

  put(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: CreateOptions = {},
  ): Promise<FileStatus> {
    const { clientId } = call.caller;
    return this.#ask(call, async (client, how) => {
      const { callId, deadlineMs, signal } = how;
      const ids = clientId !== 0 && callId !== undefined ? { clientId, callId } : {};
      const end = endOf(signal, deadlineMs);
      const { allowExists: _directories, ...file } = options;
      const wanted = given({ ...file, signal: end });
      const { id, path: at } = await client.put(path, source, { ...wanted, ...ids });
      const name = at.slice(at.lastIndexOf('/') + 1);
      return { ...(await client.getStatusById(id)), path: at, name };
    });
  }

  rewrite(
    call: CallContext,
    path: string,
    source: AsyncIterable<Uint8Array>,
    { fingerprint: over }: RewriteOptions,
  ): Promise<FileStatus> {
    return this.#ask(call, async (client, { signal, deadlineMs }) => {
      const end = endOf(signal, deadlineMs);
      const { id } = await client.put(path, source, given({ over, signal: end }));
      return client.getStatusById(id);
    });
  }

  async locate(
    call: CallContext,
    path: string,
    range?: ByteRange,
  ): Promise<readonly BlockLocation[]> {
    const { length, ufsPath } = await this.stat(call, path, { withAttributes: true });
    const offset = Math.min(range?.offset ?? 0, length);
    const bytes = Math.min(range?.length ?? length, length - offset);
    return bytes === 0 ? [] : [{ offset, length: bytes, workers: [], ufsPath }];
  }

  create(call: CallContext, path: string, options: CreateOptions = {}): Promise<FileStatus> {
    const { allowExists: _directories, ...file } = options;
    const wanted = given(file);
    return this.#ask(call, (client, how) => client.createFile(path, { ...how, ...wanted }));
  }

  complete(call: CallContext, path: string, options: CompleteOptions): Promise<FileStatus> {
    const { id, length, ...rest } = options;
    return this.#ask(call, async (client, how) => {
      await refuseOther(client, path, id);
      return client.completeFile(path, { ...how, length, ...given(rest) });
    });
  }

  /** Another caller may have made a file of that name between the look and the delete. */
  abort(call: CallContext, path: string, id: number): Promise<void> {
    return this.#ask(call, async (client, how) => {
      const found = await client.getStatus(path, { load: 'never' }).catch(absentIsNothing);
      if (found?.id !== id || found.completed) return;
      await client.delete(path, { ...how, skipTrash: true }).catch(absentIsNothing);
    });
  }

  createDirectory(
    call: CallContext,
    path: string,
    options: CreateOptions = {},
  ): Promise<FileStatus> {
    const { recursive, allowExists, mode } = options;
    const wanted = given({ recursive, allowExists, mode });
    return this.#ask(call, (client, how) => client.createDirectory(path, { ...how, ...wanted }));
  }

  rename(
    call: CallContext,
    source: string,
    target: string,
    options: { readonly overwrite?: boolean } = {},
  ): Promise<void> {
    return this.#ask(call, (client, how) => client.rename(source, target, { ...how, ...options }));
  }

  remove(call: CallContext, path: string, options: RemoveOptions = {}): Promise<void> {
    return this.#ask(call, (client, how) => client.delete(path, { ...how, ...given(options) }));
  }

  setAttributes(call: CallContext, path: string, options: AttributeOptions): Promise<void> {
    const { xattrs, xattrUpdate = 'unionReplace', ...rest } = options;
    const extended = xattrs === undefined ? {} : { xattrs, xattrUpdate };
    return this.#ask(call, (client, how) =>
      client.setAttribute(path, { ...how, ...given(rest), ...extended }),
    );
  }

  async *#read(
    call: CallContext,
    { path, fingerprint }: FileStatus,
    { offset, length }: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (length === 0) return;
    const row = this.#row(call);
    row.busy++;
    let left = length;
    try {
      const client = await row.opened;
      for await (const chunk of client.open(path, { offset, length, fingerprint, signal })) {
        left -= chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw asStatus(error);
    } finally {
      row.busy--;
    }
    if (left !== 0) throw hasChanged(path);
  }

  async #ask<T>(
    call: CallContext,
    work: (client: OrchardClient, how: How) => Promise<T>,
  ): Promise<T> {
    const { signal, deadlineMs, callId, caller } = call;
    const named = caller.clientId !== 0 && callId !== 0 ? callId : undefined;
    const row = this.#row(call);
    row.busy++;
    try {
      return await work(await row.opened, given({ signal, deadlineMs, callId: named }));
    } catch (error) {
      throw asStatus(error);
    } finally {
      row.busy--;
    }
  }

  #row({ caller }: CallContext): Row {
    const { user, groups, clientId } = caller;
    const key = JSON.stringify([user, groups, clientId]);
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      return known;
    }
    this.#giveWay();
    const own = clientId === 0 ? {} : { clientId };
    const row = { opened: this.#client.session({ user, groups, ...own }), busy: 0 };
    this.#sessions.set(key, row);
    // The caller gets the failure; the next call tries again.
    row.opened.catch(() => this.#sessions.delete(key));
    return row;
  }

  #giveWay(): void {
    if (this.#sessions.size < SESSIONS_MAX) return;
    const oldest = [...this.#sessions].find(([, { busy }]) => busy === 0);
    if (oldest === undefined) throw tooManyCallers();
    const [key, { opened }] = oldest;
    this.#sessions.delete(key);
    opened.then((client) => client.close()).catch(() => undefined);
  }
}

/** Leaves out undefined fields: options of the client are absent, never undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** Reads are not repeated by their id. */
const reading = ({ callId: _callId, ...rest }: How): How => rest;

function endOf(signal: AbortSignal | undefined, deadlineMs: number | undefined) {
  if (deadlineMs === undefined) return signal;
  const late = AbortSignal.timeout(deadlineMs);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}

async function refuseOther(client: OrchardClient, path: string, id: number): Promise<void> {
  const found = await client.getStatus(path, { load: 'never' });
  if (found.id === id) return;
  throw new StatusError(Code.NOT_FOUND, `"${path}" is another file by now.`, {
    path,
    hint: 'Create it anew.',
  });
}

function refuseUnreadable({ path, type, completed, persisted, length }: FileStatus): void {
  if (type === 'directory') {
    const detail = { path, hint: 'Name a file in it.' };
    throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" is a directory.`, detail);
  }
  if (completed && (persisted || length === 0)) return;
  const [what, hint] = completed
    ? ['has no data in a store', 'Write it anew with put.']
    : ['is still being written', 'Try again when it is complete.'];
  throw new StatusError(Code.FAILED_PRECONDITION, `"${path}" ${what}.`, { path, hint });
}

const plainFailure = ({ path, code, reason }: WirePathFailure): PathFailure => ({
  path,
  code: Code[code],
  reason,
});

function absentIsNothing(error: unknown): undefined {
  if (asOrchardError(error).code === 'NOT_FOUND') return undefined;
  throw error;
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const { code, message, path, hint, retryAfterMs } = asOrchardError(error);
  return new StatusError(Code[code], message, given({ path, hint, retryAfterMs }));
}

const hasChanged = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `"${path}" has changed while it was read.`, {
    path,
    hint: 'Open it again.',
  });

const tooManyCallers = (): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, `${SESSIONS_MAX} callers have calls under way.`, {
    hint: 'Try again in a moment.',
    retryAfterMs: 100,
  });
