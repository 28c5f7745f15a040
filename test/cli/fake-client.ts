/**
 * A client over a small tree in memory, for the command line's own tests: enough of a namespace
 * that the verbs can be told apart, and a record of what was asked.
 */

import type { Client } from '../../src/cli/io.js';
import {
  type FileStatus,
  type Job,
  type ListedPage,
  type ListOptions,
  type MountPoint,
  type MovedReport,
  OrchardError,
  type OrphanPage,
  type TrashListing,
  type TrashOptions,
  type TreeSummary,
} from '../../src/client/index.js';

export type Asked = readonly [method: string, ...args: unknown[]];

const BASE_MS = Date.UTC(2026, 0, 31, 9, 5, 7);

type Item = { status: FileStatus; data: Uint8Array };

/** Options as they are recorded, without those that no test is about. */
const plain = (options: object): object =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => name !== 'signal' && name !== 'onProgress'),
  );

export class FakeClient {
  readonly asked: Asked[] = [];
  readonly items = new Map<string, Item>();
  mountPoints: MountPoint[] = [];
  reports: Record<string, unknown> = {};
  isClosed = false;
  #nextId = 1024;

  constructor() {
    this.directory('/');
  }

  directory(path: string, fields: Partial<FileStatus> = {}): this {
    this.items.set(path, {
      status: this.#status(path, 'directory', fields),
      data: new Uint8Array(),
    });
    return this;
  }

  file(path: string, text: string | Uint8Array, fields: Partial<FileStatus> = {}): this {
    const data = typeof text === 'string' ? Buffer.from(text) : text;
    const status = this.#status(path, 'file', { length: data.length, ...fields });
    this.items.set(path, { status, data });
    return this;
  }

  /** For the parts of the program that want a client. */
  asClient(): Client {
    return this as unknown as Client;
  }

  async getStatus(path: string): Promise<FileStatus> {
    return this.#item(path).status;
  }

  async exists(path: string): Promise<boolean> {
    return this.items.has(path);
  }

  async *list(path: string, options: ListOptions = {}): AsyncGenerator<FileStatus> {
    for await (const page of this.listPages(path, options)) yield* page.entries;
  }

