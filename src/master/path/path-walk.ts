/**
 * One walk along a path, as JavaScript sees it: accessors over the WALK block of memory/layout.ts
 * that the kernels fill. It is private to one executor; results are valid until the next walk.
 *
 *   /a/b/c      node 0 = root   node 1 = a   node 2 = b   node 3 = c       depth 3
 *
 * Invariant: nodes below `next` are resolved; node `next` is the one that stopped the walk.
 */

import { assert } from '../../base/assert.js';
import { PATH_DEPTH_MAX } from '../../base/limits.js';
import { readI64, readU64 } from '../../base/word64.js';
import { WalkStatus } from '../memory/exports.js';
import { NODE, NODE_BYTES, WALK } from '../memory/layout.js';
import { INODE_TYPE_DIRECTORY, INODE_TYPE_FILE } from '../memory/record.js';
import type { SharedMemory } from '../memory/shared-memory.js';

const decoder = new TextDecoder();

export class PathWalk {
  /** Byte offset of the WALK block. */
  readonly at: number;
  readonly #shared: SharedMemory;
  status: WalkStatus = WalkStatus.RACED;

  constructor(shared: SharedMemory, at: number) {
    assert(at % 8 === 0, 'walks hold 64-bit words');
    this.#shared = shared;
    this.at = at;
  }

  get found(): boolean {
    return this.status === WalkStatus.FOUND;
  }

  /** Components of the path; 0 is the root. */
  get depth(): number {
    return this.#shared.view.getUint32(this.at + WALK.DEPTH, true);
  }

  /** The first node that is not resolved; depth + 1 when all are. */
  get next(): number {
    return this.#shared.view.getUint32(this.at + WALK.NEXT, true);
  }

  id(node: number): number {
    return readU64(this.#shared.view, this.#node(node) + NODE.ID);
  }

  parentId(node: number): number {
    return readU64(this.#shared.view, this.#node(node) + NODE.PARENT_ID);
  }

  /** Lower half of the edge's hash: what its lock stripe is taken from. */
  edgeHash(node: number): number {
    return this.#shared.view.getUint32(this.#node(node) + NODE.EDGE_HASH, true);
  }

  flags(node: number): number {
    return this.#shared.view.getUint32(this.#node(node) + NODE.FLAGS, true);
  }

  mode(node: number): number {
    return this.#shared.view.getUint16(this.#node(node) + NODE.MODE, true);
  }

  owner(node: number): number {
    return this.#shared.view.getUint32(this.#node(node) + NODE.OWNER, true);
  }

  group(node: number): number {
    return this.#shared.view.getUint32(this.#node(node) + NODE.GROUP, true);
  }

  mountId(node: number): number {
    return this.#shared.view.getUint32(this.#node(node) + NODE.MOUNT_ID, true);
  }

  ttlMs(node: number): number {
    return readI64(this.#shared.view, this.#node(node) + NODE.TTL);
  }

  isDirectory(node: number): boolean {
    return this.#shared.u8[this.#node(node) + NODE.TYPE] === INODE_TYPE_DIRECTORY;
  }

  isFile(node: number): boolean {
    return this.#shared.u8[this.#node(node) + NODE.TYPE] === INODE_TYPE_FILE;
  }

  /** Where the component's name begins in shared memory, and its bytes. */
  nameAt(node: number): number {
    return this.at + WALK.PATH + (this.#component(node) & 0xffff);
  }

  nameBytes(node: number): number {
    return this.#component(node) >>> 16;
  }

  /** A copy of the component's name. */
  name(node: number): Uint8Array {
    const at = this.nameAt(node);
    return this.#shared.u8.slice(at, at + this.nameBytes(node));
  }

  nameText(node: number): string {
    return decoder.decode(this.name(node));
  }

  /** Byte offset of the last resolved node's record … */
  get record(): number {
    return this.at + WALK.RECORD;
  }

  /** … and of the one before it. */
  get parentRecord(): number {
    return this.at + WALK.PARENT_RECORD;
  }

  /** The cleaned path down to a node, as text: for messages and stores. */
  text(node: number = this.depth): string {
    if (node === 0) return '/';
    const from = this.at + WALK.PATH;
    const end = this.nameAt(node) + this.nameBytes(node);
    return decoder.decode(this.#shared.u8.slice(from, end));
  }

  /** True when the cleaned path of `other` begins with all components of this one. */
  isPrefixOf(other: PathWalk): boolean {
    const depth = this.depth;
    if (other.depth < depth) return false;
    if (depth === 0) return true;
    const bytes = this.nameAt(depth) + this.nameBytes(depth) - (this.at + WALK.PATH);
    const { u8 } = this.#shared;
    for (let i = 0; i < bytes; i++) {
      if (u8[this.at + WALK.PATH + i] !== u8[other.at + WALK.PATH + i]) return false;
    }
    return (
      other.nameAt(depth) - other.at === this.nameAt(depth) - this.at &&
      other.nameBytes(depth) === this.nameBytes(depth)
    );
  }

  #node(node: number): number {
    assert(node >= 0 && node <= PATH_DEPTH_MAX, 'a walk has such a node');
    return this.at + WALK.NODES + node * NODE_BYTES;
  }

  #component(node: number): number {
    assert(node >= 0 && node <= PATH_DEPTH_MAX, 'a path has such a component');
    return this.#shared.view.getUint32(this.at + WALK.COMPONENTS + node * 4, true);
  }
}
