/**
 * Imports into namespaces of any shape: targets older and newer than their neighbours, with trash
 * of their own, moved, in the place of what was moved. After each step the tree is what a model of
 * maps says, and at the end the whole of tier 2 is sound.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StatusError } from '../../../src/base/status.js';
import type { EntryBatch, EntrySource } from '../../../src/master/bulk-import/entry-batch.js';
import { createImportKernel } from '../../../src/master/bulk-import/import-kernel.js';
import { findTarget } from '../../../src/master/bulk-import/import-target.js';
import { Importer, ImportNames } from '../../../src/master/bulk-import/importer.js';
import { Rejects } from '../../../src/master/bulk-import/rejects.js';
import { RowWriter } from '../../../src/master/bulk-import/row-writer.js';
import { verifySource } from '../../../src/master/inspect/inspect.js';
import { SIDE_MOUNT } from '../../../src/master/memory/entry-format.js';
import { INODE_TYPE_DIRECTORY } from '../../../src/master/memory/record.js';
import { encodeMount, mountKey, ROOT_MOUNT_ID } from '../../../src/master/mount/mount-table.js';
import { sideKey } from '../../../src/master/storage/tier2.js';
import { Namespace } from '../ops/mutations/namespace.js';

const kernel = createImportKernel();
const RUNS = 8;
const names = ['a', 'b', 'ab', 'z'] as const;

/** A directory (children) or a file; `store`: its own place in the store, once it was moved. */
type Node = { children: Map<string, Node> | undefined; persisted: boolean; store?: string };

/** Lines of paths, as a manifest would give them. */
class ListSource implements EntrySource {
  readonly identity = 'list';
  readonly size = 0;
  readonly done = 0;
  readonly #paths: readonly string[];
  #at = 0;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  async read(batch: EntryBatch): Promise<boolean> {
    for (; this.#at < this.#paths.length; this.#at++) {
      const bytes = batch.bytes.write(this.#paths[this.#at]!, batch.end);
      const numbers = { length: 1, mtimeMs: 5000, fingerprint: 9, line: this.#at };
      batch.take(bytes, { ...numbers, mode: 0xffff, owner: 0, group: 0 });
    }
    return batch.count > 0;
  }

  position(): unknown {
    return this.#at;
  }

  async seek(position?: unknown): Promise<void> {
    this.#at = Number(position ?? 0);
  }

  async close(): Promise<void> {}
}

/** The namespace as maps, and which places of the store are whose. */
class Model {
  readonly root: Node = { children: new Map(), persisted: true };
  readonly #taken = new Map<string, Node>();

  /** The nodes from the root to the path; undefined: there is no such path. */
  walk(path: string): Node[] | undefined {
    const nodes = [this.root];
    for (const name of path.split('/').slice(1)) {
      const next = nodes.at(-1)!.children?.get(name);
      if (next === undefined) return undefined;
      nodes.push(next);
    }
    return nodes;
  }

  mkdir(path: string): boolean {
    const parent = this.#parentOf(path);
    if (parent === undefined || parent.children!.has(nameOf(path))) return false;
    parent.children!.set(nameOf(path), { children: new Map(), persisted: false });
    return true;
  }

  take(path: string): Node | undefined {
    const node = this.walk(path)?.at(-1);
    if (node === undefined) return undefined;
    if (node.persisted && node.store === undefined) {
      node.store = this.storePath(path);
      this.#taken.set(node.store, node);
    }
    this.#parentOf(path)!.children!.delete(nameOf(path));
    return node;
  }

  rename(from: string, to: string): boolean {
    const target = this.#parentOf(to);
    if (`${to}/`.startsWith(`${from}/`) || target === undefined) return false;
    if (target.children!.has(nameOf(to)) || this.walk(from) === undefined) return false;
    target.children!.set(nameOf(to), this.take(from)!);
    return true;
  }

  storePath(path: string): string {
    const nodes = this.walk(path)!;
    const parts = path.split('/').slice(1);
    let store = '';
    for (const [i, node] of nodes.slice(1).entries()) {
      store = node.store ?? (store === '' ? parts[i]! : `${store}/${parts[i]!}`);
    }
    return store;
  }

