/**
 * The changes that a ledger writer draws. Each is valid for its tree, so every answer except
 * success is a violation. And a second run of each would show: as a refusal, as another inode, or
 * as a count that is off by one.
 */
import type { Random } from '../../bench/load/random.js';
import type { CallOptions, OrchardClient } from '../../src/client/index.js';
import { type LedgerNode, MARK, newNode, nodesBelow } from './ledger-tree.js';

export type Step = {
  readonly text: string;
  /** Resolves with the ids of what was made. */
  readonly send: (client: OrchardClient, options: CallOptions) => Promise<readonly number[]>;
  /** Records what an acknowledged step did. `ids`: of the new inodes; undefined: not made. */
  readonly apply: (tree: LedgerNode, ids: readonly (number | undefined)[]) => void;
  /** How many parts may each be there or not when nobody answered. */
  readonly parts: number;
};

type Place = { readonly path: string; readonly node: LedgerNode };

const NODES_MAX = 60;
const NAMES = 14;
const DEPTH_MAX = 4;
const BATCH = 3;
/** A value of some KiB now and then turns the journal's segments over. */
const MARK_BYTES = [3, 40, 12_000] as const;

export class StepDraw {
  readonly #random: Random;
  readonly #root: string;
  #serial = 0;

  constructor(random: Random, root: string) {
    this.#random = random;
    this.#root = root;
  }

  next(tree: LedgerNode): Step {
    const all = [{ path: this.#root, node: tree }, ...nodesBelow(tree, this.#root)];
    const isFull = all.length > NODES_MAX;
    for (;;) {
      const dice = this.#random.below(100);
      const step = isFull && dice < 45 ? this.#delete(all) : this.#draw(dice, all);
      if (step !== undefined) return step;
    }
  }

  #draw(dice: number, all: readonly Place[]): Step | undefined {
    if (dice < 22) return this.#create(all);
    if (dice < 32) return this.#makeDirectory(all);
    if (dice < 40) return this.#batchCreate(all);
    if (dice < 50) return this.#complete(all);
    if (dice < 60) return this.#changeMode(all);
    if (dice < 68) return this.#changeMark(all);
    if (dice < 82) return this.#rename(all);
    if (dice < 93) return this.#delete(all);
    return this.#undelete(all);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[this.#random.below(from.length)];
  }

  #directory(all: readonly Place[]): Place {
    const shallow = all.filter(
      ({ path, node }) => node.isDirectory && path.split('/').length < DEPTH_MAX + 2,
    );
    return this.#pick(shallow)!;
  }

