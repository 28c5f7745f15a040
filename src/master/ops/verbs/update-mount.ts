/**
 * updateMount: changes what a mount point was mounted with: its options (all of them anew, as
 * Alluxio does), read-only, shared. What is undefined stays. Superusers only; the store is not
 * called, but options that it does not know are refused.
 * Locks:   WRITE_INODE on the mount point: what runs below has ended; and the mount table.
 * Entries: one: SIDE of the mount.
 */

import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import type { LockList } from '../../lock/lock-list.js';
import { SIDE_MOUNT } from '../../memory/entry-format.js';
import { CONTROL } from '../../memory/layout.js';
import { Op } from '../../memory/op-codes.js';
import { refuseOverlap, refuseTooLarge } from '../../mount/mount-rules.js';
import { encodeMount, type Mount, mountKey } from '../../mount/mount-table.js';
import type { Stores } from '../../mount/stores.js';
import { lockWriteInode } from '../../path/lock-pattern.js';
import { checkSuper } from '../mechanism/access.js';
import { lockMountTable, requireMountPoint } from '../mechanism/mount-access.js';
import { PathMutation } from '../mechanism/path-mutation.js';

export type UpdateMountOptions = {
  readonly path: Uint8Array;
  readonly options: Readonly<Record<string, string>> | undefined;
  readonly readOnly: boolean | undefined;
  readonly shared: boolean | undefined;
};

export class UpdateMount extends PathMutation {
  readonly name = 'updateMount';
  protected readonly op = Op.UPDATE_MOUNT;
  protected override room = 64 * 1024;
  readonly #options: UpdateMountOptions;
  readonly #stores: Stores;
  #optionsChecked = false;

  constructor(
    caller: Caller,
    callId: number,
    options: UpdateMountOptions,
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
    const mount = requireMountPoint(executor, walkA);
    const { options } = this.#options;
    if (options !== undefined && !this.#optionsChecked) {
      throw Park.work(this.#checkOptions(mount, options));
    }
    lockWriteInode(walkA, executor.locks, locks);
    lockMountTable(executor, locks);
  }

  protected execute(executor: Executor): boolean {
    const before = requireMountPoint(executor, executor.walkA);
    const mount: Mount = {
      ...before,
      options: this.#options.options ?? before.options,
      readOnly: this.#options.readOnly ?? before.readOnly,
      shared: this.#options.shared ?? before.shared,
    };
    const others = executor.mounts.all().filter(({ mountId }) => mountId !== mount.mountId);
    refuseOverlap(others, mount.uri, mount.options);
    refuseTooLarge([...others, mount], executor.shared.fixed(CONTROL.MOUNT_BYTES));
    executor.ring.entry.side(SIDE_MOUNT, mountKey(mount.mountId), encodeMount(mount));
    return true;
  }

  async #checkOptions(mount: Mount, options: Readonly<Record<string, string>>): Promise<void> {
    await this.#stores.check(mount.uri, options);
    this.#optionsChecked = true;
  }
}
