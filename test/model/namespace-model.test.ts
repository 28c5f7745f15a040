/**
 * Goal: through any sequence of operations by several users, with flushes and restarts anywhere
 * between them, the namespace is what the plain tree of tree-model.ts is: verdicts, paths, fields,
 * child counts, trash; ids stay with their inode, and every id in tier 2 leads to its inode.
 * Method: fast-check; the same sequence over a tiny tier 1, where everything is evicted and flushed
 * all the time, and over a normal one. To repeat a failure: ORCHARD_TEST_SEED, and for longer
 * searches ORCHARD_MODEL_RUNS.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTOR } from '../../src/base/layout.js';
import * as R from '../../src/base/record.js';
import { readRecord } from '../../src/base/record-fields.js';
import { Code } from '../../src/base/status.js';
import { type Draft, Namespace } from '../ops/mutations/namespace.js';
import { type Node, type Step, TreeModel, type User } from './tree-model.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env['ORCHARD_MODEL_RUNS'] ?? 20);

/** 32 slots for short names and as many for long ones; and room for all. */
const TIER1_SIZES = [1, 4 * 1024 * 1024];

/** A path that is likely to mean something: below an inode that is there when its turn comes. */
type Place = { readonly near: number; readonly below: readonly string[] };
/** `step` without its paths: they are found when its turn comes. */
type Command =
  | { readonly step: Step; readonly at: Place; readonly to: Place; readonly executor: number }
  | { readonly also: 'flush' | 'restart' | 'restart flushed' | 'compare' };

const name = fc.constantFrom('a', 'b', `long-${'n'.repeat(80)}`);
const place: fc.Arbitrary<Place> = fc.record({
  near: fc.nat(),
  below: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 5, arbitrary: fc.tuple(name) },
    { weight: 1, arbitrary: fc.tuple(name, name) },
  ),
});
const user: fc.Arbitrary<User> = fc.constantFrom('root', 'alice', 'bob');
const mode = fc.constantFrom(0o777, 0o777, 0o755, 0o711, 0o700, 0o1777, 0o1777, 0o640, 0o070, 0);
const by = { path: fc.constant(''), user };
const renamed = { ...by, to: fc.constant('') };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('create'), ...by, overwrite: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('mkdir'), ...by, recursive: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('complete'), ...by, length: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('delete'), ...by, recursive: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge'), ...by }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('undelete'), ...by }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('rename'), ...renamed }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('replace'), ...renamed }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('chmod'), ...by, mode }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('chown'), ...by, owner: user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set'), ...by, ttlMs: fc.nat() }) },
) as fc.Arbitrary<Step>;
const also = fc.constantFrom('flush', 'flush', 'restart', 'restart flushed', 'compare');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ step, at: place, to: place, executor: fc.nat({ max: 1 }) }),
  },
  { weight: 1, arbitrary: also.map((what) => ({ also: what }) as Command) },
);

/** One namespace and its twin, and which inode is which node. */
class Pair {
  readonly names: Namespace;
  readonly model = new TreeModel();
  readonly #ids = new Map<number, number>();

  constructor(tier1Bytes: number) {
    this.names = new Namespace({ tier1Bytes, trashRetentionMs: 3_600_000, flushSlotsMax: 16 });
  }

