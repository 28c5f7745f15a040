/**
 * Goal: what a walk says at every place where it can stop, what it leaves in its block, and that
 * it never mixes two states of the tree. Method: a small tree, driven in one thread.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { readU64 } from '../../../../src/base/word64.js';
import { FillStatus, WalkStatus } from '../../../../src/master/memory/exports.js';
import { CONTROL, EXECUTOR, NODE, NODE_BYTES, WALK } from '../../../../src/master/memory/layout.js';
import { readRecord } from '../../../../src/master/memory/record-fields.js';
import { bytesOf, record, TierHarness } from './tier-harness.js';

const ROOT = record({ parentId: 0, id: 1, name: bytesOf('') });
const A = record({ parentId: 1, id: 1024, name: bytesOf('a'), mode: 0o700, owner: 9, flags: 16 });
const B = record({ parentId: 1024, id: 1025, name: bytesOf('b'.repeat(200)), ttlMs: 77 });
const FILE = record({ parentId: 1025, id: 1026, name: bytesOf('file'), type: 1, length: 5 });
const PATH = `/a/${'b'.repeat(200)}/file`;
const ALL = [ROOT, A, B, FILE];

let tier: TierHarness;

beforeEach(() => {
  tier = new TierHarness(64 * 1024);
});

function clean(path: string, walk = tier.walkA): void {
  const at = tier.out + 4096;
  const bytes = bytesOf(path);
  tier.shared.u8.set(bytes, at);
  expect(tier.kernel.cleanPath(at, bytes.length, walk)).toBeGreaterThanOrEqual(0);
}

const next = (): number => tier.shared.view.getUint32(tier.walkA + WALK.NEXT, true);
const retries = (): number => tier.shared.view.getUint32(tier.walkA + WALK.RETRIES, true);
const node = (index: number): number => tier.walkA + WALK.NODES + index * NODE_BYTES;
const last = () => readRecord(tier.shared.view, tier.walkA + WALK.RECORD);
const beforeLast = () => readRecord(tier.shared.view, tier.walkA + WALK.PARENT_RECORD);
const put = (...records: (typeof ROOT)[]): void =>
  tier.apply(records.map((of) => ({ kind: 'put', record: of })));
const edgeHash = (index: number): bigint =>
  tier.shared.view.getBigUint64(node(index) + NODE.EDGE_HASH, true);

function hashOf(parentId: number, name: Uint8Array): bigint {
  tier.shared.u8.set(name, tier.out + 64);
  tier.kernel.hashKey(parentId, tier.out + 64, name.length, tier.out);
  return tier.shared.view.getBigUint64(tier.out, true);
}

describe('walk', () => {
  it.each([0, 1, 2, 3])('resolves a path of depth %i with every field of its nodes', (depth) => {
    put(...ALL);
    clean(
      PATH.split('/')
        .slice(0, depth + 1)
        .join('/') || '/',
    );
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.FOUND);
    expect(next()).toBe(depth + 1);
    expect(last()).toEqual({ ...ALL[depth]!, seq: 1 });
    if (depth > 0) expect(beforeLast()).toEqual({ ...ALL[depth - 1]!, seq: 1 });
    const { view } = tier.shared;
    for (let index = 0; index <= depth; index++) {
      const of = ALL[index]!;
      const at = node(index);
      expect(readU64(view, at + NODE.ID)).toBe(of.id);
      expect(readU64(view, at + NODE.PARENT_ID)).toBe(of.parentId);
      expect(edgeHash(index)).toBe(hashOf(of.parentId, of.name));
      expect(view.getUint32(at + NODE.FLAGS, true)).toBe(of.flags);
      expect(view.getUint16(at + NODE.MODE, true)).toBe(of.mode);
      expect(view.getUint8(at + NODE.TYPE)).toBe(of.type);
      expect(view.getUint32(at + NODE.OWNER, true)).toBe(of.owner);
      expect(view.getUint32(at + NODE.GROUP, true)).toBe(of.group);
      expect(view.getUint32(at + NODE.MOUNT_ID, true)).toBe(of.mountId);
      expect(readU64(view, at + NODE.SEQ)).toBe(1);
      expect(view.getBigInt64(at + NODE.TTL, true)).toBe(BigInt(of.ttlMs));
    }
  });

  it.each([0, 1, 2, 3])('misses node %i, takes it, and goes on to the end', (missing) => {
    put(...ALL.filter((_, index) => index !== missing));
    clean(PATH);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.MISS);
    expect(next()).toBe(missing);
    const of = ALL[missing]!;
    if (missing > 0) expect(last().id).toBe(ALL[missing - 1]!.id);
    expect(readU64(tier.shared.view, tier.walkA + WALK.MISS_PARENT)).toBe(of.parentId);
    expect(tier.shared.view.getBigUint64(tier.walkA + WALK.MISS_HASH, true)).toBe(
      hashOf(of.parentId, of.name),
    );
    tier.putScratch(of);
    expect(tier.kernel.walkTake(tier.walkA, tier.base + EXECUTOR.RECORD)).toBe(1);
    expect(edgeHash(missing)).toBe(hashOf(of.parentId, of.name));
    expect(last()).toEqual(of);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.FOUND);
    expect(last().id).toBe(FILE.id);
    expect(beforeLast().id).toBe(B.id);
  });

  it.each([1, 2, 3])('finds node %i after a fill', (missing) => {
    put(...ALL.filter((_, index) => index !== missing));
    clean(PATH);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.MISS);
    tier.putScratch(ALL[missing]!);
    const { set, seq } = tier.missed;
    const scratch = tier.base + EXECUTOR.RECORD;
    expect(tier.kernel.fill(set, seq, scratch)).toBe(FillStatus.FILLED);
    expect(tier.kernel.fill(set, seq, scratch)).toBe(FillStatus.RACED);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.FOUND);
    expect([last().id, beforeLast().id]).toEqual([FILE.id, B.id]);
  });

  it.each([1, 2, 3])('stops at an absent node %i with the edge that a create locks', (absent) => {
    put(...ALL);
    const gone = ALL[absent]!;
    tier.apply([{ kind: 'remove', parentId: gone.parentId, name: gone.name, id: gone.id }]);
    clean(PATH);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.ABSENT);
    expect(next()).toBe(absent);
    expect(last()).toEqual({ ...ALL[absent - 1]!, seq: 1 });
    expect(edgeHash(absent)).toBe(hashOf(gone.parentId, gone.name));
    expect(readU64(tier.shared.view, node(absent) + NODE.PARENT_ID)).toBe(gone.parentId);
    expect(readU64(tier.shared.view, node(absent) + NODE.ID)).toBe(0);
    tier.putScratch(record({ id: 0, parentId: gone.parentId, name: gone.name }));
    expect(tier.kernel.walkTake(tier.walkA, tier.base + EXECUTOR.RECORD)).toBe(0);
  });

  it('says that what lies below a file is below no directory', () => {
    put(...ALL);
    clean(`${PATH}/x/y`);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.NOT_DIRECTORY);
    expect(next()).toBe(4);
    expect(last().id).toBe(FILE.id);
  });

  it('takes no more nodes than the path has', () => {
    put(ROOT);
    clean('/');
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.FOUND);
    tier.putScratch(A);
    expect(tier.kernel.walkTake(tier.walkA, tier.base + EXECUTOR.RECORD)).toBe(0);
  });
});

describe('walk and structural changes', () => {
  const rename = (): void => {
    tier.apply(
      [
        { kind: 'remove', parentId: 1, name: bytesOf('a'), id: A.id },
        { kind: 'put', record: { ...A, name: bytesOf('z') } },
      ],
      { op: 0x8001 },
    );
  };

  it('begins anew when a rename came between a miss and its fill', () => {
    put(ROOT, A, B);
    clean(PATH);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.MISS);
    expect(tier.kernel.walkStands(tier.walkA)).toBe(1);
    rename();
    expect(tier.kernel.walkStands(tier.walkA)).toBe(0);
    tier.putScratch(FILE);
    expect(tier.kernel.walkTake(tier.walkA, tier.base + EXECUTOR.RECORD)).toBe(1);
    // The path as the walk has it never existed in this state of the tree.
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.ABSENT);
    expect([next(), retries()]).toEqual([1, 1]);
    expect(tier.kernel.walkStands(tier.walkA)).toBe(1);
  });

  it('gives up, and does not hang, while a structural entry stands half applied', () => {
    put(...ALL);
    tier.seal(
      [
        { kind: 'remove', parentId: 1, name: bytesOf('a'), id: A.id },
        { kind: 'side', sideKind: 2, key: bytesOf('mount') },
        { kind: 'put', record: { ...A, name: bytesOf('z') } },
      ],
      2,
      { op: 0x8001 },
    );
    tier.kernel.apply(tier.entry, 0);
    expect(tier.shared.load(CONTROL.STRUCTURE_SEQ)).toBe(1);
    clean(PATH);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.RACED);
    const length = 8 + Math.ceil((8 + 'mount'.length + 'value'.length) / 8) * 8;
    tier.kernel.apply(tier.entry, tier.stoppedAt + length);
    expect(tier.shared.load(CONTROL.STRUCTURE_SEQ)).toBe(2);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.ABSENT);
    clean(PATH.replace('/a/', '/z/'));
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.FOUND);
  });

  it('counts anew after walkReset', () => {
    put(ROOT);
    clean('/a');
    tier.kernel.walk(tier.walkA);
    rename();
    tier.kernel.walk(tier.walkA);
    expect(retries()).toBe(1);
    tier.kernel.walkReset(tier.walkA);
    expect([next(), retries()]).toEqual([0, 0]);
    expect(tier.kernel.walk(tier.walkA)).toBe(WalkStatus.ABSENT);
  });
});
