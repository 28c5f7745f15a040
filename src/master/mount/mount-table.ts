/**
 * The mount table as one thread sees it; read again from shared memory when its version has moved.
 * A mount is known by its number (in records) and by its path.
 *
 * Mount paths never change: a directory that is or holds a mount point is not renamed.
 */
import { assert, invariant } from '../../base/assert.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** One mount, as its side record holds it (JSON). */
export type Mount = {
  readonly mountId: number;
  readonly path: string;
  readonly uri: string;
  /** Inode of the mount point. */
  readonly inodeId: number;
  readonly readOnly: boolean;
  readonly shared: boolean;
  /** May hold credentials: shown only through `redact`. */
  readonly options: Readonly<Record<string, string>>;
};

/** The mount that the root itself is. */
export const ROOT_MOUNT_ID = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class MountTable {
  readonly #shared: SharedMemory;
  #version = -1;
  #byId = new Map<number, Mount>();

  constructor(shared: SharedMemory) {
    this.#shared = shared;
  }

  /** Grows with every change of the table. */
  get version(): number {
    this.#refresh();
    return this.#version;
  }

  byId(mountId: number): Mount | undefined {
    this.#refresh();
    return this.#byId.get(mountId);
  }

  /** In the order of their paths. */
  all(): readonly Mount[] {
    this.#refresh();
    return [...this.#byId.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Mounts strictly below a path. */
  below(path: string): readonly Mount[] {
    return this.all().filter((mount) => mount.path !== path && isUnder(mount.path, path));
  }

  at(path: string): Mount | undefined {
    return this.all().find((mount) => mount.path === path);
  }

  /** The deepest mount above a path; the root mount if there is no other. */
  deepest(path: string): Mount | undefined {
    let best: Mount | undefined;
    for (const mount of this.all()) if (isUnder(path, mount.path)) best = mount;
    return best;
  }

  #refresh(): void {
    const version = this.#shared.load(CONTROL.MOUNT_VERSION);
    if (version === this.#version) return;
    const read = this.#read();
    if (read === undefined) return;
    this.#byId = read.mounts;
    this.#version = read.version;
  }

  /** Undefined while the writer is changing the blob: the previous table still counts. */
  #read(): { version: number; mounts: Map<number, Mount> } | undefined {
    const version = this.#shared.load(CONTROL.MOUNT_VERSION);
    if ((version & 1) === 1) return undefined;
    const base = this.#shared.fixed(CONTROL.MOUNT_BASE);
    const used = this.#shared.load(CONTROL.MOUNT_USED);
    invariant(used <= this.#shared.fixed(CONTROL.MOUNT_BYTES), 'mounts fit their region', used);
    const bytes = this.#shared.u8.slice(base, base + used);
    if (this.#shared.load(CONTROL.MOUNT_VERSION) !== version) return undefined;
    const mounts = new Map<number, Mount>();
    if (used >= 4) {
      const view = new DataView(bytes.buffer);
      let at = 4;
      for (let left = view.getUint32(0, true); left > 0; left--) {
        const value = at + 6 + view.getUint16(at, true);
        const end = value + view.getUint32(at + 2, true);
        invariant(end <= bytes.length, 'a mount ends within the table', at, end);
        const mount = decodeMount(bytes.subarray(value, end));
        mounts.set(mount.mountId, mount);
        at = end;
      }
    }
    return { version, mounts };
  }
}

export function encodeMount(mount: Mount): Uint8Array {
  assert(mount.path.startsWith('/'), 'a mount has a cleaned path');
  assert(mount.inodeId > 0, 'a mount point is an inode');
  return encoder.encode(JSON.stringify(mount));
}

export function decodeMount(bytes: Uint8Array): Mount {
  return JSON.parse(decoder.decode(bytes)) as Mount;
}

/** Key of a mount's side record. */
export function mountKey(mountId: number): Uint8Array {
  assert(mountId >= ROOT_MOUNT_ID && mountId <= 0xffff_ffff, 'the number of a mount is a word');
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, mountId, true);
  return key;
}

/** By component: "/aa" is not under "/a"; every path is under itself. */
export function isUnder(path: string, ancestor: string): boolean {
  return ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** What is left of `path` below `ancestor`, without a leading slash. */
export function relativeTo(path: string, ancestor: string): string {
  if (path === ancestor) return '';
  return ancestor === '/' ? path.slice(1) : path.slice(ancestor.length + 1);
}