  async run(command: Command): Promise<void> {
    if ('step' in command) {
      await this.take(this.#stepOf(command), command.executor);
    } else if (command.also === 'flush') {
      this.names.fixture.flush();
    } else if (command.also === 'compare') {
      this.compare();
    } else {
      await this.names.fixture.restart({ flushed: command.also === 'restart flushed' });
    }
  }

  #stepOf({ step: drawn, at, to }: Extract<Command, { step: Step }>): Step {
    const target = 'to' in drawn ? { to: this.#pathOf(to) } : {};
    const path = drawn.do === 'undelete' ? this.#trashedPathOf(at) : this.#pathOf(at);
    return { ...drawn, path, ...target } as Step;
  }

  /** The step on both sides; the verdicts must agree. */
  async take(taken: Step, executor = 0): Promise<void> {
    const expected = this.model.apply(taken);
    const [outcome] = await this.names.together([this.#draftOf(taken, executor)]);
    expect(outcome!.ok ? Code.OK : outcome!.code, JSON.stringify(taken)).toBe(expected);
  }

  /**
   * All at once, on both executors. Whatever changed something did so in the order of the seqs:
   * on the twin the same steps in that order must all be allowed.
   */
  async takeTogether(list: readonly Command[]): Promise<void> {
    const drawn = list.flatMap((command) => ('step' in command ? [command] : []));
    const steps = drawn.map((command) => this.#stepOf(command));
    const drafts = steps.map((taken, i) => this.#draftOf(taken, drawn[i]!.executor));
    const outcomes = await this.names.together(drafts);
    const changed = outcomes
      .flatMap((outcome, i) => (outcome.ok && outcome.seq > 0 ? [{ ...outcome, i }] : []))
      .sort((a, b) => a.seq - b.seq);
    const told = (count: number): string =>
      JSON.stringify(changed.slice(0, count).map(({ seq, i }) => [seq, steps[i]]));
    changed.forEach(({ i }, at) => {
      expect(this.model.apply(steps[i]!), told(at + 1)).toBe(Code.OK);
    });
  }

  /** A path that something can be brought back to, mostly. */
  #trashedPathOf(at: Place): string {
    const trashed = [...this.model.paths()].flatMap(([path, node]) =>
      [...node.trash.keys()].map((name) => (path === '/' ? `/${name}` : `${path}/${name}`)),
    );
    if (trashed.length === 0 || at.below.length > 0) return this.#pathOf(at);
    return trashed[at.near % trashed.length]!;
  }

  #pathOf({ near, below }: Place): string {
    const paths = [...this.model.paths()].map(([at]) => at);
    const above = paths[near % paths.length]!;
    const path = [above === '/' ? '' : above, ...below].join('/');
    return path === '' ? '/' : path;
  }

  compare(): void {
    const paths = [...this.model.paths()];
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    for (const [at, node] of paths) {
      const info = this.names.stat(at);
      seen.push(
        info === undefined ? [at, 'missing'] : [at, sightOf(info), this.#idIsKnown(node, info.id)],
      );
      expected.push([at, sightOfNode(node), true]);
    }
    expect(seen).toEqual(expected);
    for (const [at, node] of paths) {
      if (!node.directory) continue;
      expect(this.names.children(at).sort(), at).toEqual([...node.children.keys()].sort());
      this.#compareTrash(node);
    }
    expect(new Set(this.#ids.values()).size, 'no id stands for two inodes').toBe(this.#ids.size);
    checkIdIndex(this.names);
  }

  /** Inodes that were seen before they were deleted hang in the shadow of their directory. */
  #compareTrash(directory: Node): void {
    const parentId = this.#ids.get(directory.key)! + R.TRASH_BIT;
    for (const [trashName, node] of directory.trash) {
      const id = this.#ids.get(node.key);
      if (id === undefined) continue;
      const place = this.names.placeOfId(id)!;
      expect({ ...place, name: new TextDecoder().decode(place.name) }).toEqual({
        parentId,
        name: trashName,
      });
    }
  }

  /** An inode keeps the id with which it was seen first. */
  #idIsKnown(node: Node, id: number): boolean {
    const known = this.#ids.get(node.key) ?? id;
    this.#ids.set(node.key, known);
    return known === id;
  }

  #draftOf(of: Step, executor: number): Draft {
    const { calls } = this.names;
    const as = this.names[of.user];
    const who = { as, executor };
    switch (of.do) {
      case 'create':
        return calls.createFile(of.path, { ...who, overwrite: of.overwrite });
      case 'mkdir': {
        const { recursive } = of;
        return calls.mkdir(of.path, { ...who, recursive, allowExists: recursive });
      }
      case 'complete':
        return calls.complete(of.path, { ...who, length: of.length });
      case 'delete':
        return calls.delete(of.path, { ...who, recursive: of.recursive });
      case 'purge':
        return calls.delete(of.path, { ...who, recursive: true, skipTrash: true });
      case 'undelete':
        return calls.undelete(of.path, who);
      case 'rename':
        return calls.rename(of.path, of.to, who);
      case 'replace':
        return calls.rename(of.path, of.to, { ...who, overwrite: true });
      case 'chmod':
        return calls.setAttribute(of.path, { mode: of.mode }, who);
      case 'chown':
        return calls.setAttribute(of.path, { owner: of.owner }, who);
      default: {
        const change = { ttlMs: of.ttlMs, pinned: of.ttlMs % 2 === 0 };
        return calls.setAttribute(of.path, change, who);
      }
    }
  }
}

type Sight = {
  readonly type: number;
  readonly mode: number;
  readonly owner: string;
  readonly length: number;
  readonly ttlMs: number;
  readonly flags: number;
};

function sightOf(info: Sight): Sight {
  const { type, mode, owner, length, ttlMs } = info;
  return { type, mode, owner, length, ttlMs, flags: info.flags & ~R.FLAG_CHILDREN_LOADED };
}

function sightOfNode(node: Node): Sight {
  return {
    type: node.directory ? R.INODE_TYPE_DIRECTORY : R.INODE_TYPE_FILE,
    mode: node.mode,
    owner: node.owner,
    length: node.directory ? node.children.size : node.length,
    ttlMs: node.ttlMs,
    flags: (node.completed ? R.FLAG_COMPLETED : 0) | (node.pinned ? R.FLAG_PINNED : 0),
  };
}

/** Rows of `ids` and rows of `inodes` are one to one. */
function checkIdIndex(names: Namespace): void {
  const { fixture } = names;
  const { shared, kernel, base } = fixture.executor;
  const keyAt = base + EXECUTOR.KEY;
  const valueAt = base + EXECUTOR.VALUE;
  const recordAt = base + EXECUTOR.RECORD;
  let inodes = 0;
  for (const { key, value } of fixture.tier2.inodes.getRange({})) {
    shared.u8.set(key, keyAt);
    shared.u8.set(value, valueAt);
    kernel.decodeRecord(keyAt, key.length, valueAt, value.length, recordAt);
    const record = readRecord(shared.view, recordAt);
    const place = names.placeOfId(record.id);
    expect(place, `inode ${record.id}`).toEqual({ parentId: record.parentId, name: record.name });
    inodes++;
  }
  expect([...fixture.tier2.ids.all()]).toHaveLength(inodes);
}

/** What everybody may do in the root at first. */
const rootMode = fc.constantFrom(0o777, 0o1777);
const commands = fc.array(command, { maxLength: 120, size: 'max' });

describe(`the namespace and its twin (seed ${seed})`, () => {
  it.each(TIER1_SIZES)('agree after any sequence, with %i bytes of tier 1', async (tier1Bytes) => {
    const agree = fc.asyncProperty(rootMode, commands, async (mode, list) => {
      const pair = new Pair(tier1Bytes);
      try {
        await pair.take({ do: 'chmod', path: '/', user: 'root', mode });
        await pair.take({ do: 'chown', path: '/', user: 'root', owner: 'root' });
        for (const one of list) await pair.run(one);
        pair.compare();
        await pair.names.fixture.restart();
        pair.compare();
      } finally {
        await pair.names.close();
      }
    });
    // The limit is for shrinking: a sequence takes some 100 ms.
    await fc.assert(agree, { seed, numRuns, interruptAfterTimeLimit: numRuns * 2000 });
  });

  it('agree on what calls in flight at once have done, in the order of their seqs', async () => {
    const batch = fc.array(command, { minLength: 2, maxLength: 8, size: 'max' });
    const batches = fc.array(batch, { maxLength: 20, size: 'max' });
    const agree = fc.asyncProperty(rootMode, batches, async (mode, list) => {
      const pair = new Pair(TIER1_SIZES[1]!);
      try {
        await pair.take({ do: 'chmod', path: '/', user: 'root', mode });
        await pair.take({ do: 'chown', path: '/', user: 'root', owner: 'root' });
        for (const together of list) await pair.takeTogether(together);
        pair.compare();
      } finally {
        await pair.names.close();
      }
    });
    await fc.assert(agree, { seed, numRuns, interruptAfterTimeLimit: numRuns * 2000 });
  });
});