  async *listPages(path: string, options: ListOptions = {}): AsyncGenerator<ListedPage> {
    const { status } = this.#item(path);
    const base = path === '/' ? '/' : `${path}/`;
    const below = [...this.items.keys()].filter((key) => key !== path && key.startsWith(base));
    const wanted = below
      .filter((key) => options.recursive === true || !key.slice(base.length).includes('/'))
      .filter((key) => key.slice(base.length).startsWith(options.prefix ?? ''))
      .sort();
    const entries = status.type === 'file' ? [status] : wanted.map((key) => this.#item(key).status);
    // Two entries a page, so that more than one page is common.
    for (let at = 0; at < Math.max(1, entries.length); at += 2) {
      const page = entries.slice(at, at + 2);
      const truncated = at + 2 < entries.length;
      yield { entries: page, cursor: undefined, truncated, fileCount: entries.length };
    }
  }

  async contentSummary(path: string): Promise<TreeSummary> {
    const inside = [...this.items.values()].filter(
      ({ status }) => status.path === path || status.path.startsWith(`${path}/`) || path === '/',
    );
    const files = inside.filter(({ status }) => status.type === 'file');
    const bytes = files.reduce((sum, { status }) => sum + status.length, 0);
    const counts = { files: files.length, directories: inside.length - files.length, bytes };
    return { ...counts, leftOut: 0, failures: [] };
  }

  async createFile(path: string, options: object): Promise<FileStatus> {
    this.#record('createFile', path, options);
    if (this.items.has(path)) throw new OrchardError('ALREADY_EXISTS', 'exists', { path });
    return this.file(path, '', { completed: false }).#item(path).status;
  }

  async completeFile(path: string, options: object): Promise<FileStatus> {
    this.#record('completeFile', path, options);
    return this.file(path, '').#item(path).status;
  }

  async createDirectory(path: string, options: { allowExists?: boolean }): Promise<FileStatus> {
    this.#record('createDirectory', path, options);
    if (!this.items.has(path)) this.directory(path);
    else if (options.allowExists !== true) {
      throw new OrchardError('ALREADY_EXISTS', `Path "${path}" already exists.`, { path });
    }
    return this.#item(path).status;
  }

  async rename(source: string, target: string, options: object): Promise<void> {
    this.#item(source);
    this.#record('rename', source, target, options);
  }

  async delete(path: string, options: object): Promise<void> {
    this.#item(path);
    this.#record('delete', path, options);
    this.items.delete(path);
  }

  async listTrash(path: string, { limit = 1000 }: TrashOptions): Promise<TrashListing> {
    this.#record('listTrash', path, { limit });
    const [size, expiresMs] = [{ files: 2, directories: 1, bytes: 4096 }, 1_700_000_000_000];
    const entry = { path: '/data/old', type: 'directory', id: 7, ...size, expiresMs } as const;
    const list = limit === 0 ? [] : [entry];
    return { list, entries: 3, files: 4, directories: 1, bytes: 5000, isComplete: true };
  }

  async expunge(path: string): Promise<number> {
    this.#record('expunge', path);
    return 3;
  }

  async undelete(path: string): Promise<void> {
    this.#record('undelete', path);
  }

  async setAttribute(path: string, options: object): Promise<void> {
    this.#item(path);
    this.#record('setAttribute', path, options);
  }

  async getXattrs(path: string) {
    return this.#item(path).status.xattrs ?? {};
  }

  async checkAccess(path: string, bits: number): Promise<void> {
    if ((this.#item(path).status.mode & bits) === bits) return;
    throw new OrchardError('PERMISSION_DENIED', 'no', { path });
  }

  /** What else a load answers. */
  loaded: Partial<Job> = {};

  async load(path: string, options: object) {
    this.#record('load', path, options);
    const progress = { job: 7, done: 12, total: 12, failed: 0, bytes: 0, path };
    const times = { startedMs: 1000, endedMs: 3500 };
    return { ...progress, kind: 'load', state: 'done', failures: [], ...times, ...this.loaded };
  }

  async mount(path: string, uri: string, options: object): Promise<void> {
    this.#record('mount', path, uri, options);
  }

  async updateMount(path: string, options: object): Promise<void> {
    this.#record('updateMount', path, options);
  }

  async unmount(path: string): Promise<void> {
    this.#record('unmount', path);
  }

  async orphans(): Promise<OrphanPage> {
    return { uri: 's3://b', orphans: [] };
  }

  async moved(): Promise<MovedReport> {
    return { count: 0, isMore: false, first: [] };
  }

  async getMountTable(): Promise<MountPoint[]> {
    return this.mountPoints;
  }

  async report(): Promise<unknown> {
    return this.reports['report'];
  }

  async locks(): Promise<unknown> {
    return this.reports['locks'];
  }

  async config(): Promise<unknown> {
    return this.reports['config'];
  }

  async *open(path: string, { offset = 0, length = Number.POSITIVE_INFINITY } = {}) {
    const { data } = this.#item(path);
    const wanted = data.subarray(offset, offset + Math.min(length, data.length));
    // In small pieces, so that what looks for line ends meets borders.
    for (let at = 0; at < wanted.length; at += 7) yield wanted.subarray(at, at + 7);
  }

  async put(path: string, source: AsyncIterable<Uint8Array>, options: object): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(Buffer.from(chunk));
    this.#record('put', path, options);
    const isThere = this.items.has(path);
    if (isThere && (options as { overwrite?: boolean }).overwrite !== true) {
      throw new OrchardError('ALREADY_EXISTS', 'exists', { path, hint: 'replace it with -f' });
    }
    this.file(path, Buffer.concat(chunks));
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #record(method: string, ...args: unknown[]): void {
    const last = args.at(-1);
    const shown = typeof last === 'object' && last !== null ? plain(last) : last;
    this.asked.push([method, ...args.slice(0, -1), shown]);
  }

  #item(path: string): Item {
    const item = this.items.get(path);
    if (item !== undefined) return item;
    throw new OrchardError('NOT_FOUND', `Path "${path}" does not exist.`, { path });
  }

  #status(path: string, type: FileStatus['type'], fields: Partial<FileStatus>): FileStatus {
    const isFile = type === 'file';
    return {
      path,
      name: path.slice(path.lastIndexOf('/') + 1),
      id: this.#nextId++,
      parentId: 1,
      type,
      length: 0,
      mode: isFile ? 0o644 : 0o755,
      owner: 'alice',
      group: 'staff',
      mtimeMs: BASE_MS,
      ctimeMs: BASE_MS - 86_400_000,
      ttlMs: -1,
      ttlAction: 'delete',
      blockSize: isFile ? 67_108_864 : 0,
      pinned: false,
      completed: true,
      persisted: true,
      mountPoint: false,
      childrenLoaded: true,
      replicationMin: 0,
      replicationMax: -1,
      mountId: 1,
      fingerprint: 0,
      seq: 5,
      ...fields,
    };
  }
}
