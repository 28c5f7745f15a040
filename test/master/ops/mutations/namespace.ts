/**
 * The mutations as short calls over a fixture, and the tree as plain values: what tests of
 * operations are written in.
 *
 *   await names.mkdir('/d');
 *   await expect(names.createFile('/d/f', { as: names.alice })).rejects.toMatchObject(…);
 *   const outcomes = await names.together([names.calls.delete('/d/f'), …]);
 */
import { expect } from 'vitest';
import type { Code, StatusError } from '../../../../src/base/status.js';
import type { Call, Sink } from '../../../../src/master/executor/call.js';
import type { Caller } from '../../../../src/master/executor/caller.js';
import type { Origin } from '../../../../src/master/mount/store-path.js';
import type { AttributeChange } from '../../../../src/master/ops/mechanism/attribute-change.js';
import { CompleteFile } from '../../../../src/master/ops/verbs/complete-file.js';
import { Create, type CreateOptions } from '../../../../src/master/ops/verbs/create.js';
import { Delete, type DeleteOptions } from '../../../../src/master/ops/verbs/delete.js';
import { Rename } from '../../../../src/master/ops/verbs/rename.js';
import { readXAttrs, SetAttribute } from '../../../../src/master/ops/verbs/set-attribute.js';
import { Undelete } from '../../../../src/master/ops/verbs/undelete.js';
import { splitKey } from '../../../../src/master/storage/inode-key.js';
import { Fixture, type FixtureOptions } from '../../../support/fixture.js';
import { type Info, infoOf, OutcomeSink } from '../../../support/outcome.js';

/** Who calls; callId with a caller's clientId makes the call one that may be repeated. */
export type By = { readonly as?: Caller; readonly callId?: number; readonly executor?: number };
export type CreateBy = By & Partial<Omit<CreateOptions, 'path' | 'type'>>;
export type DeleteBy = By & Partial<Omit<DeleteOptions, 'path'>>;
export type RenameBy = By & { readonly overwrite?: boolean };
export type CompleteBy = By & {
  readonly length?: number;
  readonly mtimeMs?: number;
  readonly persisted?: boolean;
  readonly inodeId?: number;
  readonly origin?: Origin;
};

/** A call that is not submitted yet. */
export type Draft = { readonly executor: number; readonly make: (sink: Sink) => Call };
export type Outcome =
  | { readonly ok: true; readonly info: Info | undefined; readonly seq: number }
  | { readonly ok: false; readonly code: Code; readonly error: StatusError };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

export class Namespace {
  readonly fixture: Fixture;
  readonly calls: Drafts;

  constructor(options: Partial<FixtureOptions> = {}) {
    this.fixture = Fixture.open(options);
    this.calls = new Drafts(this.fixture.root);
  }

  get root(): Caller {
    return this.fixture.root;
  }
  get alice(): Caller {
    return this.fixture.alice;
  }
  get bob(): Caller {
    return this.fixture.bob;
  }

  async createFile(path: string, by: CreateBy = {}): Promise<Info> {
    return (await this.run(this.calls.createFile(path, by))).info!;
  }
  async mkdir(path: string, by: CreateBy = {}): Promise<Info> {
    return (await this.run(this.calls.mkdir(path, by))).info!;
  }
  async complete(path: string, by: CompleteBy = {}): Promise<Info | undefined> {
    return (await this.run(this.calls.complete(path, by))).info;
  }
  async delete(path: string, by: DeleteBy = {}): Promise<number> {
    return (await this.run(this.calls.delete(path, by))).seq;
  }
  async undelete(path: string, by: By = {}): Promise<Info | undefined> {
    return (await this.run(this.calls.undelete(path, by))).info;
  }
  async rename(source: string, target: string, by: RenameBy = {}): Promise<number> {
    return (await this.run(this.calls.rename(source, target, by))).seq;
  }
  async setAttribute(path: string, change: AttributeChange, by: By = {}): Promise<number> {
    return (await this.run(this.calls.setAttribute(path, change, by))).seq;
  }

  run(draft: Draft): Promise<{ readonly info: Info | undefined; readonly seq: number }> {
    return this.fixture.run(draft.make, draft.executor);
  }

  /** Submits all before any of them can commit, then waits for every answer. */
  async together(drafts: readonly Draft[]): Promise<Outcome[]> {
    const sinks = drafts.map(() => new OutcomeSink());
    drafts.forEach(({ executor, make }, i) => {
      this.fixture.schedulers[executor]!.submit(make(sinks[i]!));
    });
    await this.fixture.until(() => sinks.every((sink) => sink.settled));
    return sinks.map(outcomeOf);
  }

  /** The inode as a walk finds it now, or undefined. */
  stat(path: string): Info | undefined {
    const { executor } = this.fixture;
    executor.resolve(executor.walkA, bytesOf(path));
    return executor.walkA.found ? infoOf(executor, executor.walkA.record) : undefined;
  }

