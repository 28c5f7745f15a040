/**
 * mount: a store becomes a directory of the namespace. As Alluxio: the path must not exist and
 * its parent must; the store must have a directory at the URI; the name must not hide anything in
 * the parent's store; no URI is mounted twice or inside another. Superusers only.
 * The stores are asked before anything is locked; about the namespace all is checked again then.
 * Locks:   WRITE_EDGE of the name, and the mount table.
 * Entries: one, structural: PUT of the mount point, PARENT, SIDE of the mount.
 */

import { Code, StatusError } from '../../../base/status.js';
import { canonicalUfsUri } from '../../../stores/registry.js';
import type { UfsStatus } from '../../../stores/ufs.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import type { LockList } from '../../lock/lock-list.js';
import { PUT_NEW, SIDE_MOUNT } from '../../memory/entry-format.js';
import { CONTROL } from '../../memory/layout.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import type { RecordFields } from '../../memory/record-fields.js';
import { refuseOverlap, refuseTooLarge } from '../../mount/mount-rules.js';
import { encodeMount, type Mount as MountRow, mountKey } from '../../mount/mount-table.js';
import type { Origin } from '../../mount/store-path.js';
import type { Stores } from '../../mount/stores.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkSuper } from '../mechanism/access.js';
import { invalid, isBelowFile, notDirectory } from '../mechanism/failures.js';
import { keyOwner } from '../mechanism/key-owner.js';
import { awaitPath, LoadType } from '../mechanism/loading.js';
import { lockMountTable } from '../mechanism/mount-access.js';
import { originOf } from '../mechanism/origins.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';

const DIRECTORY_MODE = 0o755;

export type MountOptions = {
  readonly path: Uint8Array;
  readonly uri: string;
  /** Of the store; may hold credentials. */
  readonly options: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly shared: boolean;
};

export class Mount extends PathMutation {
  readonly name = 'mount';
  protected readonly op = Op.MOUNT;
  protected override room = 64 * 1024;
  readonly #options: MountOptions;
  readonly #stores: Stores;
  /** The store's answer about its root. */
  #root: UfsStatus | undefined;

  constructor(
    caller: Caller,
    callId: number,
    options: MountOptions,
    context: { readonly stores: Stores; readonly sink: Sink },
  ) {
    super(caller, callId, options.path, context.sink);
    this.#options = options;
    this.#stores = context.stores;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkSuper(executor, this.caller, walkA.text());
    awaitPath(executor, walkA, LoadType.ONCE, this.asked);
    this.#check(executor, walkA);
    if (this.#root === undefined) throw Park.work(this.#askStores(executor, walkA));
    lockWriteEdge(walkA, executor.locks, locks);
    lockMountTable(executor, locks);
  }

  protected execute(executor: Executor): boolean {
    this.#write(executor, executor.walkA);
    return true;
  }

  /** Checks the namespace without the stores; also under the locks. */
  #check(executor: Executor, walk: PathWalk): void {
    const path = walk.text();
    if (walk.found) {
      const reason = `Mount path "${path}" already exists.`;
      throw invalid(path, reason, 'Choose another path, or delete what is there.');
    }
    if (isBelowFile(walk)) throw notDirectory(walk);
    if (walk.next < walk.depth) {
      const parent = walk.text(walk.depth - 1);
      throw new StatusError(
        Code.NOT_FOUND,
        `Cannot mount at "${path}": its parent "${parent}" does not exist.`,
        { path, hint: `Create it first: orchard mkdir -p ${parent}` },
      );
    }
    const { uri, options } = this.#options;
    refuseOverlap(executor.mounts.all(), canonicalUfsUri(uri), options);
  }

  #askStores(executor: Executor, walk: PathWalk): Promise<void> {
    const { mounts } = executor;
    const parent = mounts.byId(walk.mountId(walk.depth - 1));
    const path = walk.text();
    let shadowed: Origin | undefined;
    if (parent !== undefined) {
      const directory = originOf(executor, walk, walk.depth - 1);
      const name = walk.nameText(walk.depth);
      const at = directory.path === '' ? name : `${directory.path}/${name}`;
      shadowed = { mountId: directory.mountId, path: at };
      executor.awaitTier2(walk.id(walk.depth - 1));
      // An object that was moved away from that name is no longer visible there.
      if (keyOwner(executor, shadowed) !== undefined) shadowed = undefined;
    }
    return this.#probe(path, parent, shadowed);
  }

  async #probe(
    path: string,
    parent: MountRow | undefined,
    shadowed: Origin | undefined,
  ): Promise<void> {
    const { options } = this.#options;
    const uri = canonicalUfsUri(this.#options.uri);
    const root = await this.#stores.probe(uri, options);
    if (root === undefined) {
      throw invalid(path, `Ufs path ${uri} does not exist.`, 'Create it in the store first.');
    }
    if (root.type !== 'directory') {
      throw invalid(path, `Ufs path ${uri} is a file.`, 'Mount a directory.');
    }
    if (parent !== undefined && shadowed !== undefined) {
      const store = await this.#stores.open(parent);
      const found = await store.stat(shadowed.path, new AbortController().signal);
      if (found !== undefined) {
        const reason =
          `Mount path "${path}" would shadow an existing path in the parent UFS: ` +
          `${store.uri}/${shadowed.path}`;
        throw invalid(path, reason, 'Choose another path, or remove it from that store.');
      }
    }
    this.#root = root;
  }

  #write(executor: Executor, walk: PathWalk): void {
    const { shared, ring, options } = executor;
    const now = Date.now();
    const { depth } = walk;
    const parent = depth - 1;
    const root = this.#root!;
    const owner = executor.intern(root.owner ?? options.superuser);
    const group = executor.intern(root.group ?? options.supergroup);
    const id = executor.takeId();
    const mountId = freshMountId(executor, id);
    const fields: RecordFields = {
      seq: 0,
      parentId: walk.id(parent),
      id,
      length: 0,
      mtimeMs: root.mtimeMs ?? now,
      ctimeMs: now,
      ttlMs: -1,
      blockSize: 0,
      mode: root.mode ?? DIRECTORY_MODE,
      type: R.INODE_TYPE_DIRECTORY,
      flags: R.FLAG_MOUNT_POINT | R.FLAG_PERSISTED | R.FLAG_COMPLETED,
      owner,
      group,
      mountId,
      replicationMin: 0,
      replicationMax: -1,
      fingerprint: 0,
      name: walk.name(depth),
    };
    ring.entry.putFields(fields, PUT_NEW);
    const { readOnly, shared: isShared, options: given } = this.#options;
    const row: MountRow = {
      mountId,
      path: walk.text(),
      uri: canonicalUfsUri(this.#options.uri),
      inodeId: id,
      readOnly,
      shared: isShared,
      options: given,
    };
    refuseTooLarge([...executor.mounts.all(), row], shared.fixed(CONTROL.MOUNT_BYTES));
    ring.entry.side(SIDE_MOUNT, mountKey(mountId), encodeMount(row));
    touchDirectory(executor, walk, parent, { now: now, delta: 1 });
  }
}

/**
 * 32 bits of a fresh inode id, so that no mount gets the number of one that is gone, whose records
 * may still wait for reclaim.
 */
function freshMountId(executor: Executor, id: number): number {
  let mountId = id >>> 0;
  while (mountId < R.ID_FIRST_FREE || executor.mounts.byId(mountId) !== undefined) {
    mountId = executor.takeId() >>> 0;
  }
  return mountId;
}