  /** Undefined: it is refused; else how many entries are left out. */
  import(path: string, paths: readonly string[]): number | undefined {
    const nodes = this.walk(path)!;
    const base = this.storePath(path);
    const isForeign = (owner: Node | undefined) => owner !== undefined && !nodes.includes(owner);
    if (heads(base).some((head) => isForeign(this.#taken.get(head)))) return undefined;
    const inside = paths.filter(
      (one) =>
        !heads(`${base}/${one}`.replace(/^\//, '')).some(
          (head) => this.#taken.has(head) && head.length > base.length,
        ),
    );
    if (inside.length === 0) return undefined;
    for (const one of inside) {
      let at = nodes.at(-1)!;
      const parts = one.split('/');
      const file = parts.pop()!;
      for (const part of parts) {
        if (!at.children!.has(part))
          at.children!.set(part, { children: new Map(), persisted: true });
        at = at.children!.get(part)!;
      }
      at.children!.set(file, { children: undefined, persisted: true });
    }
    for (const node of nodes) node.persisted = true;
    return paths.length - inside.length;
  }

  #parentOf(path: string): Node | undefined {
    const parent = this.walk(path.slice(0, path.lastIndexOf('/')))?.at(-1);
    return parent?.children === undefined ? undefined : parent;
  }
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const heads = (path: string): string[] =>
  path === '' ? [] : path.split('/').map((_, i, all) => all.slice(0, i + 1).join('/'));

/** Of the model: paths of directories with a slash behind. */
function* pathsOf(node: Node, path = ''): Iterable<string> {
  for (const [name, child] of node.children ?? []) {
    yield `${path}/${name}${child.children === undefined ? '' : '/'}`;
    yield* pathsOf(child, `${path}/${name}`);
  }
}

class Run {
  readonly namespace = new Namespace({ tier1Bytes: 65_536 });
  readonly model = new Model();
  imports = 0;

  async import(path: string, paths: readonly string[]): Promise<void> {
    const { fixture } = this.namespace;
    const nodes = this.model.walk(path);
    if (nodes?.at(-1)?.children?.size !== 0) return;
    fixture.flush();
    const { tier2 } = fixture;
    const mount = { mountId: ROOT_MOUNT_ID, path: '/', uri: 'file:///s', inodeId: 1 };
    const row = encodeMount({ ...mount, readOnly: false, shared: false, options: {} });
    tier2.transact(() => tier2.side.putSync(sideKey(SIDE_MOUNT, mountKey(ROOT_MOUNT_ID)), row));
    const leftOut = this.model.import(path, paths);
    const writer = new RowWriter(tier2);
    const rejects = new Rejects({ isStrict: false, of: 'manifest' });
    const work = async () =>
      new Importer({
        tier2,
        kernel,
        target: findTarget(tier2, kernel, path === '' ? '/' : path, { mayHaveChildren: false }),
        source: new ListSource(paths),
        rejects,
        names: new ImportNames(tier2),
        port: {
          commit: async (commit) => writer.commit(commit),
          finish: async (finish) => writer.finish(finish),
        },
        directory: join(fixture.directory, 'import'),
        defaults: { owner: 0, group: 0, fileMode: 0o644, directoryMode: 0o755 },
        signal: new AbortController().signal,
        onProgress: () => undefined,
      }).run();
    if (leftOut === undefined) {
      await expect(work()).rejects.toMatchObject({
        name: 'StatusError',
      } satisfies Partial<StatusError>);
      expect(tier2.pendingImport).toBe(undefined);
      return;
    }
    expect((await work()).rejects.byReason).toEqual(leftOut === 0 ? {} : { moved: leftOut });
    this.imports++;
    await fixture.restart();
  }

  async mkdir(path: string): Promise<void> {
    if (this.model.mkdir(path)) await this.namespace.mkdir(path);
  }

  async delete(path: string): Promise<void> {
    if (path === '' || this.model.take(path) === undefined) return;
    await this.namespace.delete(path, { recursive: true });
  }

  async rename(from: string, to: string): Promise<void> {
    if (from !== '' && to !== '' && this.model.rename(from, to)) {
      await this.namespace.rename(from, to);
    }
  }

  async check(): Promise<void> {
    const { fixture } = this.namespace;
    fixture.flush();
    expect([...this.#found('')].sort()).toEqual([...pathsOf(this.model.root)].sort());
    const { findings } = await verifySource(
      {
        dataDir: fixture.directory,
        mapBytes: 2 ** 26,
        reserveBytes: 0,
        tier2: fixture.tier2,
        entries: {
          hold: () => undefined,
          follow: () => undefined,
          finish: (seq) => seq,
          release: () => undefined,
        },
      },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    // The fixture's root is no mount point by its flags.
    expect(findings.filter(({ code }) => code !== 'mount-point-missing')).toEqual([]);
  }

  *#found(path: string): Iterable<string> {
    for (const name of this.namespace.children(path === '' ? '/' : path)) {
      const below = `${path}/${name}`;
      const isDirectory = this.namespace.stat(below)!.type === INODE_TYPE_DIRECTORY;
      yield isDirectory ? `${below}/` : below;
      if (isDirectory) yield* this.#found(below);
    }
  }
}

const name = fc.constantFrom(...names);
const nat = fc.nat({ max: 1000 });
/** No path of a list is a directory of another one: those cases are the tree builder's. */
const list = fc
  .uniqueArray(fc.tuple(name, name, fc.nat({ max: 9 })), { minLength: 1, maxLength: 12 })
  .map((rows) => [...new Set(rows.map(([a, b, i]) => (i < 4 ? `f${a}` : `${a}/${b}${i}`)))].sort());
/** Numbers choose among the paths that there are then. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mkdir' as const), at: nat, name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('import' as const), at: nat, list }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: nat }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('rename' as const), at: nat, to: nat, name }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(run: Run, one: Step): Promise<void> {
  const all = [...pathsOf(run.model.root)];
  const directories = ['', ...all.filter((path) => path.endsWith('/')).map((p) => p.slice(0, -1))];
  const pick = (from: readonly string[], n: number) =>
    (from[n % from.length] ?? '').replace(/\/$/, '');
  if (one.kind === 'mkdir') await run.mkdir(`${pick(directories, one.at)}/${one.name}`);
  else if (one.kind === 'delete') await run.delete(pick(all, one.at));
  else if (one.kind === 'import') {
    const empty = directories.filter((path) => run.model.walk(path)!.at(-1)!.children!.size === 0);
    if (empty.length > 0) await run.import(pick(empty, one.at), one.list);
  } else await run.rename(pick(all, one.at), `${pick(directories, one.to)}/${one.name}`);
}

test('1, A19: imports into trees of any shape give what a model gives', async () => {
  let imports = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
      const run = new Run();
      try {
        for (const one of steps) await take(run, one);
        await run.check();
        imports += run.imports;
      } finally {
        await run.namespace.close();
      }
    }),
    { numRuns: RUNS },
  );
  expect(imports).toBeGreaterThan(RUNS);
}, 60_000);