  xattrs(path: string): Record<string, string> {
    const { executor } = this.fixture;
    this.fixture.flush();
    const xattrs = readXAttrs(executor, this.stat(path)!.id);
    return Object.fromEntries([...xattrs].map(([name, value]) => [name, decoder.decode(value)]));
  }

  /** Names below a directory, as tier 2 has them after a flush. */
  children(path: string): string[] {
    return this.childrenOfId(this.stat(path)!.id);
  }

  childrenOfId(id: number): string[] {
    this.fixture.flush();
    const prefix = idPrefix(id);
    const end = Uint8Array.of(...prefix, 0xff);
    const names: string[] = [];
    for (const key of this.fixture.tier2.inodes.getKeys({ start: prefix, end })) {
      names.push(decoder.decode(new Uint8Array(key).slice(prefix.length)));
    }
    return names;
  }

  /** The key under which tier 2 has inode `id`, after a flush: parent id and name. */
  placeOfId(id: number): { readonly parentId: number; readonly name: Uint8Array } | undefined {
    this.fixture.flush();
    const key = this.fixture.executor.reader.keyOfId(id);
    return key && splitKey(key);
  }

  close(): Promise<void> {
    return this.fixture.close();
  }
}

/** Tier 2 keys begin with the parent's id: a length byte, then that many, big-endian. */
function idPrefix(id: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(bytes.length, ...bytes);
}

function outcomeOf(sink: OutcomeSink): Outcome {
  try {
    return { ok: true, ...sink.outcome() };
  } catch (error) {
    const failure = error as StatusError;
    return { ok: false, code: failure.code, error: failure };
  }
}

/** The calls themselves, to be submitted together or with hands on their deadlines. */
export class Drafts {
  readonly #root: Caller;

  constructor(root: Caller) {
    this.#root = root;
  }

  createFile(path: string, by: CreateBy = {}): Draft {
    return this.#create('file', path, by);
  }

  mkdir(path: string, by: CreateBy = {}): Draft {
    return this.#create('directory', path, by);
  }

  complete(path: string, by: CompleteBy = {}): Draft {
    const { as, callId, executor, ...rest } = by;
    const options = {
      path: bytesOf(path),
      length: 0,
      mtimeMs: -1,
      fingerprint: 0,
      persisted: false,
      ...rest,
    };
    return this.#draft(
      by,
      (sink) => new CompleteFile(as ?? this.#root, callId ?? 0, options, sink),
    );
  }

  delete(path: string, by: DeleteBy = {}): Draft {
    const { as, callId, executor, ...rest } = by;
    const options = {
      path: bytesOf(path),
      recursive: false,
      skipTrash: false,
      deleteMountPoints: false,
      ...rest,
    };
    return this.#draft(by, (sink) => new Delete(as ?? this.#root, callId ?? 0, options, sink));
  }

  undelete(path: string, by: By = {}): Draft {
    const options = { path: bytesOf(path) };
    return this.#draft(
      by,
      (sink) => new Undelete(by.as ?? this.#root, by.callId ?? 0, options, sink),
    );
  }

  rename(source: string, target: string, by: RenameBy = {}): Draft {
    const options = {
      source: bytesOf(source),
      target: bytesOf(target),
      overwrite: by.overwrite ?? false,
    };
    return this.#draft(
      by,
      (sink) => new Rename(by.as ?? this.#root, by.callId ?? 0, options, sink),
    );
  }

  setAttribute(path: string, change: AttributeChange, by: By = {}): Draft {
    const options = { path: bytesOf(path), change };
    return this.#draft(
      by,
      (sink) => new SetAttribute(by.as ?? this.#root, by.callId ?? 0, options, sink),
    );
  }

  #create(type: CreateOptions['type'], path: string, by: CreateBy): Draft {
    const { as, callId, executor, ...rest } = by;
    const options: CreateOptions = {
      type,
      path: bytesOf(path),
      recursive: false,
      overwrite: false,
      allowExists: false,
      mode: -1,
      blockSize: undefined,
      ttlMs: -1,
      ttlFlags: 0,
      replicationMin: -1,
      replicationMax: -1,
      xattrs: undefined,
      xattrsOnNewPaths: false,
      ...rest,
    };
    return this.#draft(by, (sink) => new Create(as ?? this.#root, callId ?? 0, options, sink));
  }

  #draft(by: By, make: (sink: Sink) => Call): Draft {
    return { executor: by.executor ?? 0, make };
  }
}

export const xattrMap = (given: Record<string, string>): Map<string, Uint8Array> =>
  new Map(Object.entries(given).map(([name, value]) => [name, bytesOf(value)]));

/** What rejects with this code, and with this in its message. */
export const refusal = (code: Code, fragment = ''): object => ({
  code,
  message: expect.stringContaining(fragment),
});