  /** A name that is free in the directory, or undefined. */
  #freeName({ node }: Place): string | undefined {
    const name = `n${this.#random.below(NAMES)}`;
    return node.children.has(name) ? undefined : name;
  }

  #mark(): string {
    const bytes = MARK_BYTES[this.#random.below(6) === 0 ? 2 : this.#random.below(2)]!;
    return `${this.#serial++}:`.padEnd(bytes, 'x');
  }

  #create(all: readonly Place[]): Step | undefined {
    const place = this.#directory(all);
    const name = this.#freeName(place);
    if (name === undefined) return undefined;
    const path = `${place.path}/${name}`;
    const mark = this.#random.below(3) === 0 ? this.#mark() : '';
    return {
      text: `create ${path}`,
      parts: 1,
      send: async (client, options) => {
        const xattrs = mark === '' ? {} : { xattrs: { [MARK]: mark } };
        return [(await client.createFile(path, { ...options, ...xattrs })).id];
      },
      apply: (tree, [id]) => this.#put(tree, path, id, newNode(id ?? 0, false, mark)),
    };
  }

  #makeDirectory(all: readonly Place[]): Step | undefined {
    const place = this.#directory(all);
    const name = this.#freeName(place);
    if (name === undefined) return undefined;
    const path = `${place.path}/${name}`;
    return {
      text: `mkdir ${path}`,
      parts: 1,
      send: async (client, options) => [(await client.createDirectory(path, options)).id],
      apply: (tree, [id]) => this.#put(tree, path, id, newNode(id ?? 0, true)),
    };
  }

  #batchCreate(all: readonly Place[]): Step | undefined {
    const place = this.#directory(all);
    const names = new Set<string>();
    for (let i = 0; i < BATCH; i++) {
      const name = this.#freeName(place);
      if (name !== undefined) names.add(name);
    }
    if (names.size === 0) return undefined;
    const paths = [...names].map((name) => `${place.path}/${name}`);
    return {
      text: `batchCreate ${paths.join(' ')}`,
      parts: paths.length,
      send: async (client, options) => {
        const results = await client.batchCreate(
          paths.map((path) => ({ path })),
          options,
        );
        return results.map(({ status, error }) => {
          if (status === undefined) throw error;
          return status.id;
        });
      },
      apply: (tree, ids) => {
        for (const [i, path] of paths.entries()) {
          this.#put(tree, path, ids[i], newNode(ids[i] ?? 0, false));
        }
      },
    };
  }

  #complete(all: readonly Place[]): Step | undefined {
    const open = all.filter(({ node }) => !node.isDirectory && node.length < 0);
    const place = this.#pick(open);
    if (place === undefined) return undefined;
    const length = this.#random.below(1_000_000);
    return this.#change(place, `complete ${place.path}`, {
      send: (client, options) => client.completeFile(place.path, { ...options, length }),
      apply: (node) => {
        node.length = length;
      },
    });
  }

  #changeMode(all: readonly Place[]): Step | undefined {
    const place = this.#pick(all.slice(1));
    if (place === undefined) return undefined;
    const mode = 0o600 + this.#random.below(0o200);
    return this.#change(place, `chmod ${mode.toString(8)} ${place.path}`, {
      send: (client, options) => client.setAttribute(place.path, { ...options, mode }),
      apply: (node) => {
        node.mode = mode;
      },
    });
  }

  #changeMark(all: readonly Place[]): Step | undefined {
    const place = this.#pick(all.slice(1));
    if (place === undefined) return undefined;
    const mark = this.#mark();
    return this.#change(place, `mark ${place.path}`, {
      send: (client, options) =>
        client.setAttribute(place.path, {
          ...options,
          xattrs: { [MARK]: mark },
          xattrUpdate: 'unionReplace',
        }),
      apply: (node) => {
        node.mark = mark;
      },
    });
  }

  #rename(all: readonly Place[]): Step | undefined {
    const source = this.#pick(all.slice(1));
    const target = this.#directory(all);
    const name = this.#freeName(target);
    if (source === undefined || name === undefined) return undefined;
    if (`${target.path}/`.startsWith(`${source.path}/`)) return undefined;
    const path = `${target.path}/${name}`;
    return {
      text: `rename ${source.path} ${path}`,
      parts: 1,
      send: async (client, options) => {
        await client.rename(source.path, path, options);
        return [0];
      },
      apply: (tree, [done]) => {
        if (done === undefined) return;
        const node = this.#take(tree, source.path);
        this.#put(tree, path, 0, node);
      },
    };
  }

  #delete(all: readonly Place[]): Step | undefined {
    const place = this.#pick(all.slice(1));
    if (place === undefined) return undefined;
    return {
      text: `delete ${place.path}`,
      parts: 1,
      send: async (client, options) => {
        await client.delete(place.path, { ...options, recursive: true });
        return [0];
      },
      apply: (tree, [done]) => {
        if (done === undefined) return;
        const node = this.#take(tree, place.path);
        const { parent, name } = this.#parentOf(tree, place.path);
        parent.trash.set(name, node);
      },
    };
  }

  #undelete(all: readonly Place[]): Step | undefined {
    const rows = all.flatMap(({ path, node }) =>
      [...node.trash.keys()]
        .filter((name) => !node.children.has(name))
        .map((name) => `${path}/${name}`),
    );
    const path = this.#pick(rows);
    if (path === undefined) return undefined;
    return {
      text: `undelete ${path}`,
      parts: 1,
      send: async (client, options) => {
        await client.undelete(path, options);
        return [0];
      },
      apply: (tree, [done]) => {
        if (done === undefined) return;
        const { parent, name } = this.#parentOf(tree, path);
        parent.children.set(name, parent.trash.get(name)!);
        parent.trash.delete(name);
      },
    };
  }

  /** A step that changes one node in place. */
  #change(
    { path }: Place,
    text: string,
    how: {
      readonly send: (client: OrchardClient, options: CallOptions) => Promise<unknown>;
      readonly apply: (node: LedgerNode) => void;
    },
  ): Step {
    return {
      text,
      parts: 1,
      send: async (client, options) => {
        await how.send(client, options);
        return [0];
      },
      apply: (tree, [done]) => {
        if (done === undefined) return;
        const { parent, name } = this.#parentOf(tree, path);
        how.apply(parent.children.get(name)!);
      },
    };
  }

  #put(tree: LedgerNode, path: string, id: number | undefined, node: LedgerNode): void {
    if (id === undefined) return;
    const { parent, name } = this.#parentOf(tree, path);
    parent.children.set(name, node);
  }

  #take(tree: LedgerNode, path: string): LedgerNode {
    const { parent, name } = this.#parentOf(tree, path);
    const node = parent.children.get(name)!;
    parent.children.delete(name);
    return node;
  }

  #parentOf(tree: LedgerNode, path: string): { parent: LedgerNode; name: string } {
    const names = path.slice(this.#root.length + 1).split('/');
    const name = names.pop()!;
    let parent = tree;
    for (const step of names) parent = parent.children.get(step)!;
    return { parent, name };
  }
}
