/**
 * The client of a master: typed calls over one connection that is opened again when it is lost.
 * Every call can be aborted, has a deadline, and is sent again where that is safe: the master knows
 * calls by client id and call id and answers a repeated one with its first outcome.
 *
 *   const client = await OrchardClient.connect({ host: '10.0.0.7' });
 *   for await (const entry of client.list('/data')) console.log(entry.path, entry.length);
 *   await client.close();
 */
import * as admin from './admin-calls.js';
import type { CallSpec } from './call-spec.js';
import { Channel } from './channel.js';
import {
  type ConnectOptions,
  type ResolvedOptions,
  randomClientId,
  resolveOptions,
  type SessionOptions,
} from './connect-options.js';
import { DataChannel, type DataSource } from './data-channel.js';
import type { WelcomeInfo } from './link.js';
import { entriesOf, pagesOf } from './listing.js';
import * as namespace from './namespace-calls.js';
import type {
  BackupOptions,
  BackupReport,
  BatchResult,
  CallOptions,
  CheckpointReport,
  CompleteFileOptions,
  CreateDirectoryOptions,
  CreateFileOptions,
  DeleteOptions,
  DigestReport,
  FileStatus,
  FileToCreate,
  GetStatusOptions,
  InspectOptions,
  Job,
  ListedPage,
  ListOptions,
  ListPageOptions,
  LoadOptions,
  MountOptions,
  MountPoint,
  MovedReport,
  OrphanOptions,
  OrphanPage,
  ReadOptions,
  SetAttributeOptions,
  SummaryOptions,
  TrashListing,
  TrashOptions,
  TreeSummary,
  VerifyReport,
  WriteOptions,
  WrittenFile,
  Xattrs,
} from './types.js';
import * as work from './work-calls.js';

const CLOSE_MS_DEFAULT = 5_000;

export class OrchardClient {
  readonly clientId: number;
  readonly user: string;
  /** Where the calls go. */
  readonly url: string;
  readonly #channel: Channel;
  readonly #data: DataChannel;
  /** 0 = the connection belongs to this client; otherwise the number of its session. */
  readonly #session: number;

  private constructor(
    from: Pick<OrchardClient, 'clientId' | 'user' | 'url'>,
    channel: Channel,
    data: DataChannel,
    session = 0,
  ) {
    this.clientId = from.clientId;
    this.user = from.user;
    this.url = from.url;
    this.#channel = channel;
    this.#data = data;
    this.#session = session;
  }

