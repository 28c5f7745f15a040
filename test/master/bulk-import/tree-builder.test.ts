/**
 * The builder of imported trees against a tree of plain objects: any paths, in either order, with
 * any limits, stopped and taken up anywhere. Rows are read back by the kernels.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryBatch } from '../../../src/master/bulk-import/entry-batch.js';
import { createImportKernel } from '../../../src/master/bulk-import/import-kernel.js';
import { Rejects } from '../../../src/master/bulk-import/rejects.js';
import { HEAD, type RowBlock, RowEncoder } from '../../../src/master/bulk-import/row-encoder.js';
import { OutOfOrder, TreeBuilder } from '../../../src/master/bulk-import/tree-builder.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import { INODE_TYPE_DIRECTORY } from '../../../src/master/memory/record.js';
import { readRecord } from '../../../src/master/memory/record-fields.js';

const TARGET = 1500;
const FILE_FIRST = 1 << 20;
const defaults = {
  nowMs: 1_790_000_000_000,
  mountId: 7,
  owner: 1,
  group: 2,
  fileMode: 0o644,
  directoryMode: 0o755,
  isPinned: false,
};
const importKernel = createImportKernel();

type Node = { id: number; type: number; length: number; children: Map<string, Node> };

class Building {
  readonly rejects = new Rejects({ isStrict: false, of: 'manifest' });
  readonly blocks: RowBlock[] = [];
  encoder = new RowEncoder(importKernel, defaults);
  builder: TreeBuilder;
  readonly #childrenWaitingMax: number;

  constructor(childrenWaitingMax: number) {
    this.#childrenWaitingMax = childrenWaitingMax;
    this.builder = this.#make();
  }

  /** As a process that dies after a checkpoint, and one that goes on from it. */
  restart(): void {
    const state = JSON.parse(JSON.stringify(this.builder.save()));
    this.blocks.push(this.encoder.take());
    this.encoder = new RowEncoder(importKernel, defaults);
    this.builder = this.#make();
    this.builder.restore(state);
  }

  #make(): TreeBuilder {
    return new TreeBuilder({
      targetId: TARGET,
      directoryFirst: 2000,
      fileFirst: FILE_FIRST,
      defaults,
      encoder: this.encoder,
      rejects: this.rejects,
      onFull: () => this.blocks.push(this.encoder.take()),
      childrenWaitingMax: this.#childrenWaitingMax,
    });
  }
}

function batchOf(paths: readonly string[]): EntryBatch {
  const batch = new EntryBatch();
  for (const [line, path] of paths.entries()) {
    const bytes = batch.bytes.write(path, batch.end);
    const entry = { mtimeMs: 5000, fingerprint: 9, mode: 0xffff, owner: 0, group: 0 };
    batch.take(bytes, { ...entry, length: path.endsWith('/') ? 0 : path.length, line });
  }
  return batch;
}

/** The rows as a tree below the target; checks what must hold of the rows themselves. */
function treeOf(blocks: readonly RowBlock[]): Map<string, Node> {
  const { shared, kernel } = importKernel;
  const base = shared.fixed(CONTROL.FLUSH_ARENA_BASE) + (16 << 20);
  const nodes = new Map<number, Node>();
  const parents: [parent: number, name: string, node: Node][] = [];
  const keys = new Set<string>();
  for (const { bytes, heads, ids, count } of blocks) {
    let at = 0;
    for (let row = 0; row < count; row++) {
      const keyBytes = heads[row]! & HEAD.KEY_MASK;
      const valueBytes = (heads[row]! >>> HEAD.VALUE_SHIFT) & HEAD.VALUE_MASK;
      shared.u8.set(bytes.subarray(at, at + keyBytes + valueBytes), base);
      const key = Buffer.from(bytes.subarray(at, at + keyBytes)).toString('latin1');
      expect(keys.has(key)).toBe(false);
      keys.add(key);
      at += keyBytes + valueBytes;
      const out = base + 4096;
      expect(kernel.decodeRecord(base, keyBytes, base + keyBytes, valueBytes, out)).not.toBe(0);
      const record = readRecord(shared.view, out);
      expect(record.id).toBe(ids[row]);
      expect(nodes.has(record.id)).toBe(false);
      const { id, type, length } = record;
      const node = { id, type, length, children: new Map() };
      nodes.set(id, node);
      parents.push([record.parentId, new TextDecoder().decode(record.name), node]);
    }
  }
  const root = new Map<string, Node>();
  for (const [parent, name, node] of parents) {
    const children = parent === TARGET ? root : nodes.get(parent)?.children;
    expect(children).toBeDefined();
    children!.set(name, node);
  }
  for (const { type, length, children } of nodes.values()) {
    if (type === INODE_TYPE_DIRECTORY) expect(length).toBe(children.size);
  }
  return root;
}

type Model = { [name: string]: Model | number };

function model(paths: readonly string[]): Model {
  const root: Model = {};
  for (const path of paths) {
    const names = path.split('/');
    const leaf = names.pop()!;
    let at = root;
    for (const name of names) {
      if (typeof at[name] !== 'object') at[name] = {};
      at = at[name] as Model;
    }
    if (leaf !== '' && typeof at[leaf] !== 'object') at[leaf] = path.length;
  }
  return root;
}

const plain = (nodes: ReadonlyMap<string, Node>): Model =>
  Object.fromEntries(
    [...nodes].map(([name, { type, length, children }]) => [
      name,
      type === INODE_TYPE_DIRECTORY ? plain(children) : length,
    ]),
  );

const name = fc.stringMatching(/^[a!\-é0]{1,3}$/);
const path = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([names, isDirectory]) => names.join('/') + (isDirectory ? '/' : ''));
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byNames = (a: string, b: string): number =>
  byBytes(a.replaceAll('/', '\u0001'), b.replaceAll('/', '\u0001'));

test('rows make the tree that the paths make', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { maxLength: 60 }),
      fc.constantFrom(byBytes, byNames),
      fc.constantFrom(1, 2, 5, 1000),
      fc.nat({ max: 60 }),
      (paths, order, childrenMax, stop) => {
        const sorted = [...paths].sort(order);
        const building = new Building(childrenMax);
        const batch = batchOf(sorted);
        for (let i = 0; i < batch.count; i++) {
          if (i === stop) building.restart();
          building.builder.add(batch, i);
        }
        building.builder.finish();
        building.blocks.push(building.encoder.take());
        expect(plain(treeOf(building.blocks))).toEqual(model(sorted));
      },
    ),
    { numRuns: 150 },
  );
});

test('the same path again is left out, and told', () => {
  const building = new Building(1000);
  const batch = batchOf(['a/b', 'a/b', 'c']);
  for (let i = 0; i < batch.count; i++) building.builder.add(batch, i);
  expect(building.builder.finish()).toBe(2);
  const [first] = building.rejects.summary.first;
  expect(first).toMatchObject({ line: 1, text: 'a/b' });
});

test('what is in neither order is refused', () => {
  const { builder } = new Building(1000);
  const batch = batchOf(['b', 'a']);
  builder.add(batch, 0);
  expect(() => builder.add(batch, 1)).toThrow(OutOfOrder);
});