  static #over(options: ResolvedOptions): OrchardClient {
    const { clientId, user, groups, clientName, rpcUrl } = options;
    const channel = new Channel({
      url: rpcUrl,
      transport: options.transport,
      greeting: { clientId, user, groups, clientName },
      openTimeoutMs: options.openMs,
      silenceMs: options.silenceMs,
      deadlineMs: options.deadlineMs,
      longDeadlineMs: options.longDeadlineMs,
      inFlightMax: options.inFlightMax,
      queueMax: options.queueMax,
      reconnectMs: options.reconnectMs,
    });
    const data = new DataChannel({ origin: options.httpOrigin, user, groups });
    return new OrchardClient({ clientId, user, url: rpcUrl }, channel, data);
  }

  static async connect(options: ConnectOptions = {}): Promise<OrchardClient> {
    const resolved = resolveOptions(options);
    const client = OrchardClient.#over(resolved);
    try {
      await client.#channel.connect(resolved.connectMs);
    } catch (error) {
      await client.close({ withinMs: 0 });
      throw error;
    }
    return client;
  }

  /**
   * Another client on this connection, with a user, groups and a client id of its own: how the
   * agent of a host speaks for many. It survives lost connections as this one does, and ends with
   * it. The master says in `master.sessionsMax` how many it takes.
   */
  async session(options: SessionOptions): Promise<OrchardClient> {
    const { user, groups = [], clientName = 'orchard-session' } = options;
    const clientId = options.clientId ?? randomClientId();
    const session = await this.#channel.openSession({ clientId, user, groups, clientName });
    const from = { clientId, user, url: this.url };
    return new OrchardClient(from, this.#channel, this.#data.as(user, groups), session);
  }

  /** The limits of the master; undefined while there is no connection. */
  get master(): WelcomeInfo | undefined {
    return this.#channel.welcome;
  }

  /** Calls that have no answer yet. */
  get pending(): number {
    return this.#channel.pending;
  }

  /** Resolves when there is room for another call. Awaited in a loop, it bounds the loop. */
  room(): Promise<void> {
    return this.#channel.room();
  }

  /**
   * Waits for the calls that are on their way, then closes. A session only ends itself, and what
   * it still has in flight is cancelled.
   */
  async close({ withinMs = CLOSE_MS_DEFAULT }: { withinMs?: number } = {}): Promise<void> {
    if (this.#session !== 0) {
      this.#channel.closeSession(this.#session);
      return;
    }
    await this.#channel.close(withinMs);
    await this.#data.close();
  }

  ping(options?: CallOptions): Promise<void> {
    return this.#call(admin.pingCall(), options);
  }

  getStatus(path: string, options: GetStatusOptions = {}): Promise<FileStatus> {
    return this.#call(namespace.getStatusCall(path, options), options);
  }

  getStatusById(id: number, options: GetStatusOptions = {}): Promise<FileStatus> {
    return this.#call(namespace.getStatusByIdCall(id, options), options);
  }

  exists(path: string, options: GetStatusOptions = {}): Promise<boolean> {
    return this.#call(namespace.existsCall(path, options), options);
  }

  /** Children sorted by name (recursive: the whole tree below), requested as they are consumed. */
  list(path: string, options: ListOptions = {}): AsyncGenerator<FileStatus, void, undefined> {
    return entriesOf((page) => this.listPage(path, page), options);
  }

  /** The same, page by page. */
  listPages(path: string, options: ListOptions = {}): AsyncGenerator<ListedPage, void, undefined> {
    return pagesOf((page) => this.listPage(path, page), options);
  }

  listPage(path: string, options: ListPageOptions = {}): Promise<ListedPage> {
    return this.#call(namespace.listPageCall(path, options), options);
  }

  /** In the order of the paths. */
  batchGetStatus(paths: readonly string[], options: GetStatusOptions = {}): Promise<BatchResult[]> {
    return this.#call(namespace.batchGetStatusCall(paths, options), options);
  }

  getFilePath(id: number, options?: CallOptions): Promise<string> {
    return this.#call(namespace.getFilePathCall(id), options);
  }

  /** Throws PERMISSION_DENIED when the user has not all of these bits of Access. */
  checkAccess(path: string, bits: number, options?: CallOptions): Promise<void> {
    return this.#call(namespace.checkAccessCall(path, bits), options);
  }

  contentSummary(path: string, options: SummaryOptions = {}): Promise<TreeSummary> {
    return this.#call(work.contentSummaryCall(path, options), options);
  }

  getXattrs(path: string, options?: CallOptions): Promise<Xattrs> {
    return this.#call(namespace.getXattrsCall(path), options);
  }

  createFile(path: string, options: CreateFileOptions = {}): Promise<FileStatus> {
    return this.#call(namespace.createFileCall({ ...options, path }), options);
  }

  completeFile(path: string, options: CompleteFileOptions): Promise<FileStatus> {
    return this.#call(namespace.completeFileCall(path, options), options);
  }

  createDirectory(path: string, options: CreateDirectoryOptions = {}): Promise<FileStatus> {
    return this.#call(namespace.createDirectoryCall(path, options), options);
  }

  /** In the order of the files; one that fails does not stop the others. */
  batchCreate(files: readonly FileToCreate[], options?: CallOptions): Promise<BatchResult[]> {
    return this.#call(namespace.batchCreateCall(files), options);
  }

  rename(
    source: string,
    target: string,
    options: CallOptions & { overwrite?: boolean } = {},
  ): Promise<void> {
    const { overwrite = false } = options;
    return this.#call(namespace.renameCall(source, target, { overwrite }), options);
  }

  delete(path: string, options: DeleteOptions = {}): Promise<void> {
    return this.#call(namespace.deleteCall(path, options), options);
  }

  undelete(path: string, options?: CallOptions): Promise<void> {
    return this.#call(namespace.undeleteCall(path), options);
  }

  /** What was deleted at or below the path: of the caller's own; a superuser sees all. */
  listTrash(path = '/', options: TrashOptions = {}): Promise<TrashListing> {
    return this.#call(work.listTrashCall(path, options), options);
  }

  /** What listTrash() tells of is gone for good; resolves to the number of entries. */
  async expunge(path = '/', options: InspectOptions = {}): Promise<number> {
    return (await this.#call(work.expungeCall(path, options), options)).expunged;
  }

  /**
   * Recursive: an entry that cannot be changed does not stop the others; the call then fails with
   * the code of the first, and the error's `outcome` says how many and which first.
   */
  setAttribute(path: string, options: SetAttributeOptions): Promise<void> {
    return this.#call(work.setAttributeCall(path, options), options);
  }

  /** Loads metadata from the under store; resolves when the job is done (detach: has begun). */
  load(path: string, options: LoadOptions = {}): Promise<Job> {
    return this.#call(work.loadCall(path, options), options);
  }

  getJob(job: number, options?: CallOptions): Promise<Job> {
    return this.#call(work.getJobCall(job), options);
  }

  cancelJob(job: number, options?: CallOptions): Promise<Job> {
    return this.#call(work.cancelJobCall(job), options);
  }

  listJobs(options?: CallOptions): Promise<Job[]> {
    return this.#call(work.listJobsCall(), options);
  }

  mount(path: string, uri: string, options: MountOptions = {}): Promise<void> {
    return this.#call(admin.mountCall(path, uri, options), options);
  }

  unmount(path: string, options?: CallOptions): Promise<void> {
    return this.#call(admin.unmountCall(path), options);
  }

  updateMount(path: string, options: MountOptions): Promise<void> {
    return this.#call(admin.updateMountCall(path, options), options);
  }

  getMountTable(options?: CallOptions): Promise<MountPoint[]> {
    return this.#call(admin.getMountTableCall(), options);
  }

  /** The path of the namespace at which an object of a store is seen. */
  reverseResolve(uri: string, options?: CallOptions): Promise<string> {
    return this.#call(admin.reverseResolveCall(uri), options);
  }

  /** Reports are JSON; later versions may add fields. */
  report(options?: CallOptions): Promise<unknown> {
    return this.#call(admin.reportCall(), options);
  }

  locks(options?: CallOptions): Promise<unknown> {
    return this.#call(admin.locksCall(), options);
  }

  journalInfo(options?: CallOptions): Promise<unknown> {
    return this.#call(admin.journalInfoCall(), options);
  }

  config(options?: CallOptions): Promise<unknown> {
    return this.#call(admin.configCall(), options);
  }

  /** The master's metrics, as text for Prometheus. */
  metrics(options: Pick<CallOptions, 'signal'> = {}): Promise<string> {
    return this.#data.metrics(options.signal);
  }

  /** A page of what the store of a mount keeps and the namespace does not show. */
  orphans(mount: string, options: OrphanOptions = {}): Promise<OrphanPage> {
    return this.#call(work.orphansCall(mount, options), options);
  }

  /** What an unmount would forget: names that the store does not have, and the trash. */
  moved(mount: string, options?: CallOptions): Promise<MovedReport> {
    return this.#call(work.movedCall(mount), options);
  }

  /** Writes what is in memory to the metadata on disk now, and trims the journal. */
  checkpoint(options?: CallOptions): Promise<CheckpointReport> {
    return this.#call(work.checkpointCall(), options);
  }

  /** Checks the whole namespace after one entry of the journal, while the master serves. */
  verify(options: InspectOptions = {}): Promise<VerifyReport> {
    return this.#call(work.verifyCall(options), options);
  }

  /** The digest of the namespace after one entry of the journal. */
  digest(options: InspectOptions = {}): Promise<DigestReport> {
    return this.#call(work.digestCall(options), options);
  }

  /**
   * Writes a backup of the namespace to an absolute path of the master's machine, while it is
   * served.
   */
  backup(file: string, options: BackupOptions = {}): Promise<BackupReport> {
    return this.#call(work.backupCall(file, options), options);
  }

  /** The file's bytes, or a range of them: `for await (const chunk of client.open(path))`. */
  open(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#data.read(path, options);
  }

  /** Creates a file from bytes, text or a stream, and completes it. */
  put(path: string, source: DataSource, options: WriteOptions = {}): Promise<WrittenFile> {
    return this.#data.write(path, source, options);
  }

  #call<T>(spec: CallSpec<T>, options: CallOptions = {}): Promise<T> {
    return this.#channel.call(spec, options, this.#session);
  }
}
